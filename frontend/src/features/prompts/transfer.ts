import { explain } from "@/api/errors";
import { prompts, refreshTemplates } from "@/api/prompts";
import { translate } from "@/lib/i18n";
import { toast } from "@/ui";

/** Saves templates as a JSON document: those of `ids`, else all of one's own. */
export async function downloadTemplates(name: string, ids?: string): Promise<void> {
  try {
    const text = JSON.stringify(await prompts.exported(ids), null, 2);
    const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = `${name}.json`;
    link.click();
    URL.revokeObjectURL(url);
  } catch (error) {
    toast({ text: explain(error) });
  }
}

/** Asks for a document and takes in what is whole of it; says how much that was. */
export function pickImport(): void {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = "application/json,.json";
  input.onchange = () => {
    const file = input.files?.[0];
    if (file) void take(file);
  };
  input.click();
}

async function take(file: File): Promise<void> {
  let document: unknown;
  try {
    document = JSON.parse(await file.text());
  } catch {
    toast({ text: translate("prompts.import_no_json", { name: file.name }) });
    return;
  }
  try {
    const { imported, skipped } = await prompts.imported(document);
    await refreshTemplates();
    const [first] = skipped;
    const text = translate("prompts.imported", { count: imported.length });
    const rest = first
      ? ` ${translate("prompts.skipped", { count: skipped.length, slug: first.slug || `${first.index + 1}`, reason: first.reason })}`
      : "";
    toast({ text: text + rest });
  } catch (error) {
    toast({ text: explain(error) });
  }
}
