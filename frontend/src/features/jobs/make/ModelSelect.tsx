import { useT } from "@/lib/i18n";
import { Field, Select } from "@/ui";
import { useModels } from "./models";

/** One model, or the site's own choice. */
export function ModelSelect({
  name,
  value,
  error,
  preset,
  onChange,
}: {
  name: string;
  value: string;
  /** What is taken where none is chosen; the site's default otherwise. */
  preset?: string | undefined;
  error: string | undefined;
  onChange: (model: string) => void;
}) {
  const t = useT();
  const { data: models } = useModels();
  return (
    <Field label={t("jobs.model")} error={error}>
      {(control) => (
        <Select {...control} name={name} value={value} onChange={(event) => onChange(event.target.value)}>
          <option value="">{preset ?? t("jobs.model_default")}</option>
          {models?.map((model) => (
            <option key={model.name} value={model.name}>
              {model.label || model.name}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}
