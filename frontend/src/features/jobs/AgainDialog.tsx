import { useState } from "react";
import { formErrors } from "@/api/formErrors";
import { type Job, jobIs, jobs } from "@/api/jobs";
import { newId } from "@/lib/id";
import { useT } from "@/lib/i18n";
import { navigate, paths } from "@/lib/router";
import { useForm } from "@/lib/useForm";
import { Button, Dialog, Field, Input, Note } from "@/ui";
import styles from "./Form.module.css";
import { amountOf } from "./make/numbers";
import { nameOf } from "./words";

/** Begins another job like this one. */
export function AgainDialog({ job, onClose }: { job: Job; onClose: () => void }) {
  const t = useT();
  const [key] = useState(newId);
  const capped = job.kind === "batch" || job.kind === "research";
  const form = useForm({
    required: [],
    missing: t("common.required"),
    read: formErrors(["name", "spec.cost_cap"]),
    work: async ({ name = "", "spec.cost_cap": cap = "" }) => {
      const made = await jobs.clone(
        job.id,
        name.trim(),
        capped ? { cost_cap: amountOf(cap, "spec.cost_cap") } : {},
        key,
      );
      jobIs(made);
      onClose();
      navigate(paths.job(made.id));
    },
  });
  return (
    <Dialog title={t("jobs.clone")} onClose={onClose}>
      <form className={styles["form"]} {...form.formProps}>
        <p className={styles["quiet"]}>{t("jobs.clone_text")}</p>
        <Field label={t("jobs.name")} error={form.errors.fields["name"]}>
          {(control) => (
            <Input
              {...control}
              name="name"
              autoFocus
              autoComplete="off"
              maxLength={200}
              defaultValue={nameOf(t, job)}
            />
          )}
        </Field>
        {capped ? (
          <Field label={t("jobs.cap")} hint={t("jobs.cap_hint")} error={form.errors.fields["spec.cost_cap"]}>
            {(control) => (
              <Input
                {...control}
                name="spec.cost_cap"
                inputMode="decimal"
                autoComplete="off"
                defaultValue={job.cost_cap ?? ""}
              />
            )}
          </Field>
        ) : null}
        {form.errors.general ? <Note kind="danger">{form.errors.general}</Note> : null}
        <div className={styles["end"]}>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={form.busy}>
            {t("jobs.start")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
