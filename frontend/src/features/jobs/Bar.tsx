import type { Job } from "@/api/jobs";
import { formatNumber, useT } from "@/lib/i18n";
import styles from "./Jobs.module.css";
import { partOf } from "./words";

/** How far it is: what is done, and what failed of it. */
export function Bar({ job, label, thin }: { job: Job; label: string; thin?: boolean }) {
  const t = useT();
  const { total, done, failed } = job;
  const part = partOf(job);
  const share = (count: number) => (total > 0 ? Math.min(1, count / total) : 0);
  const waiting = total === 0 && job.status === "running";
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={waiting ? undefined : Math.floor(part * 100)}
      aria-valuetext={
        waiting ? undefined : t("jobs.of", { done: formatNumber(done + failed), total: formatNumber(total) })
      }
      className={styles["bar"]}
      data-thin={thin ? "" : undefined}
      data-waiting={waiting ? "" : undefined}
      data-still={job.status === "running" ? undefined : ""}
    >
      <span className={styles["did"]} style={{ scale: `${share(done)} 1` }} />
      <span
        className={styles["lost"]}
        style={{ translate: `${share(done) * 100}%`, scale: `${share(failed)} 1` }}
      />
    </div>
  );
}
