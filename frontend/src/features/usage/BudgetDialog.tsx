import { formErrors } from "@/api/formErrors";
import { type NewBudget, usage } from "@/api/usage";
import { useT } from "@/lib/i18n";
import { useForm } from "@/lib/useForm";
import { Button, Dialog, Field, Input, Note, Select } from "@/ui";
import styles from "./Usage.module.css";

const scopes = ["everybody", "user", "team", "key"] as const;

/** Asks for a budget: for everybody together, or for each person, team or key alone. */
export function BudgetDialog({ onClose, onSet }: { onClose: () => void; onSet: () => void }) {
  const t = useT();
  const form = useForm({
    required: ["limit"],
    missing: t("common.required"),
    read: formErrors(["name", "limit"]),
    work: async ({ name = "", scope, period, measure, limit }) => {
      await usage.setBudget({
        name: name.trim(),
        scope: scope as NewBudget["scope"],
        period: period as "day" | "month",
        measure: measure as "cost" | "tokens" | "requests",
        limit: Number(limit),
      });
      onSet();
    },
  });
  return (
    <Dialog title={t("usage.budget_new")} onClose={onClose}>
      <form className={styles["form"]} {...form.formProps}>
        <Field label={t("usage.budget_scope")}>
          {(control) => (
            <Select {...control} name="scope" autoFocus>
              {scopes.map((scope) => (
                <option key={scope} value={scope}>
                  {scope === "everybody" ? t("usage.scope_everybody") : t(`usage.each_${scope}`)}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <div className={styles["pair"]}>
          <Field label={t("usage.budget_limit")} error={form.errors.fields["limit"]}>
            {(control) => (
              <Input
                {...control}
                name="limit"
                type="number"
                inputMode="decimal"
                min={0}
                step="any"
                required
              />
            )}
          </Field>
          <Field label={t("usage.budget_measure")}>
            {(control) => (
              <Select {...control} name="measure">
                <option value="cost">{t("usage.unit_cost")}</option>
                <option value="tokens">{t("usage.unit_tokens")}</option>
                <option value="requests">{t("usage.unit_requests")}</option>
              </Select>
            )}
          </Field>
        </div>
        <Field label={t("usage.budget_period")}>
          {(control) => (
            <Select {...control} name="period" defaultValue="month">
              <option value="day">{t("usage.period_day")}</option>
              <option value="month">{t("usage.period_month")}</option>
            </Select>
          )}
        </Field>
        <Field label={t("usage.budget_name")} error={form.errors.fields["name"]}>
          {(control) => <Input {...control} name="name" autoComplete="off" maxLength={120} />}
        </Field>
        {form.errors.general ? <Note kind="danger">{form.errors.general}</Note> : null}
        <div className={styles["end"]}>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={form.busy}>
            {t("usage.budget_set")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
