import { ChevronRight, X } from "lucide-react";
import type { Content } from "@/api/prompts";
import { type Key, useT } from "@/lib/i18n";
import { placeholders, type Variable, type VariableType } from "@/lib/template";
import { Field, IconButton, Input, Select, Switch, TextArea } from "@/ui";
import styles from "./Template.module.css";

const types: Record<VariableType, Key> = {
  text: "prompts.type_text",
  long: "prompts.type_long",
  number: "prompts.type_number",
  choice: "prompts.type_choice",
  boolean: "prompts.type_boolean",
  date: "prompts.type_date",
};

/** One line for each variable; a placeholder that is typed makes one. */
export function VariablesEditor({
  content,
  reads,
  onChange,
}: {
  content: Content;
  reads: boolean;
  onChange: (variables: Variable[]) => void;
}) {
  const t = useT();
  const { system, user, variables } = content;
  const used = new Set(placeholders(system, user));
  if (variables.length === 0) return null;
  const replace = (at: number, fields: Partial<Variable>) =>
    onChange(variables.map((one, index) => (index === at ? { ...one, ...fields } : one)));
  return (
    <fieldset className={styles["variables"]} disabled={reads}>
      <legend>{t("prompts.variables")}</legend>
      {variables.map((variable, at) => (
        <details key={variable.name} className={styles["variable"]}>
          <summary>
            <ChevronRight size={16} aria-hidden="true" />
            <code>{variable.name}</code>
            <span>{t(types[variable.type])}</span>
            {variable.default === null ? null : (
              <span className={styles["preset"]}>= {JSON.stringify(variable.default)}</span>
            )}
            {variable.required || variable.default !== null ? null : <span>{t("prompts.is_optional")}</span>}
            {used.has(variable.name) ? null : <em>{t("prompts.unused")}</em>}
          </summary>
          <One variable={variable} onChange={(fields) => replace(at, fields)} />
          {used.has(variable.name) ? null : (
            <IconButton
              small
              className={styles["remove"]}
              label={t("prompts.variable_remove", { name: variable.name })}
              onClick={() => onChange(variables.filter((_, index) => index !== at))}
            >
              <X size={16} aria-hidden="true" />
            </IconButton>
          )}
        </details>
      ))}
    </fieldset>
  );
}

function One({ variable, onChange }: { variable: Variable; onChange: (fields: Partial<Variable>) => void }) {
  const t = useT();
  const { type } = variable;
  const limits = {
    choices: null,
    min: null,
    max: null,
    whole: false,
    earliest: null,
    latest: null,
    max_length: null,
  };
  const retype = (next: VariableType) =>
    onChange({
      ...limits,
      type: next,
      default: next === "boolean" ? false : null,
      choices: next === "choice" ? ["…"] : null,
    });
  return (
    <div className={styles["one"]}>
      <Field label={t("prompts.type")}>
        {(control) => (
          <Select {...control} value={type} onChange={(event) => retype(event.target.value as VariableType)}>
            {(Object.keys(types) as VariableType[]).map((each) => (
              <option key={each} value={each}>
                {t(types[each])}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label={t("prompts.label")}>
        {(control) => (
          <Input
            {...control}
            value={variable.label}
            maxLength={200}
            placeholder={variable.name}
            onChange={(event) => onChange({ label: event.target.value })}
          />
        )}
      </Field>
      {type === "choice" ? (
        <div className={styles["across"]}>
          <Field label={t("prompts.choices")} hint={t("prompts.choices_hint")}>
            {(control) => (
              <TextArea
                {...control}
                rows={3}
                defaultValue={variable.choices?.join("\n")}
                onBlur={(event) => {
                  const choices = [
                    ...new Set(event.target.value.split("\n").map((line) => line.trim())),
                  ].filter(Boolean);
                  const known = typeof variable.default === "string" && choices.includes(variable.default);
                  onChange({ choices, default: known ? variable.default : null });
                }}
              />
            )}
          </Field>
        </div>
      ) : null}
      {type === "boolean" ? null : <Preset variable={variable} onChange={onChange} />}
      {type === "number" ? (
        <>
          <Bound label={t("prompts.min")} value={variable.min} onChange={(min) => onChange({ min })} />
          <Bound label={t("prompts.max")} value={variable.max} onChange={(max) => onChange({ max })} />
        </>
      ) : null}
      <label className={styles["truth"]}>
        <Switch
          checked={type === "boolean" ? variable.default === true : variable.required}
          onChange={({ target: { checked } }) =>
            onChange(type === "boolean" ? { default: checked } : { required: checked })
          }
        />
        {t(type === "boolean" ? "prompts.on_at_first" : "prompts.needed")}
      </label>
      <div className={styles["across"]}>
        <Field label={t("prompts.help")}>
          {(control) => (
            <Input
              {...control}
              value={variable.help}
              maxLength={500}
              onChange={(event) => onChange({ help: event.target.value })}
            />
          )}
        </Field>
      </div>
    </div>
  );
}

/** What stands in the form at first, and counts where nothing is given. */
function Preset({
  variable,
  onChange,
}: {
  variable: Variable;
  onChange: (fields: Partial<Variable>) => void;
}) {
  const t = useT();
  const { type, default: preset } = variable;
  const set = (text: string) => {
    const number = Number(text.replace(",", "."));
    if (text === "") onChange({ default: null });
    else if (type !== "number") onChange({ default: text });
    else if (Number.isFinite(number)) onChange({ default: number });
  };
  const shown = typeof preset === "string" || typeof preset === "number" ? `${preset}` : "";
  return (
    <Field label={t("prompts.preset")}>
      {(control) =>
        type === "choice" ? (
          <Select {...control} value={shown} onChange={(event) => set(event.target.value)}>
            <option value="">{t("prompts.preset_none")}</option>
            {variable.choices?.map((choice) => (
              <option key={choice}>{choice}</option>
            ))}
          </Select>
        ) : (
          <Input
            {...control}
            type={type === "date" ? "date" : "text"}
            inputMode={type === "number" ? "decimal" : undefined}
            defaultValue={shown}
            onBlur={(event) => set(event.target.value)}
          />
        )
      }
    </Field>
  );
}

function Bound({
  label,
  value,
  onChange,
}: {
  label: string;
  value: number | null;
  onChange: (value: number | null) => void;
}) {
  return (
    <Field label={label}>
      {(control) => (
        <Input
          {...control}
          inputMode="decimal"
          defaultValue={value ?? ""}
          onBlur={({ target }) => {
            const number = Number(target.value.replace(",", "."));
            onChange(target.value.trim() === "" || !Number.isFinite(number) ? null : number);
          }}
        />
      )}
    </Field>
  );
}
