import { ExternalLink } from "lucide-react";
import { useEffect, useMemo, useRef } from "react";
import { explain } from "@/api/errors";
import { type Report, useStoredPage } from "@/api/research";
import { formatDate, useT } from "@/lib/i18n";
import { Button, Dialog, Note, Skeleton } from "@/ui";
import { errorSaid } from "../said";
import { pieces } from "./marks";
import styles from "./Report.module.css";
import { hostOf } from "./Sources";

/** A source as it was stored, with what the report quotes of it in its place. */
export function SourceDialog({
  job,
  number,
  citation,
  report,
  onClose,
}: {
  job: string;
  number: number;
  citation: number | null;
  report: Report;
  onClose: () => void;
}) {
  const t = useT();
  const { data: page, isError, error, refetch } = useStoredPage(job, number);
  const cited = report.citations.find((one) => one.number === citation);
  const cut = useMemo(() => (page ? pieces(page.text, page.passages) : []), [page]);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    box.current?.querySelector("[data-now]")?.scrollIntoView({ block: "center" });
  }, [cut]);
  const known = report.sources.find((one) => one.number === number);
  const url = page?.url ?? known?.url ?? "";
  const fetched = page?.fetched ?? known?.fetched ?? null;
  return (
    <Dialog
      title={page?.title || known?.title || hostOf(url)}
      onClose={onClose}
      className={styles["dialog"]}
      reads
      foot={
        <a className={styles["download"]} href={url} target="_blank" rel="noopener noreferrer nofollow">
          <ExternalLink size={16} aria-hidden="true" />
          {t("jobs.source_open", { host: hostOf(url) })}
        </a>
      }
    >
      <div className={styles["page"]} ref={box}>
        <p className={styles["facts"]}>
          {fetched
            ? t("jobs.source_fetched", {
                date: formatDate(fetched, { dateStyle: "medium", timeStyle: "short" }),
              })
            : hostOf(url)}
          {page?.truncated ? ` · ${t("jobs.source_truncated")}` : ""}
        </p>
        {cited ? (
          <p className={styles["claim"]}>
            {t("jobs.source_claim", { number: cited.number, claim: cited.claim })}
          </p>
        ) : null}
        {isError ? (
          <Note kind="danger">
            {explain(error)}{" "}
            <Button small onClick={() => void refetch()}>
              {t("common.retry")}
            </Button>
          </Note>
        ) : !page ? (
          <Skeleton width="80%" />
        ) : page.text === "" ? (
          <Note kind="warn">{t("jobs.source_failed", { reason: errorSaid(t, page.error) })}</Note>
        ) : (
          <div className={styles["stored"]}>
            {cut.map(({ text, citations }, index) =>
              citations.length === 0 ? (
                text
              ) : (
                <mark
                  key={index}
                  data-now={citation !== null && citations.includes(citation) ? "" : undefined}
                >
                  {text}
                </mark>
              ),
            )}
          </div>
        )}
      </div>
    </Dialog>
  );
}
