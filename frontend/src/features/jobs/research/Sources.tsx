import { CircleAlert, Clock } from "lucide-react";
import type { Report } from "@/api/research";
import { useT } from "@/lib/i18n";
import { errorSaid } from "../said";
import styles from "./Report.module.css";

export function hostOf(address: string): string {
  try {
    return new URL(address).hostname.replace(/^www\./, "");
  } catch {
    return address;
  }
}

/** The pages that were read, the cited ones first, and those that could not be. */
export function Sources({ report, onOpen }: { report: Report; onOpen: (number: number) => void }) {
  const t = useT();
  const { sources, citations } = report;
  if (sources.length === 0) return null;
  const marks = (source: number) =>
    citations
      .filter((one) => one.source === source)
      .map(({ number }) => `[${number}]`)
      .join(" ");
  const order = { read: 1, waiting: 2, failed: 3 };
  const sorted = [...sources].sort(
    (a, b) => Number(b.cited) - Number(a.cited) || order[a.status] - order[b.status] || a.number - b.number,
  );
  return (
    <section>
      <h2>{t("jobs.sources_count", { count: sources.length })}</h2>
      <ul className={styles["sources"]}>
        {sorted.map(({ number, url, title, status, error }) => (
          <li key={number} data-status={status}>
            {status === "read" ? (
              <button type="button" onClick={() => onOpen(number)}>
                {title || url}
              </button>
            ) : (
              <span className={styles["named"]}>{title || url}</span>
            )}
            <small>
              {hostOf(url)}
              {marks(number) ? <span className={styles["marks"]}> {marks(number)}</span> : null}
            </small>
            {status === "failed" ? (
              <small className={styles["unread"]}>
                <CircleAlert size={14} aria-hidden="true" />
                {t("jobs.source_failed", { reason: errorSaid(t, error) })}
              </small>
            ) : status === "waiting" ? (
              <small>
                <Clock size={14} aria-hidden="true" />
                {t("jobs.source_waiting")}
              </small>
            ) : null}
          </li>
        ))}
      </ul>
    </section>
  );
}
