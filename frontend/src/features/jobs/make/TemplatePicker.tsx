import { TextQuote } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { explain } from "@/api/errors";
import { prompts, type Template, type TemplateWhole, useTemplates } from "@/api/prompts";
import { useT } from "@/lib/i18n";
import { Button, Dialog, Input, Skeleton, toast } from "@/ui";
import styles from "../Form.module.css";

/** Picks one of the saved templates. */
export function TemplatePicker({ onPick }: { onPick: (picked: TemplateWhole) => void }) {
  const t = useT();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button small icon={<TextQuote size={16} aria-hidden="true" />} onClick={() => setOpen(true)}>
        {t("jobs.template_pick")}
      </Button>
      {open ? <Choose onPick={onPick} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

function Choose({ onPick, onClose }: { onPick: (picked: TemplateWhole) => void; onClose: () => void }) {
  const t = useT();
  const [text, setText] = useState("");
  const q = useDeferredValue(text.trim());
  const { data, isError, error } = useTemplates({ q });
  const found = data?.pages[0]?.items;
  const pick = ({ id }: Template) => {
    prompts
      .get(id)
      .then(onPick)
      .catch((problem: unknown) => toast({ text: explain(problem) }))
      .finally(onClose);
  };
  return (
    <Dialog title={t("jobs.template_title")} onClose={onClose}>
      <div className={styles["form"]}>
        <Input
          type="search"
          aria-label={t("jobs.template_find")}
          placeholder={t("jobs.template_find")}
          autoFocus
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        {isError ? (
          <p className={styles["wrong"]}>{explain(error)}</p>
        ) : !found ? (
          <Skeleton width="60%" />
        ) : found.length === 0 ? (
          <p className={styles["quiet"]}>{t("jobs.template_none")}</p>
        ) : (
          <ul className={styles["templates"]}>
            {found.map((template) => (
              <li key={template.id}>
                <button type="button" onClick={() => pick(template)}>
                  <strong>{template.name}</strong>
                  <small>{template.description || template.slug}</small>
                </button>
              </li>
            ))}
          </ul>
        )}
      </div>
    </Dialog>
  );
}
