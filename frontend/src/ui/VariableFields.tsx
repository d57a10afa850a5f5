import { type Key, type T, useT } from "@/lib/i18n";
import { type Entries, mostCharacters, type Variable, type Wrong } from "@/lib/template";
import { Field, Input, Select, TextArea } from "./Field";
import { Switch } from "./small";
import styles from "./VariableFields.module.css";

const sentences: Record<Wrong, Key> = {
  required: "common.required",
  number: "common.need_number",
  whole: "common.need_whole",
  least: "common.need_least",
  most: "common.need_most",
  date: "common.need_date",
  earliest: "common.need_earliest",
  latest: "common.need_latest",
  long: "common.need_shorter",
};

/** Why an entry is refused, in words. */
export function explainWrong(t: T, wrong: Wrong, variable: Variable): string {
  return t(sentences[wrong], {
    min: variable.min ?? 0,
    max: variable.max ?? 0,
    earliest: variable.earliest ?? "",
    latest: variable.latest ?? "",
    most: mostCharacters(variable),
  });
}

/** The form of a template: one field for each variable. */
export function VariableFields({
  variables,
  entries,
  errors,
  autoFocus,
  prefix = "",
  onChange,
}: {
  variables: readonly Variable[];
  entries: Entries;
  /** By the variable's name. */
  errors: Readonly<Record<string, string>>;
  autoFocus?: boolean;
  /** Of the controls' names, where the form has others. */
  prefix?: string;
  onChange: (name: string, entry: string | boolean) => void;
}) {
  const t = useT();
  return (
    <div className={styles["fields"]}>
      {variables.map((variable, index) => {
        const { name, type, help } = variable;
        const label = variable.label || name;
        const entry = entries[name] ?? "";
        if (type === "boolean")
          return (
            <label key={name} className={styles["truth"]}>
              <Switch checked={entry === true} onChange={(event) => onChange(name, event.target.checked)} />
              <span>
                {label}
                {help ? <small>{help}</small> : null}
              </span>
            </label>
          );
        const text = typeof entry === "string" ? entry : "";
        const change = (event: { target: { value: string } }) => onChange(name, event.target.value);
        const focus = autoFocus === true && index === 0;
        return (
          <div key={name} className={styles["field"]} data-wide={type === "long" || undefined}>
            <Field
              label={variable.required || variable.default !== null ? label : t("common.optional", { label })}
              hint={help || undefined}
              error={errors[name]}
            >
              {(control) =>
                type === "long" ? (
                  <TextArea
                    {...control}
                    name={prefix + name}
                    rows={3}
                    value={text}
                    autoFocus={focus}
                    onChange={change}
                  />
                ) : type === "choice" ? (
                  <Select {...control} name={prefix + name} value={text} autoFocus={focus} onChange={change}>
                    {variable.default === null ? <option value="">{t("common.choose")}</option> : null}
                    {variable.choices?.map((choice) => (
                      <option key={choice} value={choice}>
                        {choice}
                      </option>
                    ))}
                  </Select>
                ) : (
                  <Input
                    {...control}
                    name={prefix + name}
                    type={type === "date" ? "date" : "text"}
                    inputMode={type === "number" ? "decimal" : undefined}
                    min={variable.earliest ?? undefined}
                    max={variable.latest ?? undefined}
                    autoComplete="off"
                    value={text}
                    autoFocus={focus}
                    onChange={change}
                  />
                )
              }
            </Field>
          </div>
        );
      })}
    </div>
  );
}
