import { useState } from "react";
import { account } from "@/api/account";
import { formErrors } from "@/api/formErrors";
import { useT } from "@/lib/i18n";
import { paths } from "@/lib/router";
import { useForm } from "@/lib/useForm";
import { Button, ButtonLink, Field, Note, PasswordInput } from "@/ui";
import { proceed } from "./after";
import { AuthLayout, authStyles as styles } from "./AuthLayout";

export function ResetPage({ resetKey }: { resetKey: string }) {
  const t = useT();
  const [done, setDone] = useState(false);
  const form = useForm({
    required: ["password"],
    missing: t("common.required"),
    read: formErrors(["password"]),
    work: async ({ password = "" }) => {
      if (!(await proceed(await account.resetPassword(resetKey, password)))) setDone(true);
    },
  });

  if (done)
    return (
      <AuthLayout title={t("auth.login_title")} intro={<p role="status">{t("auth.reset_done")}</p>}>
        <div className={styles["form"]}>
          <ButtonLink href={paths.login} look="primary" wide>
            {t("auth.login")}
          </ButtonLink>
        </div>
      </AuthLayout>
    );
  return (
    <AuthLayout title={t("auth.reset_title")}>
      <form className={styles["form"]} {...form.formProps}>
        <Field
          label={t("auth.new_password")}
          hint={t("auth.password_hint")}
          error={form.errors.fields["password"]}
        >
          {(control) => <PasswordInput {...control} name="password" autoComplete="new-password" autoFocus />}
        </Field>
        <div className={styles["submit"]}>
          {form.errors.general ? <Note kind="danger">{form.errors.general}</Note> : null}
          <Button type="submit" look="primary" wide busy={form.busy}>
            {t("auth.reset_do")}
          </Button>
        </div>
      </form>
    </AuthLayout>
  );
}
