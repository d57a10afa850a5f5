import { X } from "lucide-react";
import { useState } from "react";
import { explain } from "@/api/errors";
import { formErrors } from "@/api/formErrors";
import { prompts, refreshTemplates, type ShareFields, type TemplateWhole, useShares } from "@/api/prompts";
import { useT } from "@/lib/i18n";
import { useForm } from "@/lib/useForm";
import { Button, Dialog, Field, IconButton, Input, Note, Select, toast } from "@/ui";
import styles from "./Template.module.css";

const EVERYBODY = "everybody";
const PERSON = "person";

/** Who sees a template besides its owner, and who may change it. */
export function ShareDialog({ template, onClose }: { template: TemplateWhole; onClose: () => void }) {
  const t = useT();
  const { data, isError, error } = useShares(template.id);
  const [kind, setKind] = useState(PERSON);
  const form = useForm({
    required: kind === PERSON ? ["person"] : [],
    missing: t("common.required"),
    read: formErrors(["person", "team"]),
    work: async ({ person = "", access = "view" }, element) => {
      const fields: ShareFields = { access: access === "edit" ? "edit" : "view" };
      if (kind === PERSON) fields.person = person.trim();
      else if (kind === EVERYBODY) fields.everybody = true;
      else fields.team = kind;
      await prompts.share(template.id, fields);
      await refreshTemplates();
      element.reset();
    },
  });
  const end = (id: string) =>
    void prompts.unshare(template.id, id).then(refreshTemplates, (problem: unknown) => {
      toast({ text: explain(problem) });
    });
  const { fields, general } = form.errors;
  return (
    <Dialog title={t("prompts.share_title", { name: template.name })} onClose={onClose}>
      <form className={styles["form"]} {...form.formProps}>
        <div className={styles["pair"]}>
          <Field label={t("prompts.share_with")} error={fields["team"]}>
            {(control) => (
              <Select {...control} value={kind} onChange={(event) => setKind(event.target.value)}>
                <option value={PERSON}>{t("prompts.share_person")}</option>
                {data?.teams.map(({ id, name }) => (
                  <option key={id} value={id}>
                    {t("prompts.share_team", { name })}
                  </option>
                ))}
                <option value={EVERYBODY}>{t("prompts.share_everybody")}</option>
              </Select>
            )}
          </Field>
          <Field label={t("prompts.may")}>
            {(control) => (
              <Select {...control} name="access">
                <option value="view">{t("prompts.may_view")}</option>
                <option value="edit">{t("prompts.may_edit")}</option>
              </Select>
            )}
          </Field>
        </div>
        {kind === PERSON ? (
          <Field label={t("prompts.address")} error={fields["person"]}>
            {(control) => <Input {...control} name="person" type="email" autoFocus autoComplete="off" />}
          </Field>
        ) : null}
        {general ? <Note kind="danger">{general}</Note> : null}
        <div className={styles["end"]}>
          <Button type="submit" look="primary" busy={form.busy}>
            {t("prompts.share")}
          </Button>
        </div>
      </form>
      {isError ? <Note kind="danger">{explain(error)}</Note> : null}
      <ul className={styles["shares"]} aria-label={t("prompts.shared")}>
        {data?.items.map(({ id, kind: side, name, access }) => (
          <li key={id}>
            <span>
              {side === "everybody" ? t("prompts.share_everybody") : name}
              <small>{t(access === "edit" ? "prompts.may_edit" : "prompts.may_view")}</small>
            </span>
            <IconButton
              small
              label={t("prompts.unshare", {
                name: side === "everybody" ? t("prompts.share_everybody") : name,
              })}
              onClick={() => end(id)}
            >
              <X size={16} aria-hidden="true" />
            </IconButton>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
