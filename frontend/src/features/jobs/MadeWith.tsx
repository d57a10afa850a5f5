import { TextQuote } from "lucide-react";
import { Link } from "wouter";
import type { Job } from "@/api/jobs";
import { useTemplate } from "@/api/prompts";
import { useT } from "@/lib/i18n";
import { paths } from "@/lib/router";
import styles from "./Jobs.module.css";

/** The stored template that a job names, and where: a batch always at a version, a schedule at a label, too. */
export interface NamedTemplate {
  id: string;
  slug: string;
  at: string;
}

const text = (value: unknown): string =>
  typeof value === "string" ? value : typeof value === "number" ? String(value) : "";

export function templateOf(spec: Job["spec"]): NamedTemplate | null {
  const found = (spec["template"] ?? spec["prompt"]) as Record<string, unknown> | undefined;
  const id = text(found?.["id"]);
  const slug = text(found?.["slug"]);
  if (!id && !slug) return null;
  return { id, slug, at: text(found?.["label"]) || text(found?.["version"]) };
}

/** Which template and version made this job, as a link to it. */
export function MadeWith({ job }: { job: Pick<Job, "spec"> }) {
  const t = useT();
  const found = templateOf(job.spec);
  if (!found) return null;
  return (
    <span className={styles["made"]} aria-label={t("jobs.template")}>
      <TextQuote size={14} aria-hidden="true" />
      {found.slug || !found.id ? <Called {...found} /> : <Looked {...found} />}
    </span>
  );
}

function Called({ id, slug, at }: NamedTemplate) {
  const name = at ? `${slug}@${at}` : slug;
  return id ? <Link href={paths.template(id)}>{name}</Link> : <span>{name}</span>;
}

/** Named by its id alone. */
function Looked({ id, at }: NamedTemplate) {
  const { data } = useTemplate(id);
  return <Called id={id} slug={data?.slug ?? id.slice(0, 8)} at={at} />;
}
