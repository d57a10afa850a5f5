import type { ReactNode } from "react";
import { Link } from "wouter";
import type { Job } from "@/api/jobs";
import { type Key, useT } from "@/lib/i18n";
import { paths } from "@/lib/router";
import { Note } from "@/ui";
import { errorSaid } from "./said";

/** Why a job stands still or has ended, and what would help; a reason that is not here is told in the server's words. */
const reasons: Record<string, { why: Key; next: Key }> = {
  cost_cap: { why: "jobs.cap_reached", next: "jobs.cap_reached_next" },
  quota_exceeded: { why: "jobs.budget_reached", next: "jobs.budget_reached_next" },
  rows_failed: { why: "jobs.rows_all_failed", next: "jobs.rows_all_failed_next" },
  dead: { why: "jobs.given_up", next: "jobs.given_up_next" },
  undone: { why: "jobs.import_taken_back", next: "jobs.import_taken_back_next" },
};

export function Trouble({ job }: { job: Job }) {
  const t = useT();
  const { status, reason, error, kind } = job;
  const known = reasons[reason];
  if (!known && !(status === "failed" || error)) return null;
  const said = errorSaid(t, error);
  // The cap's own sentence says less than ours.
  const why = (reason === "cost_cap" ? "" : said) || t(known?.why ?? "jobs.failed_whole");
  const next: ReactNode = !known ? null : reason === "rows_failed" && kind === "research" ? (
    t("jobs.research_failed_next")
  ) : (
    <>
      {t(known.next)}
      {reason === "quota_exceeded" ? (
        <>
          {" "}
          <Link href={paths.usage}>{t("jobs.budget_look")}</Link>
        </>
      ) : null}
    </>
  );
  return (
    <Note kind={status === "failed" || reason === "dead" ? "danger" : reason === "undone" ? "quiet" : "warn"}>
      {why} {next}
    </Note>
  );
}
