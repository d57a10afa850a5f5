import { useKinds } from "@/api/jobs";
import type { Key } from "@/lib/i18n";
import { useT } from "@/lib/i18n";
import { Skeleton } from "@/ui";
import styles from "../Form.module.css";

const known: Record<string, { title: Key; text: Key }> = {
  conversations: { title: "jobs.part_conversations", text: "jobs.part_conversations_text" },
  profile: { title: "jobs.part_profile", text: "jobs.part_profile_text" },
  templates: { title: "jobs.part_templates", text: "jobs.part_templates_text" },
  jobs: { title: "jobs.part_jobs", text: "jobs.part_jobs_text" },
  usage: { title: "jobs.part_usage", text: "jobs.part_usage_text" },
};

/** What goes into an export, as far as this site can; `left` has what is left out. */
export function ExportParts({
  left,
  error,
  onChange,
}: {
  left: ReadonlySet<string>;
  error: string | undefined;
  onChange: (left: ReadonlySet<string>) => void;
}) {
  const t = useT();
  const { data } = useKinds();
  const flip = (name: string) => {
    const next = new Set(left);
    if (!next.delete(name)) next.add(name);
    onChange(next);
  };
  return (
    <fieldset className={styles["choices"]}>
      <legend>{t("jobs.export_include")}</legend>
      {data?.parts.map((name) => (
        <label key={name} className={styles["check"]}>
          <input
            type="checkbox"
            name="spec.include"
            aria-invalid={error ? true : undefined}
            checked={!left.has(name)}
            onChange={() => flip(name)}
          />
          <span>
            {known[name] ? t(known[name].title) : name}
            {known[name] ? <small>{t(known[name].text)}</small> : null}
          </span>
        </label>
      )) ?? <Skeleton width="60%" />}
      {error ? (
        <p role="alert" className={styles["wrong"]}>
          {error}
        </p>
      ) : null}
    </fieldset>
  );
}
