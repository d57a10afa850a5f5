import type { By, UsageGroup, UsageReport } from "@/api/usage";
import { formatDate, type T, useT } from "@/lib/i18n";
import { moneyColumn } from "@/lib/money";
import { VisuallyHidden } from "@/ui";
import { amount, isUnpriced, type Measure, seconds, short } from "./figures";
import styles from "./Usage.module.css";

function name(item: UsageGroup, by: By, t: T): string {
  if (by === "day") return item.day ? formatDate(item.day, { dateStyle: "medium", timeZone: "UTC" }) : "";
  if (by === "model") return item.model ?? "";
  const [id, called] = {
    user: [item.user, item.user_name],
    team: [item.team, item.team_name],
    key: [item.key, item.key_name],
    template: [item.template, item.template_name],
  }[by];
  if (called) return called;
  if (id) return t("usage.gone", { id: id.slice(0, 8) });
  return t(by === "key" ? "usage.no_key" : by === "team" ? "usage.no_team" : "usage.no_template");
}

/** The groups as a table, each with its share of the whole. */
export function Breakdown({ report, by, measure }: { report: UsageReport; by: By; measure: Measure }) {
  const t = useT();
  const items = by === "day" ? report.items.toReversed() : report.items;
  const whole = amount(report.total)[measure];
  const called = t(`usage.by_${by}`);
  const money = moneyColumn(items.map(({ cost }) => cost));
  return (
    <div
      className={styles["scroll"]}
      tabIndex={0}
      role="region"
      aria-label={t("usage.table_label", { by: called })}
    >
      <table className={styles["table"]}>
        <thead>
          <tr>
            <th scope="col">{called}</th>
            <th scope="col">{t("usage.cost")}</th>
            <th scope="col">{t("usage.read")}</th>
            <th scope="col">{t("usage.written")}</th>
            <th scope="col">{t("usage.calls")}</th>
            <th scope="col">{t("usage.first")}</th>
            <th scope="col">{t("usage.speed")}</th>
            <th scope="col">{t("usage.errors")}</th>
          </tr>
        </thead>
        <tbody>
          {items.map((item, index) => (
            <tr key={index}>
              <th scope="row">
                <span className={styles["who"]}>{name(item, by, t)}</span>
                <Share part={whole > 0 ? amount(item)[measure] / whole : 0} />
              </th>
              <td>
                {isUnpriced(item) ? (
                  <span data-tip={t("usage.no_price")}>
                    <span aria-hidden="true">–</span>
                    <VisuallyHidden>{t("usage.no_price")}</VisuallyHidden>
                  </span>
                ) : (
                  money(item.cost)
                )}
              </td>
              <td>{short(item.input_tokens)}</td>
              <td>{short(item.output_tokens)}</td>
              <td>
                {short(item.calls)}
                {item.estimated > 0 ? (
                  <span
                    className={styles["about"]}
                    data-tip={t("usage.estimated", { count: item.estimated })}
                  >
                    {" ≈"}
                    <VisuallyHidden>{t("usage.estimated", { count: item.estimated })}</VisuallyHidden>
                  </span>
                ) : null}
              </td>
              <td>{item.first_token_ms === null ? "–" : seconds(item.first_token_ms)}</td>
              <td>{item.tokens_per_s === null ? "–" : short(item.tokens_per_s)}</td>
              <td>{item.errors > 0 ? short(item.errors) : "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Share({ part }: { part: number }) {
  return (
    <span className={styles["share"]} aria-hidden="true">
      <span style={{ inlineSize: `${Math.max(part > 0 ? 1 : 0, part * 100)}%` }} />
    </span>
  );
}
