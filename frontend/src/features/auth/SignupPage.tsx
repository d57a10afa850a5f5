import { useState } from "react";
import { Link } from "wouter";
import { account } from "@/api/account";
import { ApiError } from "@/api/errors";
import { formErrors } from "@/api/formErrors";
import { useT } from "@/lib/i18n";
import { paths } from "@/lib/router";
import { useForm } from "@/lib/useForm";
import { Button, Field, Input, Note, PasswordInput } from "@/ui";
import { proceed } from "./after";
import { AuthLayout, authStyles as styles } from "./AuthLayout";
import { VerifyNotice } from "./VerifyPage";

export function SignupPage() {
  const t = useT();
  const [sentTo, setSentTo] = useState<string | null>(null);
  const names = ["name", "email", "password"];
  const form = useForm({
    required: ["email", "password"],
    missing: t("common.required"),
    // Who is refused for another reason is told it in a sentence: a page behind a proxy that hides its address, say.
    read: (error) =>
      error instanceof ApiError && error.status === 403
        ? { general: error.message || t("auth.closed"), fields: {} }
        : formErrors(names)(error),
    work: async ({ name = "", email = "", password = "" }) => {
      const outcome = await account.signup({
        email,
        password,
        ...(name.trim() ? { name: name.trim() } : {}),
      });
      if (outcome === "verify_email") setSentTo(email);
      else await proceed(outcome);
    },
  });

  if (sentTo !== null) return <VerifyNotice email={sentTo} />;
  return (
    <AuthLayout
      title={t("auth.signup_title")}
      foot={
        <>
          {t("auth.to_login")}{" "}
          <Link href={`${paths.login}${window.location.search}`}>{t("auth.to_login_link")}</Link>
        </>
      }
    >
      <form className={styles["form"]} {...form.formProps}>
        <Field label={t("auth.name")} hint={t("auth.name_hint")} error={form.errors.fields["name"]}>
          {(control) => <Input {...control} name="name" autoComplete="name" maxLength={100} />}
        </Field>
        <Field label={t("auth.email")} error={form.errors.fields["email"]}>
          {(control) => (
            <Input {...control} name="email" type="email" autoComplete="username" inputMode="email" />
          )}
        </Field>
        <Field
          label={t("auth.password")}
          hint={t("auth.password_hint")}
          error={form.errors.fields["password"]}
        >
          {(control) => <PasswordInput {...control} name="password" autoComplete="new-password" />}
        </Field>
        <div className={styles["submit"]}>
          {form.errors.general ? <Note kind="danger">{form.errors.general}</Note> : null}
          <Button type="submit" look="primary" wide busy={form.busy}>
            {t("auth.signup")}
          </Button>
        </div>
      </form>
    </AuthLayout>
  );
}
