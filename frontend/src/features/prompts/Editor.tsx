import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "@/api/client";
import { ApiError } from "@/api/errors";
import { formErrors } from "@/api/formErrors";
import { prompts, refreshTemplates, type TemplateWhole, type Version } from "@/api/prompts";
import { translate, useT } from "@/lib/i18n";
import { slipIn } from "@/lib/template";
import type { FormErrors } from "@/lib/useForm";
import { navigate, paths } from "@/lib/router";
import { Button, Field, Input, Note, Select, TextArea, toast } from "@/ui";
import { type Draft, useTemplateDraft, variablesOf } from "./draft";
import { explainSlip } from "./slips";
import styles from "./Template.module.css";
import { TryOut } from "./TryOut";
import { VariablesEditor } from "./VariablesEditor";

interface Listed {
  items: { name: string; label: string }[];
}

/** What the server refused, and the draft that it refused. */
interface Refused extends FormErrors {
  of: Draft;
}
const readErrors = formErrors(["name", "system", "user", "model"]);

/** The texts of a template with their variables; beside them what they say, and what a model says to that. */
export function Editor({ template, newest }: { template: TemplateWhole | null; newest: Version | null }) {
  const t = useT();
  const { draft, changed, change, drop, behind } = useTemplateDraft(template?.id ?? "new", newest);
  const [note, setNote] = useState("");
  const [refused, setRefused] = useState<Refused | null>(null);
  const [busy, setBusy] = useState(false);
  const reads = template?.access === "view";
  const variables = variablesOf(draft);
  /** What is wrong with a field: its braces as they are typed, or what was refused until it is changed. */
  const wrongIn = (field: "name" | "system" | "user" | "model"): string | undefined => {
    const slip = field === "system" || field === "user" ? slipIn(draft[field]) : null;
    if (slip) return explainSlip(slip);
    return refused?.of[field] === draft[field] ? refused.fields[field] : undefined;
  };
  const general = refused && JSON.stringify(refused.of) === JSON.stringify(draft) ? refused.general : null;
  const content = { ...draft, variables };

  const save = async () => {
    const { system, user, model, params, base } = draft;
    const fields = { system, user, variables, model, params };
    if (template === null) {
      const made = await prompts.create({ ...fields, name: draft.name });
      drop();
      await refreshTemplates();
      navigate(paths.template(made.id), { replace: true });
      return;
    }
    const { number } = await prompts.save(template.id, { ...fields, note: note.trim(), base });
    await refreshTemplates();
    drop();
    setNote("");
    toast({
      text: translate("prompts.saved", { number }),
      action: {
        label: translate("prompts.release"),
        run: () => void prompts.label(template.id, "released", number).then(refreshTemplates),
      },
    });
  };
  const onSave = () => {
    setBusy(true);
    setRefused(null);
    save()
      .catch((error: unknown) => {
        if (error instanceof ApiError && error.status === 409) void refreshTemplates();
        setRefused({ ...readErrors(error), of: draft });
      })
      .finally(() => setBusy(false));
  };

  return (
    <div className={styles["desk"]}>
      <form
        className={styles["editor"]}
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) onSave();
        }}
      >
        {behind && newest ? (
          <Note kind="warn">
            <p>{t("prompts.behind", { number: newest.number, base: draft.base })}</p>
            <div className={styles["choices"]}>
              <Button small onClick={drop}>
                {t("prompts.take_newest")}
              </Button>
              <Button small onClick={() => change({ base: newest.number })}>
                {t("prompts.keep_mine")}
              </Button>
            </div>
          </Note>
        ) : null}
        {template === null ? (
          <Field label={t("prompts.name")} error={wrongIn("name")}>
            {(control) => (
              <Input
                {...control}
                autoFocus
                required
                maxLength={120}
                autoComplete="off"
                value={draft.name}
                onChange={(event) => change({ name: event.target.value })}
              />
            )}
          </Field>
        ) : null}
        <Field label={t("prompts.system")} hint={t("prompts.system_hint")} error={wrongIn("system")}>
          {(control) => (
            <TextArea
              {...control}
              className={styles["words"]}
              rows={3}
              readOnly={reads}
              value={draft.system}
              onChange={(event) => change({ system: event.target.value })}
            />
          )}
        </Field>
        <Field
          label={t("prompts.user")}
          hint={t("prompts.user_hint", { name: "{{name}}" })}
          error={wrongIn("user")}
        >
          {(control) => (
            <TextArea
              {...control}
              className={styles["words"]}
              rows={7}
              readOnly={reads}
              value={draft.user}
              onChange={(event) => change({ user: event.target.value })}
            />
          )}
        </Field>
        <VariablesEditor content={content} reads={reads} onChange={(next) => change({ variables: next })} />
        <Asked content={draft} reads={reads} error={wrongIn("model")} onChange={change} />
        {reads ? null : (
          <div className={styles["save"]} data-foot="">
            {general ? <Note kind="danger">{general}</Note> : null}
            <div className={styles["saving"]}>
              {template ? (
                <Input
                  aria-label={t("prompts.note")}
                  placeholder={t("prompts.note")}
                  maxLength={500}
                  value={note}
                  disabled={!changed}
                  onChange={(event) => setNote(event.target.value)}
                />
              ) : null}
              {changed ? (
                <Button look="quiet" onClick={drop}>
                  {t("prompts.discard")}
                </Button>
              ) : null}
              <Button type="submit" look="primary" busy={busy} disabled={!changed || behind}>
                {template
                  ? t("prompts.save_version", { number: (newest?.number ?? 0) + 1 })
                  : t("common.save")}
              </Button>
            </div>
          </div>
        )}
      </form>
      <TryOut content={content} />
    </div>
  );
}

