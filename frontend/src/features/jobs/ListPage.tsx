import { useEffect, useState } from "react";
import { Link } from "wouter";
import { explain } from "@/api/errors";
import { type Job, jobsAgain, useJobs, useKinds } from "@/api/jobs";
import { onUserEvent } from "@/api/topics";
import { formatAgo, formatNumber, useT } from "@/lib/i18n";
import { money } from "@/lib/money";
import { paths } from "@/lib/router";
import { Button, ButtonLink, Select, Skeleton, State } from "@/ui";
import { Bar } from "./Bar";
import { merged, useFollowed } from "./follow";
import styles from "./Jobs.module.css";
import { KindIcon } from "./KindIcon";
import { NewMenu } from "./NewMenu";
import { Standing } from "./Standing";
import { duration, ended, kinds, kindWord, nameOf } from "./words";

const statuses = ["running", "queued", "paused", "done", "failed", "cancelled", "dead"] as const;
/** Jobs of a list whose bars move: those that run, of which there are few at a time. */
const MOVING = 12;

export function ListPage() {
  const t = useT();
  const [kind, setKind] = useState("");
  const [status, setStatus] = useState("");
  const query = useJobs({ kind, status });
  const { data: able } = useKinds();
  useEffect(
    () =>
      onUserEvent((type) => {
        if (type === "job.changed" || type === "snapshot") void jobsAgain();
      }),
    [],
  );
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const narrowed = kind !== "" || status !== "";
  const moving = new Set(
    items
      .filter(({ kind, status }) => !ended(status) && status !== "paused" && kind !== "schedule")
      .slice(0, MOVING)
      .map(({ id }) => id),
  );

  return (
    <div className={styles["page"]}>
      <div className={styles["frame"]}>
        <header className={styles["head"]}>
          <div>
            <h1 className={styles["title"]}>{t("jobs.title")}</h1>
            <p className={styles["hint"]}>{t("jobs.hint")}</p>
          </div>
          <NewMenu />
        </header>
        <div className={styles["tools"]}>
          <Select aria-label={t("jobs.kind")} value={kind} onChange={(event) => setKind(event.target.value)}>
            <option value="">{t("jobs.kind_all")}</option>
            {kinds.map((name) => (
              <option key={name} value={name}>
                {kindWord(t, name)}
              </option>
            ))}
          </Select>
          <Select
            aria-label={t("jobs.status")}
            value={status}
            onChange={(event) => setStatus(event.target.value)}
          >
            <option value="">{t("jobs.status_all")}</option>
            {statuses.map((name) => (
              <option key={name} value={name}>
                {t(`jobs.status_${name}`)}
              </option>
            ))}
          </Select>
        </div>
        {query.isError ? (
          <State
            title={t("jobs.failed")}
            next={<Button onClick={() => void query.refetch()}>{t("common.retry")}</Button>}
          >
            {explain(query.error)}
          </State>
        ) : !query.data ? (
          <Loading />
        ) : items.length === 0 ? (
          narrowed ? (
            <State
              title={t("jobs.none_here")}
              next={
                <Button
                  onClick={() => {
                    setKind("");
                    setStatus("");
                  }}
                >
                  {t("jobs.show_all")}
                </Button>
              }
            />
          ) : (
            <State
              title={t("jobs.empty_title")}
              next={
                <>
                  <ButtonLink look="primary" href={paths.newJob("batch")}>
                    {t("jobs.new_batch")}
                  </ButtonLink>
                  {able?.kinds.includes("research") ? (
                    <ButtonLink href={paths.newJob("research")}>{t("jobs.new_research")}</ButtonLink>
                  ) : null}
                </>
              }
            >
              {t("jobs.empty_text")}
            </State>
          )
        ) : (
          <>
            <ul className={styles["rows"]} aria-label={t("jobs.title")} aria-busy={query.isPlaceholderData}>
              {items.map((job) => (
                <Row key={job.id} job={job} moves={moving.has(job.id)} />
              ))}
            </ul>
            {query.hasNextPage ? (
              <div className={styles["rest"]}>
                <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                  {t("jobs.show_more")}
                </Button>
              </div>
            ) : null}
          </>
        )}
      </div>
    </div>
  );
}

function Row({ job: listed, moves }: { job: Job; moves: boolean }) {
  const t = useT();
  const job = merged(listed, useFollowed(moves ? listed.id : null));
  const { kind, total, done, failed, cost, eta_s: eta, created, started } = job;
  const name = nameOf(t, job);
  return (
    <li className={styles["row"]}>
      <span className={styles["sign"]}>
        <KindIcon kind={kind} />
      </span>
      <div className={styles["text"]}>
        <Link href={paths.job(job.id)} className={styles["name"] ?? ""}>
          {name}
        </Link>
        <p className={styles["detail"]}>
          {name === kindWord(t, kind) ? null : <span>{kindWord(t, kind)}</span>}
          <span>{formatAgo(started ?? created)}</span>
          {kind === "schedule" ? (
            <span>{t("jobs.came", { count: done })}</span>
          ) : total > 0 ? (
            <span>{t("jobs.of", { done: formatNumber(done + failed), total: formatNumber(total) })}</span>
          ) : null}
          {failed > 0 && kind !== "schedule" && kind !== "research" ? (
            <span className={styles["bad"]}>{t("jobs.failed_count", { count: failed })}</span>
          ) : null}
          {cost > 0 ? <span>{money(cost)}</span> : null}
          {eta !== null && job.status === "running" ? (
            <span>{t("jobs.left", { time: duration(eta) })}</span>
          ) : null}
        </p>
        {ended(job.status) || kind === "schedule" ? null : <Bar job={job} label={name} thin />}
      </div>
      <Standing job={job} />
    </li>
  );
}

function Loading() {
  const t = useT();
  return (
    <div className={styles["rows"]} role="status" aria-label={t("common.loading")}>
      {["38%", "52%", "30%"].map((width) => (
        <div key={width} className={styles["row"]}>
          <div className={styles["text"]}>
            <Skeleton width={width} />
            <Skeleton width="60%" style={{ marginBlockStart: "0.75rem" }} />
          </div>
        </div>
      ))}
    </div>
  );
}
