import { Copy, Download, Ellipsis, Pencil, Trash2, Users } from "lucide-react";
import { useState } from "react";
import { explain } from "@/api/errors";
import { prompts, refreshTemplates, type TemplateWhole } from "@/api/prompts";
import { translate, useT } from "@/lib/i18n";
import { navigate, paths } from "@/lib/router";
import { Button, ButtonLink, IconButton, Menu, MenuItem, MenuRule, toast } from "@/ui";
import { DetailsDialog } from "./DetailsDialog";
import { contentOf } from "./draft";
import { ShareDialog } from "./ShareDialog";
import { downloadTemplates } from "./transfer";

function failed(error: unknown): void {
  toast({ text: explain(error) });
}

async function remove({ id, name }: TemplateWhole): Promise<void> {
  await prompts.remove(id);
  navigate(paths.templates);
  await refreshTemplates();
  toast({
    text: translate("prompts.deleted", { name }),
    action: {
      label: translate("common.undo"),
      run: () => void prompts.update(id, { deleted: false }).then(refreshTemplates, failed),
    },
  });
}

async function duplicate(template: TemplateWhole): Promise<void> {
  const { folder, description, tags, current } = template;
  const name = translate("prompts.copy_of", { name: template.name }).slice(0, 120);
  const made = await prompts.create({ ...contentOf(current), name, folder, description, tags });
  await refreshTemplates();
  navigate(paths.template(made.id));
}

/** What can be done with a template as a whole. */
export function Acts({ template }: { template: TemplateWhole }) {
  const t = useT();
  const [dialog, setDialog] = useState<"details" | "share" | null>(null);
  const { access } = template;
  return (
    <div style={{ display: "flex", gap: "var(--s2)" }}>
      <Menu
        label={t("prompts.more")}
        align="end"
        trigger={(props) => (
          <IconButton {...props} label={t("prompts.more")}>
            <Ellipsis size={18} aria-hidden="true" />
          </IconButton>
        )}
      >
        {access === "view" ? null : (
          <MenuItem icon={<Pencil size={16} aria-hidden="true" />} onSelect={() => setDialog("details")}>
            {t("prompts.details")}
          </MenuItem>
        )}
        <MenuItem
          icon={<Copy size={16} aria-hidden="true" />}
          onSelect={() => void duplicate(template).catch(failed)}
        >
          {t("prompts.duplicate")}
        </MenuItem>
        <MenuItem
          icon={<Download size={16} aria-hidden="true" />}
          onSelect={() => void downloadTemplates(template.slug, template.id)}
        >
          {t("prompts.export")}
        </MenuItem>
        {access === "owner" ? (
          <>
            <MenuRule />
            <MenuItem
              danger
              icon={<Trash2 size={16} aria-hidden="true" />}
              onSelect={() => void remove(template).catch(failed)}
            >
              {t("prompts.delete")}
            </MenuItem>
          </>
        ) : null}
      </Menu>
      {access === "owner" ? (
        <Button icon={<Users size={16} aria-hidden="true" />} onClick={() => setDialog("share")}>
          {t("prompts.share")}
        </Button>
      ) : null}
      <ButtonLink href={paths.useTemplate(template.id)}>{t("prompts.use_in_chat")}</ButtonLink>
      {dialog === "details" ? <DetailsDialog template={template} onClose={() => setDialog(null)} /> : null}
      {dialog === "share" ? <ShareDialog template={template} onClose={() => setDialog(null)} /> : null}
    </div>
  );
}
