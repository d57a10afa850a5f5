import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "@/api/client";
import { ApiError, explain } from "@/api/errors";
import { prompts, refreshTemplates, type TemplateWhole, type Version } from "@/api/prompts";
import { translate, useT } from "@/lib/i18n";
import { navigate, paths } from "@/lib/router";
import { Button, Field, Input, Note, Select, TextArea, toast } from "@/ui";
import { useTemplateDraft, variablesOf } from "./draft";
import styles from "./Template.module.css";
import { TryOut } from "./TryOut";
import { VariablesEditor } from "./VariablesEditor";

interface Listed {
  items: { name: string; label: string }[];
}

/** The texts of a template with their variables; beside them what they say, and what a model says to that. */
export function Editor({ template, newest }: { template: TemplateWhole | null; newest: Version | null }) {
  const t = useT();
  const { draft, changed, change, drop, behind } = useTemplateDraft(template?.id ?? "new", newest);
  const [note, setNote] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const reads = template?.access === "view";
  const variables = variablesOf(draft);
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
    setProblem(null);
    save()
      .catch((error: unknown) => {
        if (error instanceof ApiError && error.status === 409) void refreshTemplates();
        setProblem(explain(error));
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
          <Field label={t("prompts.name")}>
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
        <Field label={t("prompts.system")} hint={t("prompts.system_hint")}>
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
        <Field label={t("prompts.user")} hint={t("prompts.user_hint", { name: "{{name}}" })}>
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
        <Asked content={draft} reads={reads} onChange={change} />
        {reads ? null : (
          <div className={styles["save"]} data-foot="">
            {problem ? <Note kind="danger">{problem}</Note> : null}
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
  onChange,
}: {
  content: { model: string; params: Record<string, unknown> };
  reads: boolean;
  onChange: (fields: { model?: string; params?: Record<string, unknown> }) => void;
}) {
  const t = useT();
  const { data } = useQuery({
    queryKey: ["models"],
    queryFn: ({ signal }) => api<Listed>("models", { signal }),
  });
  const models = data?.items ?? [];
  const { model, params } = content;
  const number = (name: string, value: string) => {
    const rest = Object.fromEntries(Object.entries(params).filter(([other]) => other !== name));
    const parsed = Number(value.replace(",", "."));
    onChange({ params: value.trim() && Number.isFinite(parsed) ? { ...rest, [name]: parsed } : rest });
  };
  const shown = (name: string) => (typeof params[name] === "number" ? `${params[name]}` : "");
  return (
    <div className={styles["asked"]}>
      <Field label={t("prompts.model")}>
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
