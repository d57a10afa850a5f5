import { formErrors } from "@/api/formErrors";
import { prompts, refreshTemplates, type TemplateWhole } from "@/api/prompts";
import { useT } from "@/lib/i18n";
import { useForm } from "@/lib/useForm";
import { Button, Dialog, Field, Input, Note, TextArea } from "@/ui";
import styles from "./Template.module.css";

/** Name, address, folder and tags: all that is no version. */
export function DetailsDialog({ template, onClose }: { template: TemplateWhole; onClose: () => void }) {
  const t = useT();
  const form = useForm({
    required: ["name", "slug"],
    missing: t("common.required"),
    read: formErrors(["name", "slug", "description", "folder", "tags"]),
    work: async ({ name = "", slug = "", description = "", folder = "", tags = "" }) => {
      await prompts.update(template.id, { name, slug, description, folder, tags: tags.split(",") });
      await refreshTemplates();
      onClose();
    },
  });
  const { fields, general } = form.errors;
  return (
    <Dialog title={t("prompts.details")} onClose={onClose}>
      <form className={styles["form"]} {...form.formProps}>
        <Field label={t("prompts.name")} error={fields["name"]}>
          {(control) => (
            <Input {...control} name="name" autoFocus defaultValue={template.name} maxLength={120} />
          )}
        </Field>
        <Field label={t("prompts.slug")} hint={t("prompts.slug_hint")} error={fields["slug"]}>
          {(control) => (
            <Input {...control} name="slug" defaultValue={template.slug} maxLength={80} spellCheck={false} />
          )}
        </Field>
        <Field label={t("prompts.description")} error={fields["description"]}>
          {(control) => (
            <TextArea
              {...control}
              name="description"
              rows={2}
              defaultValue={template.description}
              maxLength={2000}
            />
          )}
        </Field>
        <Field label={t("prompts.folder")} hint={t("prompts.folder_hint")} error={fields["folder"]}>
          {(control) => <Input {...control} name="folder" defaultValue={template.folder} maxLength={120} />}
        </Field>
        <Field label={t("prompts.tags")} hint={t("prompts.tags_hint")} error={fields["tags"]}>
          {(control) => <Input {...control} name="tags" defaultValue={template.tags.join(", ")} />}
        </Field>
        {general ? <Note kind="danger">{general}</Note> : null}
        <div className={styles["end"]}>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={form.busy}>
            {t("common.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
