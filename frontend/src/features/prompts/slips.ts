import { translate } from "@/lib/i18n";
import type { Slip } from "@/lib/template";

/** What is wrong with braces, in words: the same that the server would say of them. */
export function explainSlip({ kind, line, column, found }: Slip): string {
  const example = { example: "{{name}}", plain: "\\{{" };
  const reason = translate(kind === "open" ? "errors.braces_open" : "errors.braces_wrong", {
    found,
    ...example,
  });
  return translate("errors.at_place", { line: `${line}`, column: `${column}`, reason });
}
