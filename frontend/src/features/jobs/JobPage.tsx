import { ArrowLeft } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Link } from "wouter";
import { ApiError, explain } from "@/api/errors";
import { type Job, useJob } from "@/api/jobs";
import { announce } from "@/lib/announce";
import { formatDate, useT } from "@/lib/i18n";
import { money } from "@/lib/money";
import { paths } from "@/lib/router";
import { Button, ButtonLink, Segments, Skeleton, State } from "@/ui";
import { Acts } from "./Acts";
import { Details } from "./Details";
import { type Followed, merged, useFollowed } from "./follow";
import styles from "./Jobs.module.css";
import { LogView } from "./LogView";
import { MadeWith } from "./MadeWith";
import { Progress } from "./Progress";
import { Report } from "./research/Report";
import { RowsView } from "./RowsView";
import { ScheduleView } from "./ScheduleView";
import { Standing } from "./Standing";
import { Trouble } from "./Trouble";
import { ended, kindWord, nameOf, standing } from "./words";

/** One job, as it goes: kept up by its topic, whole again after any reload. */
export function JobPage({ id }: { id: string }) {
  const t = useT();
  const query = useJob(id);
  const followed = useFollowed(id);
  const missing = followed.ended === "not_found";
  const gone = missing || (query.error instanceof ApiError && [404, 422].includes(query.error.status));
  if (gone || (query.isError && !query.data))
    return (
      <State
        level={1}
        title={t(gone ? "jobs.missing" : "jobs.failed")}
        next={
          gone ? (
            <ButtonLink href={paths.jobs}>{t("jobs.all")}</ButtonLink>
          ) : (
            <Button onClick={() => void query.refetch()}>{t("common.retry")}</Button>
          )
        }
      >
        {gone ? t("jobs.missing_text") : explain(query.error)}
      </State>
    );
  return query.data ? <Known job={merged(query.data, followed)} followed={followed} /> : <Loading />;
}

type Tab = "main" | "log" | "details";

function Known({ job, followed }: { job: Job; followed: Followed }) {
  const t = useT();
  const [tab, setTab] = useState<Tab>("main");
  const { word } = standing(t, job);
  const name = nameOf(t, job);
  // A research that is done is there to be read; what it took stands in a line.
  const read = job.kind === "research" && job.status === "done";
  useAnnounced(t("jobs.announce", { name, status: word }), word);
  const rowed =
    job.kind === "batch" || job.kind === "export" || job.kind === "import" || job.kind === "maintenance";
  const tabs: { value: Tab; label: string }[] = [
    {
      value: "main",
      label:
        job.kind === "research"
          ? t("jobs.tab_report")
          : job.kind === "schedule"
            ? t("jobs.tab_times")
            : t("jobs.tab_rows"),
    },
    { value: "log", label: t("jobs.tab_log") },
    { value: "details", label: t("jobs.tab_details") },
  ];
  return (
    <div className={styles["page"]} data-scroller="">
      <div className={styles["wide"]}>
        <Link href={paths.jobs} className={styles["back"] ?? ""}>
          <ArrowLeft size={16} aria-hidden="true" />
          {t("jobs.all")}
        </Link>
        <header className={styles["head"]}>
          <div className={styles["what"]}>
            <h1 className={styles["title"]}>{name}</h1>
            <p className={styles["facts"]}>
              <Standing job={job} />
              {name === kindWord(t, job.kind) ? null : <span>{kindWord(t, job.kind)}</span>}
              <span>
                {t(ended(job.status) && job.finished ? "jobs.ended_at" : "jobs.begun_at", {
                  date: formatDate((ended(job.status) && job.finished) || job.started || job.created, {
                    dateStyle: "medium",
                    timeStyle: "short",
                  }),
                })}
              </span>
              <MadeWith job={job} />
              {read ? <span>{t("jobs.steps_done", { count: job.done })}</span> : null}
              {read && job.cost > 0 ? <span>{money(job.cost)}</span> : null}
            </p>
          </div>
          <Acts job={job} />
        </header>
        <Trouble job={job} />
        {job.kind === "schedule" || read ? null : <Progress job={job} heard={followed.heard} />}
        <div className={styles["tabs"]}>
          <Segments<Tab> name="job-tab" label={t("jobs.view")} value={tab} options={tabs} onChange={setTab} />
        </div>
        {tab === "log" ? (
          <LogView lines={followed.log} />
        ) : tab === "details" ? (
          <Details job={job} />
        ) : job.kind === "research" ? (
          <Report job={job} />
        ) : job.kind === "schedule" ? (
          <ScheduleView job={job} log={followed.log} />
        ) : rowed ? (
          <RowsView job={job} />
        ) : null}
      </div>
    </div>
  );
}

/** Says a change of the status to screen readers; what it was when the page opened is read with the page. */
function useAnnounced(sentence: string, word: string): void {
  const before = useRef(word);
  useEffect(() => {
    if (before.current === word) return;
    before.current = word;
    announce(sentence);
  }, [sentence, word]);
}

function Loading() {
  const t = useT();
  return (
    <div className={styles["page"]}>
      <div className={styles["wide"]} role="status" aria-label={t("common.loading")}>
        <Skeleton width="40%" style={{ height: "1.5rem", marginBlock: "2.5rem 2rem" }} />
        <Skeleton width="100%" />
        <Skeleton width="80%" style={{ marginBlockStart: "1rem" }} />
      </div>
    </div>
  );
}