/** Which model is asked, and how freely; empty leaves it to whoever uses the template. */
function Asked({
  content,
  reads,
  error,
  onChange,
}: {
  content: { model: string; params: Record<string, unknown> };
  reads: boolean;
  error: string | undefined;
  onChange: (fields: { model?: string; params?: Record<string, unknown> }) => void;
}) {
  const t = useT();
  const { data } = useQuery({
    queryKey: ["models"],
    queryFn: ({ signal }) => api<Listed>("models", { signal }),
  });
  const models = data?.items ?? [];
  const { model, params } = content;
  const unknown = model !== "" && data !== undefined && !models.some(({ name }) => name === model);
  const gone = unknown ? t("prompts.model_gone", { model }) : undefined;
  const number = (name: string, value: string) => {
    const rest = Object.fromEntries(Object.entries(params).filter(([other]) => other !== name));
    const parsed = Number(value.replace(",", "."));
    onChange({ params: value.trim() && Number.isFinite(parsed) ? { ...rest, [name]: parsed } : rest });
  };
  const shown = (name: string) => (typeof params[name] === "number" ? `${params[name]}` : "");
  return (
    <div className={styles["asked"]}>
      <Field label={t("prompts.model")} error={error ?? gone}>
        {(control) => (
          <Select
            {...control}
            disabled={reads}
            value={model}
            onChange={(event) => onChange({ model: event.target.value })}
          >
            <option value="">{t("prompts.model_any")}</option>
            {model && !models.some(({ name }) => name === model) ? <option>{model}</option> : null}
            {models.map(({ name, label }) => (
              <option key={name} value={name}>
                {label || name}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label={t("prompts.temperature")}>
        {(control) => (
          <Input
            {...control}
            inputMode="decimal"
            readOnly={reads}
            placeholder={t("prompts.as_model")}
            defaultValue={shown("temperature")}
            onBlur={(event) => number("temperature", event.target.value)}
          />
        )}
      </Field>
      <Field label={t("prompts.max_tokens")}>
        {(control) => (
          <Input
            {...control}
            inputMode="numeric"
            readOnly={reads}
            placeholder={t("prompts.as_model")}
            defaultValue={shown("max_tokens")}
            onBlur={(event) => number("max_tokens", event.target.value)}
          />
        )}
      </Field>
    </div>
  );
}
