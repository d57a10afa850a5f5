import { formErrors } from "@/api/formErrors";
import { useT } from "@/lib/i18n";
import { useForm } from "@/lib/useForm";
import { Button, Dialog, Field, Input, Note } from "@/ui";
import styles from "./Template.module.css";

/** Asks for a label of one's own. */
export function LabelDialog({
  onName,
  onClose,
}: {
  onName: (label: string) => Promise<void>;
  onClose: () => void;
}) {
  const t = useT();
  const form = useForm({
    required: ["label"],
    missing: t("common.required"),
    read: formErrors(["label"]),
    work: async ({ label = "" }) => {
      await onName(label.trim().toLowerCase().replaceAll(/\s+/g, "-"));
      onClose();
    },
  });
  return (
    <Dialog title={t("prompts.label_own")} onClose={onClose}>
      <form className={styles["form"]} {...form.formProps}>
        <Field
          label={t("prompts.label_name")}
          hint={t("prompts.label_hint")}
          error={form.errors.fields["label"]}
        >
          {(control) => <Input {...control} name="label" autoFocus autoComplete="off" maxLength={40} />}
        </Field>
        {form.errors.general ? <Note kind="danger">{form.errors.general}</Note> : null}
        <div className={styles["end"]}>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={form.busy}>
            {t("common.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
