import { formatNumber, useT } from "@/lib/i18n";
import { money } from "@/lib/money";
import { estimate } from "../estimate";
import styles from "../Form.module.css";
import type { Model } from "./models";

/** What it may cost, and what that is reckoned from. */
export function Cost({
  models,
  texts,
  rows,
  samples,
  maxTokens,
  ready,
}: {
  models: readonly Model[];
  texts: readonly string[];
  rows: number | null;
  samples: readonly Readonly<Record<string, string>>[];
  maxTokens: number | null;
  ready: boolean;
}) {
  const t = useT();
  if (!ready) return <p className={styles["price"]}>{t("jobs.estimate_wait")}</p>;
  const limit = maxTokens !== null && maxTokens > 0 ? maxTokens : null;
  const { row, all, unknown } = estimate({ models, texts, rows, samples, maxTokens: limit });
  if (row === null) return <p className={styles["price"]}>{t("jobs.estimate_none")}</p>;
  return (
    <p className={styles["price"]} aria-live="polite">
      <strong>
        {all === null
          ? t("jobs.estimate_row", { cost: money(row) })
          : t("jobs.estimate_all", { cost: money(all) })}
      </strong>
      <small>
        {unknown.length > 0
          ? t("jobs.estimate_without", { models: unknown.join(", ") })
          : t("jobs.estimate_how", { total: formatNumber(limit ?? 1000) })}
      </small>
    </p>
  );
}
