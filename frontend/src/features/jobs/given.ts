import type { JobRow } from "@/api/jobs";
import type { T } from "@/lib/i18n";

const abouts: Record<string, readonly string[]> = {
  import: ["title"],
  export: ["title", "entry"],
  maintenance: ["step"],
};

/** What a row of those kinds is about, which a person would know it by: never where something lies in a file. */
function named(t: T, kind: string, { input, index }: Pick<JobRow, "input" | "index">): string | null {
  const names = abouts[kind];
  if (!names) return null;
  for (const name of names) {
    const found = input?.[name];
    if (typeof found === "string" && found.trim()) return found;
  }
  const part = input?.["part"];
  if (typeof part === "string" && part) return t("jobs.import_part", { part });
  return kind === "import" ? t("jobs.import_untitled", { number: index + 1 }) : "";
}

/** What goes in, short: what the row is about, else its values one after the other. */
export function given(
  t: T,
  row: Pick<JobRow, "input" | "index"> & { partial?: boolean },
  kind: string,
  columns: readonly string[],
): string {
  const { input, partial } = row;
  if (partial || !input) return partial ? "…" : "";
  const about = named(t, kind, row);
  if (about !== null) return about;
  // Of a batch, what its template names, in that order.
  const values = columns.length > 0 ? columns.map((column) => input[column]) : Object.values(input);
  return values.map((value) => (typeof value === "string" ? value : JSON.stringify(value))).join(" · ");
}
