import { account } from "@/api/account";
import { formErrors } from "@/api/formErrors";
import { me as profile } from "@/api/me";
import { setMe, useMe } from "@/api/session";
import { useT } from "@/lib/i18n";
import { useForm } from "@/lib/useForm";
import { Button, Field, Input, Note, PasswordInput, toast } from "@/ui";
import { Section } from "./Section";
import styles from "./Settings.module.css";

export function ProfileTab({ onSignOut }: { onSignOut: () => void }) {
  const t = useT();
  const me = useMe();
  return (
    <>
      <Section title={t("settings.profile")}>
        <dl className={styles["facts"]}>
          <dt>{t("settings.email")}</dt>
          <dd>{me?.email}</dd>
          <dt>{t("settings.role")}</dt>
          <dd>{me ? t(`settings.role_${me.role}`) : null}</dd>
        </dl>
        <NameForm key={me?.id} name={me?.name ?? ""} />
      </Section>
      <Section title={t("settings.password_title")}>
        <PasswordForm email={me?.email ?? ""} />
      </Section>
      <Section
        title={t("settings.sign_out")}
        hint={t("settings.sign_out_text")}
        action={<Button onClick={onSignOut}>{t("settings.sign_out")}</Button>}
      />
    </>
  );
}

function NameForm({ name }: { name: string }) {
  const t = useT();
  const form = useForm({
    required: ["name"],
    missing: t("common.required"),
    read: formErrors(["name"]),
    work: async ({ name: next = "" }) => {
      setMe(await profile.rename(next.trim()));
      toast({ text: t("settings.name_saved") });
    },
  });
  return (
    <form className={styles["form"]} {...form.formProps}>
      <Field label={t("settings.name")} error={form.errors.fields["name"]}>
        {(control) => (
          <Input {...control} name="name" defaultValue={name} autoComplete="name" maxLength={100} />
        )}
      </Field>
      {form.errors.general ? <Note kind="danger">{form.errors.general}</Note> : null}
      <div className={styles["actions"]}>
        <Button type="submit" look="primary" busy={form.busy}>
          {t("common.save")}
        </Button>
      </div>
    </form>
  );
}

function PasswordForm({ email }: { email: string }) {
  const t = useT();
  const form = useForm({
    required: ["current_password", "new_password"],
    missing: t("common.required"),
    read: formErrors(["current_password", "new_password"]),
    work: async ({ current_password = "", new_password = "" }, element) => {
      await account.changePassword(current_password, new_password);
      element.reset();
      toast({ text: t("settings.password_saved") });
    },
  });
  return (
    <form className={styles["form"]} {...form.formProps}>
      {/* Password managers want to know whose password this is. */}
      <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
      <Field label={t("auth.current_password")} error={form.errors.fields["current_password"]}>
        {(control) => <PasswordInput {...control} name="current_password" autoComplete="current-password" />}
      </Field>
      <Field
        label={t("auth.new_password")}
        hint={t("auth.password_hint")}
        error={form.errors.fields["new_password"]}
      >
        {(control) => <PasswordInput {...control} name="new_password" autoComplete="new-password" />}
      </Field>
      {form.errors.general ? <Note kind="danger">{form.errors.general}</Note> : null}
      <div className={styles["actions"]}>
        <Button type="submit" busy={form.busy}>
          {t("settings.password_change")}
        </Button>
      </div>
    </form>
  );
}
