import {
  CalendarClock,
  CircleAlert,
  CircleCheck,
  CirclePause,
  CircleSlash,
  CircleX,
  Clock,
  Download,
  FileInput,
  LoaderCircle,
  type LucideIcon,
  Rows3,
  Telescope,
  Wrench,
} from "lucide-react";
import type { Job, JobStatus, RowStatus } from "@/api/jobs";
import { formatNumber, type Key, type T } from "@/lib/i18n";

export const kinds = ["batch", "research", "schedule", "export", "import", "maintenance"] as const;
export type KindName = (typeof kinds)[number];
const isKind = (kind: string): kind is KindName => (kinds as readonly string[]).includes(kind);

export const kindWord = (t: T, kind: string): string => (isKind(kind) ? t(`jobs.kind_${kind}`) : kind);
export const kindIcons: Record<KindName, LucideIcon> = {
  batch: Rows3,
  research: Telescope,
  schedule: CalendarClock,
  export: Download,
  import: FileInput,
  maintenance: Wrench,
};
export const kindIcon = (kind: string): LucideIcon => (isKind(kind) ? kindIcons[kind] : Rows3);

export const ended = (status: JobStatus): boolean =>
  status === "done" || status === "failed" || status === "cancelled";

/** Whether jobs of this kind ask a model, and so cost something. A kind that is not known may. */
export const asksModel = (kind: string): boolean => !isKind(kind) || kind === "batch" || kind === "research";

/** What its maker called it, else what it is about. */
export function nameOf(t: T, job: Pick<Job, "name" | "kind" | "spec">): string {
  const question = job.spec["question"];
  if (job.name) return job.name;
  if (typeof question === "string" && question) return question;
  return kindWord(t, job.kind);
}

const SHOWN_WORDS = 80;

/** What a job is that nobody named: its question, the template that it asks with, or the beginning of its prompt. */
export function aboutOf(t: T, job: Pick<Job, "name" | "kind" | "spec">): string {
  const name = nameOf(t, job);
  const kind = kindWord(t, job.kind);
  if (name !== kind) return t("jobs.about", { kind, name });
  const { slug, user } = (job.spec["template"] ?? job.spec["prompt"] ?? {}) as Record<string, unknown>;
  if (typeof slug === "string" && slug) return t("jobs.about", { kind, name: slug });
  if (typeof user !== "string" || !user.trim()) return kind;
  const words = user.trim().replace(/\s+/g, " ");
  return t("jobs.about", {
    kind,
    name: words.length > SHOWN_WORDS ? `${words.slice(0, SHOWN_WORDS - 1)}…` : words,
  });
}

export type Look = "quiet" | "live" | "good" | "warn" | "danger";

/** How a job stands, in a word, with its sign. */
export function standing(t: T, job: Job): { word: string; icon: LucideIcon; look: Look } {
  const { status, wanted, kind } = job;
  if (wanted === "pause") return { word: t("jobs.wanted_pause"), icon: LoaderCircle, look: "live" };
  if (wanted === "cancel") return { word: t("jobs.wanted_cancel"), icon: LoaderCircle, look: "live" };
  if (kind === "schedule" && status === "queued")
    return { word: t("jobs.status_standing"), icon: Clock, look: "good" };
  if (kind === "schedule" && status === "paused")
    return { word: t("jobs.status_off"), icon: CirclePause, look: "quiet" };
  const word = t(`jobs.status_${status}`);
  switch (status) {
    case "queued":
      return { word, icon: Clock, look: "quiet" };
    case "running":
      return { word, icon: LoaderCircle, look: "live" };
    case "paused":
      return { word, icon: CirclePause, look: "warn" };
    case "done":
      return job.failed > 0 && kind !== "research"
        ? { word: t("jobs.status_partly", { count: job.failed }), icon: CircleAlert, look: "warn" }
        : { word, icon: CircleCheck, look: "good" };
    case "failed":
      return { word, icon: CircleX, look: "danger" };
    case "cancelled":
      return { word, icon: CircleSlash, look: "quiet" };
  }
}

export const rowSigns: Record<RowStatus, { key: Key; icon: LucideIcon; look: Look }> = {
  pending: { key: "jobs.row_pending", icon: Clock, look: "quiet" },
  running: { key: "jobs.row_running", icon: LoaderCircle, look: "live" },
  done: { key: "jobs.row_done", icon: CircleCheck, look: "good" },
  failed: { key: "jobs.row_failed", icon: CircleX, look: "danger" },
  cancelled: { key: "jobs.row_cancelled", icon: CircleSlash, look: "quiet" },
};

const unit = (value: number, name: string): string =>
  formatNumber(Math.round(value), { style: "unit", unit: name, unitDisplay: "short" });

/** "40 sec", "3 min", "2 hr 5 min". */
export function duration(seconds: number): string {
  if (seconds < 90) return unit(Math.max(1, seconds), "second");
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return unit(minutes, "minute");
  return `${unit(Math.floor(minutes / 60), "hour")} ${unit(minutes % 60, "minute")}`;
}

/** A rate: whole where it is large. */
export const perSecond = (rate: number): string =>
  formatNumber(rate, { maximumFractionDigits: rate < 10 ? 1 : 0 });

/** 0 to 1; nothing where it is not known how much there is. */
export const partOf = ({ total, done, failed }: Pick<Job, "total" | "done" | "failed">): number =>
  total > 0 ? Math.min(1, (done + failed) / total) : 0;
