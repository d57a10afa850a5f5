import { TextQuote, X } from "lucide-react";
import { explain } from "@/api/errors";
import { prompts, type TemplateWhole, useVersions, type Version } from "@/api/prompts";
import { useT } from "@/lib/i18n";
import { paths } from "@/lib/router";
import { IconButton, Select, toast } from "@/ui";
import styles from "../Form.module.css";

/** A stored template that a job names. */
export interface Stored {
  template: TemplateWhole;
  /** What it says, as far as it is known now. */
  version: Version;
  /** What is asked each time; a batch keeps the version that it was made with. */
  at: { label: string } | { version: number } | null;
}

/** A template as it is picked: what a use without label and version takes. */
export const storedOf = (template: TemplateWhole): Stored => ({
  template,
  version: template.current,
  at: null,
});

const labelsOf = (template: TemplateWhole) =>
  [...template.labels].sort((a, b) => Number(b.name === "released") - Number(a.name === "released"));

/** Which template is named, and at which version; `follows`: a label is looked up each time. */
export function StoredTemplate({
  name,
  stored,
  follows,
  error,
  onChange,
  onRemove,
}: {
  name: string;
  stored: Stored;
  follows?: boolean;
  error: string | undefined;
  onChange: (stored: Stored) => void;
  onRemove: () => void;
}) {
  const t = useT();
  const { template, version, at } = stored;
  const { data: versions } = useVersions(template.id);
  const labels = labelsOf(template);
  const numbers = versions?.items.map(({ number }) => number) ?? [version.number];
  const value = !follows
    ? `v${version.number}`
    : at === null
      ? ""
      : "label" in at
        ? `l${at.label}`
        : `v${at.version}`;
  const released = labels.some((label) => label.name === "released");

  const choose = (picked: string) => {
    const label = picked.startsWith("l") ? labels.find((one) => one.name === picked.slice(1)) : undefined;
    const number = label?.version ?? (picked === "" ? template.current.number : Number(picked.slice(1)));
    const next: Stored["at"] =
      picked === "" ? null : label && follows ? { label: label.name } : { version: number };
    prompts.version(template.id, number).then(
      (found) => onChange({ template, version: found, at: next }),
      (problem: unknown) => toast({ text: explain(problem) }),
    );
  };
  const named = (number: number) => {
    const its = labels.filter((label) => label.version === number).map((label) => label.name);
    return its.length > 0 ? `v${number} (${its.join(", ")})` : `v${number}`;
  };
  return (
    <div
      className={styles["stored"]}
      role="group"
      aria-label={t("jobs.template_named", { name: template.name })}
    >
      <TextQuote size={16} aria-hidden="true" />
      <a href={paths.template(template.id)} target="_blank" rel="noreferrer">
        {template.name}
      </a>
      <Select
        name={name}
        aria-label={t("jobs.template_version")}
        aria-invalid={error ? true : undefined}
        value={value}
        onChange={(event) => choose(event.target.value)}
      >
        {follows ? (
          <>
            <option value="">{t(released ? "jobs.template_released" : "jobs.template_newest")}</option>
            {labels
              .filter((label) => label.name !== "released")
              .map((label) => (
                <option key={label.name} value={`l${label.name}`}>
                  {t("jobs.template_label", { label: label.name })}
                </option>
              ))}
          </>
        ) : null}
        {numbers.map((number) => (
          <option key={number} value={`v${number}`}>
            {follows ? t("jobs.template_always", { version: named(number) }) : named(number)}
          </option>
        ))}
      </Select>
      <IconButton small label={t("jobs.template_remove")} onClick={onRemove}>
        <X size={16} aria-hidden="true" />
      </IconButton>
      {error ? (
        <p role="alert" className={styles["wrong"]}>
          {error}
        </p>
      ) : null}
    </div>
  );
}
