import { useT } from "@/lib/i18n";
import type { Entries } from "@/lib/template";
import { Field, TextArea, VariableFields } from "@/ui";
import styles from "../Form.module.css";
import { ModelSelect } from "./ModelSelect";
import { type Stored, storedOf, StoredTemplate } from "./StoredTemplate";
import { TemplatePicker } from "./TemplatePicker";

/** How the server names the values of a template's variables. */
export const VALUES = "spec.prompt.variables.";

/** What is asked each time: a text, or a template with its values. */
export function SchedulePrompt({
  text,
  onText,
  stored,
  entries,
  fields,
  model,
  onModel,
  onStored,
  onEntry,
}: {
  text: string;
  onText: (text: string) => void;
  stored: Stored | null;
  entries: Entries;
  fields: Readonly<Record<string, string>>;
  model: string;
  onModel: (model: string) => void;
  onStored: (stored: Stored | null) => void;
  onEntry: (name: string, entry: string | boolean) => void;
}) {
  const t = useT();
  const variables = stored?.version.variables ?? [];
  const errors = variables.flatMap(({ name }) => {
    const wrong = fields[VALUES + name];
    return wrong === undefined ? [] : [[name, wrong] as const];
  });
  return (
    <>
      {stored ? (
        <StoredTemplate
          follows
          name="spec.prompt"
          stored={stored}
          error={fields["spec.prompt"]}
          onChange={onStored}
          onRemove={() => onStored(null)}
        />
      ) : (
        <div className={styles["pick"]}>
          <TemplatePicker onPick={(template) => onStored(storedOf(template))} />
        </div>
      )}
      {stored ? (
        <p className={styles["sample"]}>
          {[stored.version.system, stored.version.user].filter(Boolean).join("\n\n")}
        </p>
      ) : (
        <Field label={t("jobs.user")} error={fields["spec.job.spec.template.user"]}>
          {(control) => (
            <TextArea
              {...control}
              className={styles["words"]}
              name="spec.job.spec.template.user"
              rows={4}
              value={text}
              onChange={(event) => onText(event.target.value)}
            />
          )}
        </Field>
      )}
      {variables.length > 0 ? (
        <fieldset className={styles["choices"]}>
          <legend>{t("jobs.template_fields")}</legend>
          <VariableFields
            key={stored?.template.id}
            prefix={VALUES}
            variables={variables}
            entries={entries}
            errors={Object.fromEntries(errors)}
            onChange={onEntry}
          />
        </fieldset>
      ) : null}
      <div className={styles["fields"]}>
        <ModelSelect
          name={stored ? "spec.model" : "spec.job.spec.models"}
          value={model}
          error={fields[stored ? "spec.model" : "spec.job.spec.models"]}
          preset={
            stored?.version.model ? t("jobs.template_model", { model: stored.version.model }) : undefined
          }
          onChange={onModel}
        />
      </div>
    </>
  );
}
