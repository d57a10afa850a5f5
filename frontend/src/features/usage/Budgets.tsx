import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { explain } from "@/api/errors";
import { type Budget, usage, type View } from "@/api/usage";
import { formatDate, useT } from "@/lib/i18n";
import { Button, IconButton, Skeleton, toast } from "@/ui";
import { BudgetDialog } from "./BudgetDialog";
import { shown } from "./figures";
import styles from "./Usage.module.css";

/** How much of each budget is used; administrators set and remove them here. */
export function Budgets({ view, manages }: { view: View; manages: boolean }) {
  const t = useT();
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const query = useQuery({
    queryKey: ["budgets", view],
    queryFn: ({ signal }) => usage.budgets(view, signal),
  });
  const again = () => client.invalidateQueries({ queryKey: ["budgets"] });

  const remove = (budget: Budget) => {
    usage.removeBudget(budget.id).then(
      async () => {
        await again();
        toast({
          text: t("usage.budget_removed"),
          action: {
            label: t("common.undo"),
            run: () => {
              const { name, scope, period, measure, limit } = budget;
              const subject = budget.each ? null : budget.subject;
              usage
                .setBudget({ name, scope, subject, period, measure, limit })
                .then(again, (error: unknown) => toast({ text: explain(error) }));
            },
          },
        });
      },
      (error: unknown) => toast({ text: explain(error) }),
    );
  };

  return (
    <section className={styles["section"]} aria-labelledby="usage-budgets">
      <header>
        <h2 id="usage-budgets">{t("usage.budgets")}</h2>
        {manages ? (
          <Button small icon={<Plus size={16} aria-hidden="true" />} onClick={() => setAsking(true)}>
            {t("usage.budget_new")}
          </Button>
        ) : null}
      </header>
      {query.data === undefined ? (
        query.isError ? (
          <p role="alert">{explain(query.error)}</p>
        ) : (
          <Skeleton width="60%" />
        )
      ) : query.data.items.length === 0 ? (
        <p className={styles["quiet"]}>
          {t(view === "all" ? "usage.budgets_none_all" : "usage.budgets_none")}
        </p>
      ) : (
        <ul className={styles["budgets"]}>
          {query.data.items.map((budget) => (
            <li key={`${budget.id} ${budget.subject ?? ""}`}>
              <Meter budget={budget} />
              {manages ? (
                <IconButton small label={t("usage.budget_remove")} onClick={() => remove(budget)}>
                  <Trash2 size={16} />
                </IconButton>
              ) : null}
            </li>
          ))}
        </ul>
      )}
      {asking ? (
        <BudgetDialog
          onClose={() => setAsking(false)}
          onSet={() => {
            setAsking(false);
            void again();
          }}
        />
      ) : null}
    </section>
  );
}

function Meter({ budget }: { budget: Budget }) {
  const t = useT();
  const whose =
    budget.subject_name ?? t(budget.each ? `usage.each_${scopeOf(budget)}` : `usage.scope_${budget.scope}`);
  const label = `${budget.name || whose} · ${t(`usage.period_${budget.period}`)}`;
  const state = budget.percent >= 100 ? "full" : budget.percent >= 80 ? "near" : "fine";
  const values = { used: shown(budget.used, budget.measure), limit: shown(budget.limit, budget.measure) };
  return (
    <div className={styles["budget"]}>
      <div className={styles["line"]}>
        <span className={styles["who"]}>{label}</span>
        <span className={styles["of"]}>
          {t(`usage.used_${budget.measure}`, values)}
          {state === "fine" ? null : <strong data-state={state}> {t(`usage.state_${state}`)}</strong>}
        </span>
      </div>
      <div
        className={styles["meter"]}
        data-state={state}
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.min(100, Math.round(budget.percent))}
        aria-valuetext={t(`usage.used_${budget.measure}`, values)}
      >
        <span style={{ inlineSize: `${Math.min(100, budget.percent)}%` }} />
      </div>
      <p className={styles["resets"]}>
        {budget.name && budget.subject_name ? `${whose} · ` : ""}
        {t("usage.resets", { date: formatDate(budget.resets, { dateStyle: "medium", timeZone: "UTC" }) })}
      </p>
    </div>
  );
}

/** `each` is never said of everybody together. */
const scopeOf = (budget: Budget) => (budget.scope === "everybody" ? "user" : budget.scope);
