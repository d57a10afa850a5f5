import { useState } from "react";
import { Link } from "wouter";
import { account } from "@/api/account";
import { formErrors } from "@/api/formErrors";
import { useT } from "@/lib/i18n";
import { paths } from "@/lib/router";
import { useForm } from "@/lib/useForm";
import { Button, Field, Input, Note, PasswordInput } from "@/ui";
import { proceed } from "./after";
import { AuthLayout, authStyles as styles } from "./AuthLayout";
import { MfaForm } from "./MfaForm";
import { VerifyNotice } from "./VerifyPage";

export function LoginPage() {
  const t = useT();
  const [waitsFor, setWaitsFor] = useState<"mfa_authenticate" | "verify_email" | null>(null);
  const [email, setEmail] = useState("");
  const form = useForm({
    required: ["email", "password"],
    missing: t("common.required"),
    read: formErrors(["email", "password"]),
    work: async ({ email: address = "", password = "" }) => {
      setEmail(address);
      const outcome = await account.login(address, password);
      if (outcome === "mfa_authenticate" || outcome === "verify_email") setWaitsFor(outcome);
      else await proceed(outcome);
    },
  });
  const search = window.location.search;
  const returning = new URLSearchParams(search).has("next");

  if (waitsFor === "mfa_authenticate") return <MfaForm />;
  if (waitsFor === "verify_email") return <VerifyNotice email={email} />;
  return (
    <AuthLayout
      title={t("auth.login_title")}
      intro={returning ? t("auth.signed_out") : null}
      foot={
        <>
          {t("auth.to_signup")} <Link href={`${paths.signup}${search}`}>{t("auth.to_signup_link")}</Link>
        </>
      }
    >
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
        <Field label={t("auth.password")} error={form.errors.fields["password"]}>
          {(control) => <PasswordInput {...control} name="password" autoComplete="current-password" />}
        </Field>
        <div className={styles["after"]}>
          <Link href={paths.forgot}>{t("auth.forgot")}</Link>
        </div>
        <div className={styles["submit"]}>
          {form.errors.general ? <Note kind="danger">{form.errors.general}</Note> : null}
          <Button type="submit" look="primary" wide busy={form.busy}>
            {t("auth.login")}
          </Button>
        </div>
      </form>
    </AuthLayout>
  );
}
