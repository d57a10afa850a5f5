import { formErrors } from "@/api/formErrors";
import { type Job, jobIs, jobs } from "@/api/jobs";
import { useT } from "@/lib/i18n";
import { money } from "@/lib/money";
import { useForm } from "@/lib/useForm";
import { Button, Dialog, Field, Input, Note } from "@/ui";
import styles from "./Form.module.css";
import { amountOf } from "./make/numbers";

/** Goes on under another cap. */
export function CapDialog({ job, onClose }: { job: Job; onClose: () => void }) {
  const t = useT();
  const form = useForm({
    required: ["cost_cap"],
    missing: t("common.required"),
    read: formErrors(["cost_cap"]),
    work: async ({ cost_cap: given = "" }) => {
      jobIs(await jobs.resume(job.id, amountOf(given, "cost_cap") ?? undefined));
      onClose();
    },
  });
  const now = job.cost_cap ?? 0;
  return (
    <Dialog title={t("jobs.raise_cap")} onClose={onClose}>
      <form className={styles["form"]} {...form.formProps}>
        <Field
          label={t("jobs.cap")}
          hint={t("jobs.cap_now", { cost: money(job.cost), cap: money(now) })}
          error={form.errors.fields["cost_cap"]}
        >
          {(control) => (
            <Input
              {...control}
              name="cost_cap"
              inputMode="decimal"
              autoFocus
              autoComplete="off"
              defaultValue={now > 0 ? String(Number((now * 2).toPrecision(2))) : ""}
            />
          )}
        </Field>
        {form.errors.general ? <Note kind="danger">{form.errors.general}</Note> : null}
        <div className={styles["end"]}>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={form.busy}>
            {t("jobs.resume")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
