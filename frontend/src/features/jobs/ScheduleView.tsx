import { useState } from "react";
import { explain } from "@/api/errors";
import { type Job, jobIs, jobs } from "@/api/jobs";
import { useT } from "@/lib/i18n";
import { Switch, toast } from "@/ui";
import type { Line } from "./follow";
import styles from "./Jobs.module.css";
import { LogView } from "./LogView";
import { MadeWith, templateOf } from "./MadeWith";
import { Times } from "./Times";
import { aboutOf, ended } from "./words";

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** When it comes next, whether it is on, and what it has begun. */
export function ScheduleView({ job, log }: { job: Job; log: readonly Line[] }) {
  const t = useT();
  const cron = text(job.spec["cron"]);
  const timezone = text(job.spec["timezone"]) || "UTC";
  const inner = job.spec["job"] as Pick<Job, "name" | "kind" | "spec"> | undefined;
  const [asked, setAsked] = useState<boolean | null>(null);
  const on = asked ?? job.status === "queued";
  const flip = (next: boolean) => {
    setAsked(next);
    (next ? jobs.resume(job.id) : jobs.pause(job.id))
      .then(jobIs, (error: unknown) => toast({ text: explain(error) }))
      .finally(() => setAsked(null));
  };
  return (
    <div className={styles["plan"]}>
      <section>
        {ended(job.status) ? (
          <p className={styles["quiet"]}>{t("jobs.schedule_ended")}</p>
        ) : (
          <label className={styles["truth"]}>
            <Switch checked={on} onChange={(event) => flip(event.target.checked)} />
            <span>
              {t(on ? "jobs.schedule_on" : "jobs.schedule_off")}
              <small>
                <code>{cron}</code> · {timezone}
              </small>
            </span>
          </label>
        )}
        {on ? (
          <>
            <h2>{t("jobs.next_times")}</h2>
            <Times cron={cron} timezone={timezone} />
          </>
        ) : null}
        {templateOf(job.spec) ? (
          <p className={styles["quiet"]}>
            {t("jobs.schedule_asks")} <MadeWith job={job} />
          </p>
        ) : null}
        {inner ? (
          <p className={styles["quiet"]}>{t("jobs.schedule_begins", { job: aboutOf(t, inner) })}</p>
        ) : null}
      </section>
      <section>
        <h2>{t("jobs.schedule_log")}</h2>
        <LogView lines={log} />
      </section>
    </div>
  );
}
