import { Download } from "lucide-react";
import {
  createElement,
  type MouseEvent,
  use,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from "react";
import { explain } from "@/api/errors";
import type { Job } from "@/api/jobs";
import { type Report as Found, reportAgain, reportHref, useReport } from "@/api/research";
import { formatNumber, type Key, useT } from "@/lib/i18n";
import { Button, Note, Skeleton, State } from "@/ui";
import { followOf } from "../follow";
import { errorSaid, said, type Told } from "../said";
import { ended } from "../words";
import { ArticleContext } from "./article";
import { type LiveReport, LiveResearch } from "./live";
import { citationOf, linked } from "./marks";
import styles from "./Report.module.css";
import { SourceDialog } from "./SourceDialog";
import { Sources } from "./Sources";

/** A research: its steps while it works, then its report beside the sources. */
export function Report({ job }: { job: Job }) {
  const t = useT();
  const { id } = job;
  const query = useReport(id);
  const [live] = useState(() => new LiveResearch(() => reportAgain(id)));
  const now = useSyncExternalStore(live.subscribe, live.get);
  useEffect(() => {
    const stop = followOf(id).listen(live);
    return () => {
      stop();
      live.close();
    };
  }, [id, live]);
  const { status } = job;
  useEffect(() => {
    if (ended(status)) void reportAgain(id);
  }, [id, status]);
  const [open, setOpen] = useState<{ source: number; citation: number | null } | null>(null);

  const report = query.data;
  if (query.isError && !report)
    return (
      <State
        title={t("jobs.report_failed")}
        next={<Button onClick={() => void query.refetch()}>{t("common.retry")}</Button>}
      >
        {explain(query.error)}
      </State>
    );
  if (!report) return <Skeleton width="70%" />;
  const works = !ended(status);
  return (
    <div className={styles["desk"]}>
      <div className={styles["main"]}>
        {works ? <Doing live={now} queued={status !== "running"} /> : null}
        <Written
          report={report}
          live={now}
          works={works}
          onCitation={(number) => {
            const citation = report.citations.find((one) => one.number === number);
            if (citation) setOpen({ source: citation.source, citation: number });
          }}
        />
        {report.stopped ? (
          <Note kind="quiet">
            {said(t, { ...(report.stopped_said as Partial<Told> | null), text: report.stopped })}
          </Note>
        ) : null}
        <Dropped report={report} />
        {report.markdown && !works ? (
          <p>
            <a className={styles["download"]} href={reportHref(id)} download>
              <Download size={16} aria-hidden="true" />
              {t("jobs.report_download")}
            </a>
          </p>
        ) : null}
      </div>
      <aside className={styles["aside"]} aria-label={t("jobs.sources")}>
        <Sources
          report={report}
          onOpen={(source) =>
            setOpen({
              source,
              citation: report.citations.find((one) => one.source === source)?.number ?? null,
            })
          }
        />
        <Plan report={report} />
      </aside>
      {open ? (
        <SourceDialog
          job={id}
          number={open.source}
          citation={open.citation}
          report={report}
          onClose={() => setOpen(null)}
        />
      ) : null}
    </div>
  );
}

function Written({
  report,
  live,
  works,
  onCitation,
}: {
  report: Found;
  live: LiveReport;
  works: boolean;
  onCitation: (number: number) => void;
}) {
  const t = useT();
  const article = use(ArticleContext);
  const { markdown, verified, citations, sources } = report;
  const text = useMemo(
    () => (markdown !== null && verified ? linked(markdown, citations, sources) : markdown),
    [markdown, verified, citations, sources],
  );
  const shown = text ?? live.text;
  const onClick = (event: MouseEvent) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    const number = link && citationOf(link.href);
    if (number === null || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    onCitation(number);
  };
  if (shown === null || !article)
    return works ? null : <State title={t("jobs.report_none")}>{t("jobs.report_none_text")}</State>;
  return (
    <div className={styles["report"]} onClick={onClick} aria-busy={works || undefined}>
      <h2 className={styles["unseen"]}>{t("jobs.tab_report")}</h2>
      {createElement(article, { text: shown, streaming: text === null })}
    </div>
  );
}

const words: Record<string, Key> = {
  plan: "jobs.doing_plan",
  search: "jobs.doing_search",
  read: "jobs.doing_read",
  note: "jobs.doing_note",
  write: "jobs.doing_write",
  verify: "jobs.doing_verify",
};

/** What is being done just now. */
function Doing({ live, queued }: { live: LiveReport; queued: boolean }) {
  const t = useT();
  return (
    <ul className={styles["doing"]} aria-label={t("jobs.doing")}>
      {live.doing.length === 0 ? (
        <li>{t(queued ? "jobs.doing_wait" : "jobs.doing_think")}</li>
      ) : (
        live.doing.map(({ row, type, what }) => (
          <li key={row} data-now="">
            {t(words[type] ?? "jobs.doing_think", { what })}
          </li>
        ))
      )}
    </ul>
  );
}

/** What was asked, and where: round by round. */
function Plan({ report }: { report: Found }) {
  const t = useT();
  const { plan, searches } = report;
  if (plan.length === 0 && searches.length === 0) return null;
  return (
    <section>
      <h2>{t("jobs.plan")}</h2>
      <ol className={styles["plan"]}>
        {plan.map(({ round, questions, reason }) => (
          <li key={round}>
            <strong>{t("jobs.round", { number: round })}</strong>
            <ul>
              {questions.map((question) => (
                <li key={question}>{question}</li>
              ))}
            </ul>
            {reason ? <p>{reason}</p> : null}
          </li>
        ))}
      </ol>
      {searches.length > 0 ? (
        <details className={styles["more"]}>
          <summary>{t("jobs.searches", { count: searches.length })}</summary>
          <ul>
            {searches.map(({ query, found, error }, index) => (
              <li key={index}>
                “{query}” ·{" "}
                {error ? (
                  <span data-look="danger">{errorSaid(t, error)}</span>
                ) : (
                  t("jobs.found", { count: found })
                )}
              </li>
            ))}
          </ul>
        </details>
      ) : null}
    </section>
  );
}

/** Claims whose quote was not found in its source: said, not hidden. */
function Dropped({ report: { dropped, verified } }: { report: Found }) {
  const t = useT();
  if (!verified || dropped.length === 0) return null;
  return (
    <details className={styles["more"]}>
      <summary>{t("jobs.dropped", { count: dropped.length })}</summary>
      <ul>
        {dropped.map(({ source, claim, reason }, index) => (
          <li key={index}>
            {claim} <small>{t("jobs.dropped_why", { number: formatNumber(source), reason })}</small>
          </li>
        ))}
      </ul>
    </details>
  );
}
