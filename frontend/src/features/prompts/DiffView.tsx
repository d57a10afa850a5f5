import type { Diff } from "@/api/prompts";
import { type Key, useT } from "@/lib/i18n";
import { VisuallyHidden } from "@/ui";
import styles from "./Versions.module.css";

type Field = Diff["fields"][number];
type Line = Field["lines"][number];

const titles: Record<Field["field"], Key> = {
  system: "prompts.system",
  user: "prompts.user",
  variables: "prompts.variables",
  model: "prompts.model",
  params: "prompts.params",
};
const signs: Record<Line["op"], string> = { same: "", removed: "−", added: "+" };

/** What changed, part by part: lines that went and came, and in them the words. */
export function DiffView({ diff }: { diff: Diff }) {
  const t = useT();
  return (
    <>
      {diff.fields
        .filter(({ changed }) => changed)
        .map((field) => (
          <section key={field.field} className={styles["part"]}>
            <h3>{t(titles[field.field])}</h3>
            <div className={styles["lines"]} role="table" aria-label={t(titles[field.field])}>
              {field.lines.map((line, at) => (
                <DiffLine
                  key={`${line.op}${line.old ?? ""}-${line.new ?? ""}`}
                  line={line}
                  before={field.lines[at - 1]}
                />
              ))}
            </div>
          </section>
        ))}
    </>
  );
}

function DiffLine({ line, before }: { line: Line; before: Line | undefined }) {
  const t = useT();
  const { op, old, new: now, spans } = line;
  const at = old ?? now ?? 0;
  const last = old === null ? before?.new : before?.old;
  const jumps = op === "same" && at > 1 && (before === undefined || (last != null && at > last + 1));
  return (
    <>
      {jumps ? (
        <div className={styles["jump"]} aria-hidden="true">
          ⋯
        </div>
      ) : null}
      <div role="row" className={styles["text"]} data-op={op}>
        <span role="cell" className={styles["sign"]}>
          {op === "same" ? null : (
            <VisuallyHidden>{t(op === "added" ? "prompts.added" : "prompts.removed")}</VisuallyHidden>
          )}
          <span aria-hidden="true">{signs[op]}</span>
        </span>
        <span role="cell" className={styles["said"]}>
          {spans.map((span, index) =>
            span.changed ? <mark key={index}>{span.text}</mark> : <span key={index}>{span.text}</span>,
          )}
        </span>
      </div>
    </>
  );
}
