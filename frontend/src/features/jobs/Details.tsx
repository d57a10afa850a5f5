import type { ReactNode } from "react";
import { Link } from "wouter";
import type { Job } from "@/api/jobs";
import { formatDate, useT } from "@/lib/i18n";
import { money } from "@/lib/money";
import { paths } from "@/lib/router";
import styles from "./Jobs.module.css";
import { MadeWith, templateOf } from "./MadeWith";
import { kindWord } from "./words";

const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
const text = (value: unknown): string =>
  typeof value === "string" ? value : value === null || value === undefined ? "" : JSON.stringify(value);

/** What the job was asked to do. */
export function Details({ job }: { job: Job }) {
  const t = useT();
  const { spec } = job;
  const template = record(spec["template"] ?? spec["prompt"]);
  const models = Array.isArray(spec["models"]) ? spec["models"].map(text).join(", ") : text(spec["model"]);
  const values = Object.entries(record(template["variables"]));
  const parts = Array.isArray(spec["include"]) ? spec["include"].map(text) : [];
  const mapping = Object.entries(record(spec["mapping"]));
  const when = (date: string | null) =>
    date ? formatDate(date, { dateStyle: "medium", timeStyle: "medium" }) : "";
  const rows: [string, ReactNode][] = [
    [t("jobs.kind"), kindWord(t, job.kind)],
    [t("jobs.question"), text(spec["question"])],
    [t("jobs.template"), templateOf(spec) ? <MadeWith key="template" job={job} /> : ""],
    [t("jobs.template_fields"), values.map(([name, value]) => `${name}: ${text(value)}`).join("\n")],
    [t("jobs.export_include"), parts.join(", ")],
    [t("jobs.system"), text(template["system"])],
    [t("jobs.user"), text(template["user"])],
    [t("jobs.mapping"), mapping.map(([name, column]) => `{{${name}}} ← ${text(column)}`).join("\n")],
    [t("jobs.model"), models],
    [t("jobs.params"), spec["params"] ? text(spec["params"]) : ""],
    [t("jobs.concurrency"), text(spec["concurrency"])],
    [t("jobs.cap"), job.cost_cap === null ? "" : money(job.cost_cap)],
    [t("jobs.errors"), spec["errors"] === "keep" ? t("jobs.errors_keep") : ""],
    [t("jobs.created"), when(job.created)],
    [t("jobs.started"), when(job.started)],
    [t("jobs.finished"), when(job.finished)],
    [
      t("jobs.cloned_from"),
      job.cloned_from ? <Link href={paths.job(job.cloned_from)}>{job.cloned_from.slice(0, 8)}</Link> : "",
    ],
    [t("jobs.id"), <code key="id">{job.id}</code>],
  ];
  return (
    <dl className={styles["details"]}>
      {rows
        .filter(([, value]) => value !== "")
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
