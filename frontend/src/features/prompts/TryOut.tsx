import { Play, Square } from "lucide-react";
import { Fragment, useEffect, useRef, useState } from "react";
import { complete } from "@/api/completions";
import { ApiError, explain } from "@/api/errors";
import { formErrors } from "@/api/formErrors";
import { type Content, type Filled, prompts } from "@/api/prompts";
import { useT } from "@/lib/i18n";
import { type Entries, firstEntries, pieces, slipIn, valuesOf, wordsOf, wrongWith } from "@/lib/template";
import { Button, explainWrong, Note, VariableFields } from "@/ui";
import styles from "./Template.module.css";

const SETTLED_MS = 200;
const readErrors = formErrors([]);

/** What the template says with these values, as the server fills it in; null while nothing is written. */
function usePreview(content: Content, values: Record<string, unknown>, ready: boolean) {
  const [filled, setFilled] = useState<Filled | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const { system, user, variables, model, params } = content;
  const asked = JSON.stringify({ system, user, variables, model, params, values });
  useEffect(() => {
    const abort = new AbortController();
    const timer = setTimeout(() => {
      const { values: given, ...version } = JSON.parse(asked) as Content & {
        values: Record<string, unknown>;
      };
      if (!ready || (!version.system.trim() && !version.user.trim())) {
        setFilled(null);
        setError(null);
        return;
      }
      prompts.preview(version, given, abort.signal).then(
        (found) => {
          setFilled(found);
          setError(null);
        },
        (problem: unknown) => {
          if (!abort.signal.aborted) setError(problem instanceof ApiError ? problem : null);
        },
      );
    }, SETTLED_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [asked, ready]);
  return { filled, error };
}

export function TryOut({ content }: { content: Content }) {
  const t = useT();
  const [typed, setTyped] = useState<Entries>({});
  const entries: Entries = { ...firstEntries(content.variables), ...typed };
  const wrong = content.variables.flatMap((variable) => {
    const why = wrongWith(variable, entries[variable.name]);
    return why ? [[variable.name, explainWrong(t, why, variable)] as const] : [];
  });
  const sound = slipIn(content.system) === null && slipIn(content.user) === null;
  const ready = wrong.length === 0 && sound;
  const { filled, error } = usePreview(content, valuesOf(content.variables, entries), ready);
  const written = content.system.trim() !== "" || content.user.trim() !== "";

  return (
    <section className={styles["try"]} aria-labelledby="try-out">
      <h2 id="try-out">{t("prompts.try")}</h2>
      {content.variables.length > 0 ? (
        <VariableFields
          variables={content.variables}
          entries={entries}
          errors={Object.fromEntries(wrong.filter(([name]) => name in typed))}
          onChange={(name, entry) => setTyped((before) => ({ ...before, [name]: entry }))}
        />
      ) : null}
      {error && sound ? <Note kind="danger">{readErrors(error).general}</Note> : null}
      {ready ? null : (
        <>
          {sound ? <p className={styles["quiet"]}>{t("prompts.fill_in")}</p> : null}
          <Sketch content={content} entries={entries} wrong={wrong.map(([name]) => name)} />
        </>
      )}
      {filled && ready && !error ? (
        <>
          <div className={styles["said"]}>
            {filled.system ? (
              <>
                <h3>{t("prompts.system")}</h3>
                <p>{filled.system}</p>
              </>
            ) : null}
            {filled.user ? (
              <>
                <h3>{t("prompts.user")}</h3>
                <p>{filled.user}</p>
              </>
            ) : null}
          </div>
          <Answer content={content} filled={filled} />
        </>
      ) : null}
      {written ? null : <p className={styles["quiet"]}>{t("prompts.nothing_yet")}</p>}
    </section>
  );
}

/** The texts as far as they are filled in; what is missing is marked. */
function Sketch({
  content,
  entries,
  wrong,
}: {
  content: Content;
  entries: Entries;
  wrong: readonly string[];
}) {
  const t = useT();
  const fit = content.variables.filter(({ name }) => !wrong.includes(name));
  const words = wordsOf(fit, entries);
  const shown = (["system", "user"] as const).filter((part) => content[part].trim() !== "");
  if (shown.length === 0) return null;
  return (
    <div className={styles["said"]}>
      {shown.map((part) => (
        <Fragment key={part}>
          <h3>{t(`prompts.${part}`)}</h3>
          <p>
            {pieces(content[part], words).map((piece, index) =>
              piece.missing ? <mark key={index}>{piece.text}</mark> : piece.text,
            )}
          </p>
        </Fragment>
      ))}
    </div>
  );
}

/** Asks the model once; nothing of it is kept. */
function Answer({ content, filled }: { content: Content; filled: Filled }) {
  const t = useT();
  const [text, setText] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [running, setRunning] = useState<AbortController | null>(null);
  const last = useRef<AbortController | null>(null);
  useEffect(() => () => last.current?.abort(), []);

  const run = () => {
    const abort = new AbortController();
    last.current = abort;
    setRunning(abort);
    setProblem(null);
    setText("");
    const messages = [
      ...(filled.system ? [{ role: "system", content: filled.system }] : []),
      { role: "user", content: filled.user || t("prompts.hello") },
    ];
    const { model, params } = content;
    complete(
      { ...params, ...(model ? { model } : {}), messages },
      { signal: abort.signal, onText: (piece) => setText((before) => (before ?? "") + piece) },
    )
      .catch((error: unknown) => {
        if (!abort.signal.aborted)
          setProblem(error instanceof ApiError && error.message ? error.message : explain(error));
      })
      .finally(() => setRunning(null));
  };
  return (
    <>
      <div>
        {running ? (
          <Button
            icon={<Square size={14} fill="currentColor" aria-hidden="true" />}
            onClick={() => running.abort()}
          >
            {t("prompts.stop")}
          </Button>
        ) : (
          <Button icon={<Play size={16} aria-hidden="true" />} onClick={run}>
            {t(text === null ? "prompts.run" : "prompts.run_again")}
          </Button>
        )}
      </div>
      {problem ? <Note kind="danger">{problem}</Note> : null}
      {text ? (
        <div className={styles["answer"]} aria-busy={running !== null}>
          <h3>{t("prompts.answer")}</h3>
          <p>{text}</p>
        </div>
      ) : null}
    </>
  );
}
