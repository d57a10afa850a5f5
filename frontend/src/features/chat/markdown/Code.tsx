import { Check, Copy } from "lucide-react";
import { memo } from "react";
import { useT } from "@/lib/i18n";
import { languageName } from "./languages";
import styles from "./Markdown.module.css";
import type { Line } from "./highlight";
import { useCopy } from "./useCopy";
import { useHighlight } from "./useHighlight";

/** A block of code with its language and a copy button. Colours come when the browser is idle; the text never waits. */
export const Code = memo(function Code({
  code,
  language,
  open,
}: {
  code: string;
  language: string;
  open: boolean;
}) {
  const t = useT();
  const lines = useHighlight(code, language, open);
  const { copied, copy } = useCopy(code);
  const label = languageName(language);
  return (
    <figure className={styles["code"]}>
      <figcaption>
        <span>{label}</span>
        <button type="button" onClick={copy} aria-label={t("chat.copy_code")}>
          {copied ? <Check size={14} aria-hidden="true" /> : <Copy size={14} aria-hidden="true" />}
          <span>{copied ? t("common.copied") : t("common.copy")}</span>
        </button>
      </figcaption>
      <pre tabIndex={0} aria-label={label || t("chat.code")}>
        <code>
          {lines.map((line, at) => (
            <CodeLine key={at} line={line} />
          ))}
        </code>
      </pre>
    </figure>
  );
});

const CodeLine = memo(
  function CodeLine({ line }: { line: Line }) {
    return (
      <span className={styles["line"]}>
        {line.map(([scope, text], at) =>
          scope ? (
            <span key={at} className={styles[scope]}>
              {text}
            </span>
          ) : (
            text
          ),
        )}
        {"\n"}
      </span>
    );
  },
  ({ line: a }, { line: b }) =>
    a === b ||
    (a.length === b.length && a.every(([scope, text], at) => scope === b[at]?.[0] && text === b[at][1])),
);
