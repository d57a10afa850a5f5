import { explain } from "@/api/errors";
import { useTimes } from "@/api/jobs";
import { formatAgo, formatDate, useT } from "@/lib/i18n";
import styles from "./Jobs.module.css";

/** The next times of a schedule, by its own clock. */
export function Times({ cron, timezone }: { cron: string; timezone: string }) {
  const t = useT();
  const { data, error, isPlaceholderData } = useTimes(cron, timezone);
  if (error) return <p className={styles["bad"]}>{explain(error)}</p>;
  if (!data) return <p className={styles["quiet"]}>{t("common.loading")}</p>;
  if (data.times.length === 0) return <p className={styles["bad"]}>{t("jobs.never")}</p>;
  return (
    <ol className={styles["times"]} aria-busy={isPlaceholderData}>
      {data.times.map((time) => (
        <li key={time}>
          <time dateTime={time}>
            {formatDate(time, {
              weekday: "short",
              day: "numeric",
              month: "short",
              hour: "2-digit",
              minute: "2-digit",
              timeZone: timezone,
              timeZoneName: "short",
            })}
          </time>
          <small>{formatAgo(time)}</small>
        </li>
      ))}
    </ol>
  );
}
