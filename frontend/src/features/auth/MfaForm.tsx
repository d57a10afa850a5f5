import { account } from "@/api/account";
import { formErrors } from "@/api/formErrors";
import { useT } from "@/lib/i18n";
import { useForm } from "@/lib/useForm";
import { Button, Field, Input, Note } from "@/ui";
import { proceed } from "./after";
import { AuthLayout, authStyles as styles } from "./AuthLayout";

export function MfaForm() {
  const t = useT();
  const form = useForm({
    required: ["code"],
    missing: t("common.required"),
    read: formErrors(["code"]),
    work: async ({ code = "" }) => {
      await proceed(await account.mfa(code.replace(/\s/g, "")));
    },
  });
  return (
    <AuthLayout title={t("auth.mfa_title")} intro={t("auth.mfa_text")}>
      <form className={styles["form"]} {...form.formProps}>
        <Field label={t("auth.mfa_code")} error={form.errors.fields["code"]}>
          {(control) => <Input {...control} name="code" autoComplete="one-time-code" autoFocus />}
        </Field>
        <div className={styles["submit"]}>
          {form.errors.general ? <Note kind="danger">{form.errors.general}</Note> : null}
          <Button type="submit" look="primary" wide busy={form.busy}>
            {t("auth.mfa_do")}
          </Button>
        </div>
      </form>
    </AuthLayout>
  );
}
