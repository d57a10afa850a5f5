import { useRef } from "react";
import type { Version } from "@/api/prompts";
import { useT } from "@/lib/i18n";
import { Button, Field, Note, Select, TextArea } from "@/ui";
import { fill } from "../estimate";
import styles from "../Form.module.css";
import { StoredTemplate, storedOf } from "./StoredTemplate";
import { TemplatePicker } from "./TemplatePicker";
import type { BatchWords } from "./useBatchPrompt";

const CHIPS = 40;

/** What each row asks, and which column each of its variables is taken from. */
export function BatchPrompt({
  words,
  columns,
  variables,
  fields,
  columnOf,
  sample,
  ready,
  onMap,
  onPick,
}: {
  words: BatchWords;
  columns: readonly string[];
  variables: readonly string[];
  fields: Readonly<Record<string, string>>;
  columnOf: (variable: string) => string;
  /** The first row, by variable. */
  sample: Readonly<Record<string, string>> | undefined;
  /** There is a table. */
  ready: boolean;
  onMap: (variable: string, column: string) => void;
  onPick: (version: Version) => void;
}) {
  const t = useT();
  const prompt = useRef<HTMLTextAreaElement>(null);
  const { system, user, stored, left, edit } = words;

  const insert = (column: string) => {
    const area = prompt.current;
    const [from, to] = [area?.selectionStart ?? user.length, area?.selectionEnd ?? user.length];
    const piece = `{{${column}}}`;
    edit({ user: user.slice(0, from) + piece + user.slice(to) });
    requestAnimationFrame(() => {
      area?.focus();
      area?.setSelectionRange(from + piece.length, from + piece.length);
    });
  };
  return (
    <section className={styles["part"]} aria-labelledby="batch-prompt">
      <header>
        <h2 id="batch-prompt">{t("jobs.prompt")}</h2>
        <TemplatePicker onPick={(template) => onPick(words.take(storedOf(template)))} />
      </header>
      {stored ? (
        <StoredTemplate
          name="spec.template"
          stored={stored}
          error={fields["spec.template"]}
          onChange={(next) => onPick(words.take(next))}
          onRemove={words.remove}
        />
      ) : null}
      {left ? (
        <div role="status">
          <Note kind="warn">
            {t("jobs.template_left", { name: `${left.template.slug}@${left.version.number}` })}{" "}
            <Button small onClick={() => words.take(left)}>
              {t("jobs.template_back")}
            </Button>
          </Note>
        </div>
      ) : null}
      <Field
        label={t("jobs.row_prompt")}
        hint={stored ? t("jobs.template_edit_hint") : t("jobs.user_hint", { name: "{{name}}" })}
        error={fields["spec.template.user"] ?? (stored ? undefined : fields["spec.template"])}
      >
        {(control) => (
          <TextArea
            {...control}
            ref={prompt}
            className={styles["words"]}
            name="spec.template.user"
            rows={4}
            value={user}
            onChange={(event) => edit({ user: event.target.value })}
          />
        )}
      </Field>
      {columns.length > 0 && !stored ? (
        <div role="group" aria-label={t("jobs.columns")} className={styles["chips"]}>
          {columns.slice(0, CHIPS).map((column) => (
            <button key={column} type="button" className={styles["chip"]} onClick={() => insert(column)}>
              {`{{${column}}}`}
            </button>
          ))}
        </div>
      ) : null}
      <details className={styles["more"]} open={system !== "" || undefined}>
        <summary>{t("jobs.system")}</summary>
        <Field label={t("jobs.system")} hint={t("jobs.system_hint")} error={fields["spec.template.system"]}>
          {(control) => (
            <TextArea
              {...control}
              className={styles["words"]}
              name="spec.template.system"
              rows={3}
              value={system}
              onChange={(event) => edit({ system: event.target.value })}
            />
          )}
        </Field>
      </details>
      {variables.length > 0 && columns.length > 0 ? (
        <fieldset className={styles["choices"]}>
          <legend>{t("jobs.mapping")}</legend>
          <div className={styles["fields"]}>
            {variables.map((variable) => (
              <Field key={variable} label={`{{${variable}}}`} error={fields[`spec.mapping.${variable}`]}>
                {(control) => (
                  <Select
                    {...control}
                    name={`spec.mapping.${variable}`}
                    value={columnOf(variable)}
                    onChange={(event) => onMap(variable, event.target.value)}
                  >
                    {words.needs(variable) ? (
                      <option value="">{t("jobs.column_choose")}</option>
                    ) : columns.includes(variable) ? null : (
                      <option value="">{t("jobs.column_none")}</option>
                    )}
                    {columns.map((column) => (
                      <option key={column} value={column}>
                        {column}
                      </option>
                    ))}
                  </Select>
                )}
              </Field>
            ))}
          </div>
        </fieldset>
      ) : null}
      {user && ready && variables.length === 0 ? <Note kind="warn">{t("jobs.no_variable")}</Note> : null}
      {sample && user ? (
        <details className={styles["more"]}>
          <summary>{t("jobs.first_row")}</summary>
          <p className={styles["sample"]}>
            {[system, user]
              .filter(Boolean)
              .map((text) => fill(text, sample))
              .join("\n\n")}
          </p>
        </details>
      ) : null}
    </section>
  );
}
