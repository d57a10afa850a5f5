import { TextQuote, X } from "lucide-react";
import { useEffect, useRef } from "react";
import { Link } from "wouter";
import { useT } from "@/lib/i18n";
import { paths } from "@/lib/router";
import { IconButton, VariableFields } from "@/ui";
import styles from "./TemplateFields.module.css";
import type { TemplateForm } from "./useTemplateForm";

/** The small form of a template above the message. */
export function TemplateFields({
  form,
  onChange,
  onClose,
}: {
  form: TemplateForm;
  onChange: (name: string, entry: string | boolean) => void;
  onClose: () => void;
}) {
  const t = useT();
  const { template, entries, errors } = form;
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    box.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [errors]);
  return (
    <div
      ref={box}
      role="group"
      aria-label={t("chat.template_form", { name: template.name })}
      className={styles["form"]}
      onKeyDown={(event) => {
        // A letter belongs to the field, not to a shortcut, also where the field is empty.
        if (event.key.length === 1 && !event.metaKey && !event.ctrlKey) event.stopPropagation();
        if (event.key !== "Escape" || event.defaultPrevented) return;
        event.preventDefault();
        event.stopPropagation();
        onClose();
      }}
    >
      <header className={styles["head"]}>
        <TextQuote size={16} aria-hidden="true" />
        <Link href={paths.template(template.id)} className={styles["name"] ?? ""}>
          {template.name}
        </Link>
        <span className={styles["version"]}>v{template.current.number}</span>
        <span className={styles["gap"]} />
        <IconButton small label={t("chat.template_remove")} onClick={onClose}>
          <X size={16} aria-hidden="true" />
        </IconButton>
      </header>
      {template.current.variables.length > 0 ? (
        <div className={styles["scroll"]}>
          <VariableFields
            key={template.id}
            variables={template.current.variables}
            entries={entries}
            errors={errors}
            autoFocus
            onChange={onChange}
          />
        </div>
      ) : null}
    </div>
  );
}
