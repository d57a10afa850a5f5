import type { Job } from "@/api/jobs";
import { formatNumber, useT } from "@/lib/i18n";
import { money } from "@/lib/money";
import { Bar } from "./Bar";
import styles from "./Jobs.module.css";
import { stepSaid } from "./said";
import { fallen, useSilence } from "./silence";
import { asksModel, duration, nameOf, perSecond } from "./words";

const SECONDS = { style: "unit", unit: "second", unitDisplay: "narrow" } as const;

/** The bar, and what it means in figures. */
export function Progress({ job, heard }: { job: Job; heard: number | null }) {
  const t = useT();
  const silent = useSilence(job, heard);
  const { total, done, failed, cost, cost_cap: cap, started, finished } = job;
  const rate = fallen(job.rate, silent);
  const eta = silent === null ? job.eta_s : null;
  const running = job.status === "running";
  const took = started && finished ? (Date.parse(finished) - Date.parse(started)) / 1000 : null;
  const tokens = job.input_tokens + job.output_tokens;
  return (
    <section className={styles["progress"]} aria-label={t("jobs.progress")}>
      <Bar job={job} label={nameOf(t, job)} />
      {running || job.status === "queued" ? (
        <p className={styles["step"]} data-whole={silent === null ? undefined : ""}>
          {silent === null
            ? stepSaid(t, job) || "\u00a0"
            : t("jobs.silent", { time: formatNumber(silent, SECONDS) })}
        </p>
      ) : null}
      <dl className={styles["totals"]}>
        <div>
          <dt>{t(job.kind === "research" ? "jobs.steps" : "jobs.done")}</dt>
          <dd>
            {formatNumber(done)}
            <small>{total > 0 ? t("jobs.of_total", { total: formatNumber(total) }) : "\u00a0"}</small>
          </dd>
        </div>
        <div>
          <dt>{t("jobs.failed_rows")}</dt>
          <dd data-look={failed > 0 ? "danger" : undefined}>{formatNumber(failed)}</dd>
        </div>
        <div>
          <dt>{t(running ? "jobs.time_left" : "jobs.time_taken")}</dt>
          <dd>
            {running ? (eta === null ? "–" : duration(eta)) : took === null ? "–" : duration(took)}
            <small>{running && rate > 0 ? t("jobs.rate", { rate: perSecond(rate) }) : "\u00a0"}</small>
          </dd>
        </div>
        {asksModel(job.kind) ? (
          <div>
            <dt>{t("jobs.cost")}</dt>
            <dd>
              {money(cost)}
              <small>
                {cap !== null
                  ? t("jobs.of_cap", { cap: money(cap) })
                  : tokens > 0
                    ? t("jobs.tokens", { count: tokens })
                    : "\u00a0"}
              </small>
              <Estimated job={job} />
            </dd>
          </div>
        ) : null}
      </dl>
    </section>
  );
}

/** What of the cost is a guess: calls whose worker died before the provider's bill was known. */
function Estimated({ job }: { job: Job }) {
  const t = useT();
  const { lost_calls: calls = 0, lost_cost: cost = 0 } = job as { lost_calls?: number; lost_cost?: number };
  if (calls === 0) return null;
  return <small data-whole="">{t("jobs.cost_estimated", { cost: money(cost), count: calls })}</small>;
}
