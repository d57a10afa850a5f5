import { useState } from "react";
import { Link } from "wouter";
import { account } from "@/api/account";
import { formErrors } from "@/api/formErrors";
import { useT } from "@/lib/i18n";
import { paths } from "@/lib/router";
import { useForm } from "@/lib/useForm";
import { Button, Field, Input, Note } from "@/ui";
import { AuthLayout, authStyles as styles } from "./AuthLayout";

export function ForgotPage() {
  const t = useT();
  const [sentTo, setSentTo] = useState<string | null>(null);
  const form = useForm({
    required: ["email"],
    missing: t("common.required"),
    read: formErrors(["email"]),
    work: async ({ email = "" }) => {
      await account.requestReset(email);
      setSentTo(email);
    },
  });
  const back = <Link href={paths.login}>{t("auth.back_to_login")}</Link>;

  if (sentTo !== null)
    return (
      <AuthLayout
        title={t("auth.forgot_sent_title")}
        intro={<p role="status">{t("auth.forgot_sent_text", { email: sentTo })}</p>}
        foot={back}
      />
    );
  return (
    <AuthLayout title={t("auth.forgot_title")} intro={t("auth.forgot_text")} foot={back}>
      <form className={styles["form"]} {...form.formProps}>
        <Field label={t("auth.email")} error={form.errors.fields["email"]}>
          {(control) => (
            <Input
              {...control}
              name="email"
              type="email"
              autoComplete="username"
              inputMode="email"
              autoFocus
            />
          )}
        </Field>
        <div className={styles["submit"]}>
          {form.errors.general ? <Note kind="danger">{form.errors.general}</Note> : null}
          <Button type="submit" look="primary" wide busy={form.busy}>
            {t("auth.forgot_send")}
          </Button>
        </div>
      </form>
    </AuthLayout>
  );
}
