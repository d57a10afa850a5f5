import { ChevronRight } from "lucide-react";
import { useState } from "react";
import type { Diff } from "@/api/prompts";
import { type Key, useT } from "@/lib/i18n";
import { VisuallyHidden } from "@/ui";
import { folded, type Line } from "./folds";
import styles from "./Versions.module.css";

type Field = Diff["fields"][number];

const titles: Record<Field["field"], Key> = {
  system: "prompts.system",
  user: "prompts.user",
  variables: "prompts.variables",
  model: "prompts.model",
  params: "prompts.params",
};
const signs: Record<Line["op"], string> = { same: "", removed: "−", added: "+" };

const nameOf = ({ op, old, new: now }: Line): string => `${op}${old ?? ""}-${now ?? ""}`;

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
              {folded(field.lines).map((stretch, at) =>
                stretch.folded ? (
                  <Fold key={at} lines={stretch.lines} />
                ) : (
                  stretch.lines.map((line) => <DiffLine key={nameOf(line)} line={line} />)
                ),
              )}
            </div>
          </section>
        ))}
    </>
  );
}

/** Unchanged lines, folded until one asks for them. */
function Fold({ lines }: { lines: readonly Line[] }) {
  const t = useT();
  const [open, setOpen] = useState(false);
  return (
    <>
      <div role="row">
        <div role="cell">
          <button
            type="button"
            className={styles["fold"]}
            aria-expanded={open}
            onClick={() => setOpen(!open)}
          >
            <ChevronRight size={14} aria-hidden="true" />
            {t("prompts.unchanged", { count: lines.length })}
          </button>
        </div>
      </div>
      {open ? lines.map((line) => <DiffLine key={nameOf(line)} line={line} />) : null}
    </>
  );
}

function DiffLine({ line: { op, spans } }: { line: Line }) {
  const t = useT();
  return (
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
  );
}
