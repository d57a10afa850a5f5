import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useState } from "react";
import { explain } from "@/api/errors";
import { useMe } from "@/api/session";
import { type By, usage, type UsageSums, type View } from "@/api/usage";
import { cx } from "@/lib/cx";
import { useT } from "@/lib/i18n";
import { money } from "@/lib/money";
import { Button, Segments, Select, Skeleton, State, VisuallyHidden } from "@/ui";
import { Breakdown } from "./Breakdown";
import { Budgets } from "./Budgets";
import { Chart } from "./Chart";
import { isUnpriced, type Measure, measures, period, type Range, ranges, seconds, short } from "./figures";
import styles from "./Usage.module.css";

const own: By[] = ["model", "day", "key", "template"];
const everybodys: By[] = ["model", "user", "team", "day", "key", "template"];

/** What was used and what it cost: the person's own, and everybody's for who may see it. */
export default function UsagePage() {
  const t = useT();
  const me = useMe();
  const [view, setView] = useState<View>("own");
  const [range, setRange] = useState<Range>("30");
  const [wanted, setMeasure] = useState<Measure>();
  const [chosen, setBy] = useState<By>("model");
  const bys = view === "all" ? everybodys : own;
  const by = bys.includes(chosen) ? chosen : "model";
  const question = { ...period(Number(range)), view };

  const days = useUsage({ ...question, by: "day" });
  const groups = useUsage({ ...question, by });
  const total = days.data?.total;
  const measure = wanted ?? (total?.cost === 0 && total.unpriced > 0 ? "tokens" : "cost");

  return (
    <div className={styles["page"]}>
      <div className={styles["frame"]}>
        <header className={styles["head"]}>
          <h1>{t("usage.title")}</h1>
          <div className={styles["choices"]}>
            {me?.role === "admin" || me?.role === "manager" ? (
              <Segments
                name="view"
                label={t("usage.view")}
                value={view}
                options={[
                  { value: "own", label: t("usage.view_own") },
                  { value: "all", label: t("usage.view_all") },
                ]}
                onChange={setView}
              />
            ) : null}
            <Segments
              name="range"
              label={t("usage.range")}
              value={range}
              options={ranges.map((value) => ({
                value,
                label:
                  value === "365" ? t("usage.range_year") : t("usage.range_days", { count: Number(value) }),
              }))}
              onChange={setRange}
            />
          </div>
        </header>
        {days.isError ? (
          <State
            title={t("usage.failed")}
            next={<Button onClick={() => void days.refetch()}>{t("common.retry")}</Button>}
          >
            {explain(days.error)}
          </State>
        ) : (
          <>
            <Totals total={total} />
            {total?.calls === 0 ? (
              <State title={t("usage.empty_title")}>{t("usage.empty_text")}</State>
            ) : (
              <>
                <section className={styles["section"]} aria-labelledby="usage-days">
                  <header>
                    <h2 id="usage-days">{t("usage.days")}</h2>
                    <Segments
                      name="measure"
                      label={t("usage.measure")}
                      value={measure}
                      options={measures.map((value) => ({ value, label: t(`usage.measure_${value}`) }))}
                      onChange={setMeasure}
                    />
                  </header>
                  {days.data ? (
                    <Chart report={days.data} measure={measure} />
                  ) : (
                    <div className={styles["waiting"]} role="status">
                      <VisuallyHidden>{t("common.loading")}</VisuallyHidden>
                    </div>
                  )}
                </section>
                <section className={styles["section"]} aria-labelledby="usage-groups">
                  <header>
                    <h2 id="usage-groups">{t("usage.groups")}</h2>
                    <div className={styles["choices"]}>
                      <Select
                        aria-label={t("usage.by")}
                        value={by}
                        onChange={(event) => setBy(event.currentTarget.value as By)}
                      >
                        {bys.map((name) => (
                          <option key={name} value={name}>
                            {t(`usage.by_${name}`)}
                          </option>
                        ))}
                      </Select>
                      <a className={styles["csv"]} href={usage.table({ ...question, by })} download>
                        <Download size={16} aria-hidden="true" />
                        {t("usage.csv")}
                      </a>
                    </div>
                  </header>
                  {groups.data ? (
                    <div className={cx(groups.isPlaceholderData && styles["stale"])}>
                      <Breakdown report={groups.data} by={groups.data.by[0] ?? by} measure={measure} />
                    </div>
                  ) : (
                    <Skeleton width="70%" />
                  )}
                </section>
              </>
            )}
          </>
        )}
        <Budgets view={view} manages={me?.role === "admin" && view === "all"} />
        <p className={styles["quiet"]}>{t("usage.utc")}</p>
      </div>
    </div>
  );
}

function useUsage(question: Parameters<typeof usage.report>[0]) {
  return useQuery({
    queryKey: ["usage", question],
    queryFn: ({ signal }) => usage.report(question, signal),
    placeholderData: keepPreviousData,
    refetchOnMount: "always",
  });
}

function Totals({ total }: { total: UsageSums | undefined }) {
  const t = useT();
  const rows: [string, string | null, string | null][] = [
    [
      t("usage.cost"),
      total ? (isUnpriced(total) ? "–" : money(total.cost)) : null,
      total?.unpriced
        ? t("usage.unpriced", { count: total.unpriced })
        : total?.estimated
          ? t("usage.estimated", { count: total.estimated })
          : null,
    ],
    [
      t("usage.tokens"),
      total ? short(total.input_tokens + total.output_tokens) : null,
      total
        ? t("usage.tokens_split", { read: short(total.input_tokens), written: short(total.output_tokens) })
        : null,
    ],
    [
      t("usage.calls"),
      total ? short(total.calls) : null,
      total?.errors ? t("usage.errors_count", { count: total.errors }) : null,
    ],
    [
      t("usage.first"),
      total ? (total.first_token_ms === null ? "–" : seconds(total.first_token_ms)) : null,
      total?.tokens_per_s ? t("usage.per_second", { count: Math.round(total.tokens_per_s) }) : null,
    ],
  ];
  return (
    <dl className={styles["totals"]}>
      {rows.map(([name, value, more]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value ?? <Skeleton width="4rem" />}
            {more ? <small>{more}</small> : null}
          </dd>
        </div>
      ))}
    </dl>
  );
}
