import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { formErrors } from "@/api/formErrors";
import { keys, scopes } from "@/api/keys";
import type { NewApiKey, Scope } from "@/api/types";
import { useT } from "@/lib/i18n";
import { useForm } from "@/lib/useForm";
import { Button, Dialog, Field, Input, Note, Select } from "@/ui";
import { scopeWord } from "./KeysTab";
import styles from "./Settings.module.css";

const lifetimes = ["30", "90", "365", "never"] as const;
const day = 86_400_000;

/** Asks what the key is for and what it may; then shows it, once. */
export function NewKeyDialog({ onClose }: { onClose: () => void }) {
  const [made, setMade] = useState<NewApiKey | null>(null);
  return made ? <ShowKey made={made} onClose={onClose} /> : <AskKey onMade={setMade} onClose={onClose} />;
}

function AskKey({ onMade, onClose }: { onMade: (key: NewApiKey) => void; onClose: () => void }) {
  const t = useT();
  const [granted, setGranted] = useState<ReadonlySet<Scope>>(new Set(["completions", "models:read"]));
  const [scopeError, setScopeError] = useState(false);
  const form = useForm({
    required: ["name"],
    missing: t("common.required"),
    read: formErrors(["name", "expires"]),
    work: async ({ name = "", expires = "never" }) => {
      if (granted.size === 0) {
        setScopeError(true);
        return;
      }
      onMade(
        await keys.create({
          name: name.trim(),
          scopes: scopes.filter((scope) => granted.has(scope)),
          expires: expires === "never" ? null : new Date(Date.now() + Number(expires) * day).toISOString(),
        }),
      );
    },
  });
  const flip = (scope: Scope) => {
    const next = new Set(granted);
    if (!next.delete(scope)) next.add(scope);
    setGranted(next);
    setScopeError(false);
  };

  return (
    <Dialog title={t("settings.keys_new")} onClose={onClose}>
      <form className={styles["form"]} {...form.formProps}>
        <Field
          label={t("settings.keys_name")}
          hint={t("settings.keys_name_hint")}
          error={form.errors.fields["name"]}
        >
          {(control) => <Input {...control} name="name" autoFocus autoComplete="off" maxLength={80} />}
        </Field>
        <fieldset className={styles["checks"]} aria-invalid={scopeError || undefined}>
          <legend>{t("settings.keys_scopes")}</legend>
          {scopes.map((scope) => {
            const word = scopeWord(scope);
            return (
              <label key={scope} className={styles["check"]}>
                <input type="checkbox" checked={granted.has(scope)} onChange={() => flip(scope)} />
                <span>{word ? t(word) : scope}</span>
                <code>{scope}</code>
              </label>
            );
          })}
          {scopeError ? (
            <p className={styles["wrong"]} role="alert">
              {t("settings.keys_scopes_none")}
            </p>
          ) : null}
        </fieldset>
        <Field label={t("settings.keys_expiry")} error={form.errors.fields["expires"]}>
          {(control) => (
            <Select {...control} name="expires" defaultValue="90">
              {lifetimes.map((value) => (
                <option key={value} value={value}>
                  {value === "never"
                    ? t("settings.keys_expiry_never")
                    : value === "365"
                      ? t("settings.keys_expiry_year")
                      : t("settings.keys_expiry_days", { count: Number(value) })}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {form.errors.general ? <Note kind="danger">{form.errors.general}</Note> : null}
        <div className={styles["end"]}>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={form.busy}>
            {t("settings.keys_create")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function ShowKey({ made, onClose }: { made: NewApiKey; onClose: () => void }) {
  const t = useT();
  const [copied, setCopied] = useState(false);
  const copy = () => {
    navigator.clipboard.writeText(made.key).then(
      () => setCopied(true),
      // The key stands there selected by a click; without the clipboard it is copied by hand.
      () => undefined,
    );
  };
  return (
    <Dialog title={t("settings.keys_created_title")} onClose={onClose} stays>
      <p>{t("settings.keys_created_text")}</p>
      <code className={styles["secret"]}>{made.key}</code>
      <div className={styles["end"]}>
        <Button
          look="primary"
          autoFocus
          icon={copied ? <Check size={16} aria-hidden="true" /> : <Copy size={16} aria-hidden="true" />}
          onClick={copy}
        >
          {t(copied ? "common.copied" : "settings.keys_copy")}
        </Button>
        <Button onClick={onClose}>{t("settings.keys_done")}</Button>
      </div>
    </Dialog>
  );
}
