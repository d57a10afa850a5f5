import { type KeyboardEvent, type RefObject, useEffect, useId, useRef, useState } from "react";
import { prompts, type Template, type TemplateWhole, useTemplates } from "@/api/prompts";
import { explain } from "@/api/errors";
import { useT } from "@/lib/i18n";
import { navigate, paths } from "@/lib/router";
import { Popover, toast } from "@/ui";
import styles from "./Composer.module.css";

const SETTLED_MS = 120;

/** The templates, found by what is typed; the one that is picked comes whole. */
export function TemplatePicker({
  anchor,
  onPick,
  onClose,
}: {
  anchor: RefObject<HTMLElement | null>;
  onPick: (template: TemplateWhole) => void;
  onClose: () => void;
}) {
  const t = useT();
  const id = useId();
  const [text, setText] = useState("");
  const [q, setQ] = useState("");
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const { data, isError, refetch } = useTemplates({ q });
  const found = data?.pages[0]?.items ?? [];
  useEffect(() => input.current?.focus(), []);
  useEffect(() => {
    const timer = setTimeout(() => setQ(text.trim()), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [text]);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [at]);

  const pick = (template: Template) => {
    prompts.get(template.id).then(onPick, (error: unknown) => {
      onClose();
      toast({ text: explain(error) });
    });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && found.length > 0) {
      event.preventDefault();
      setAt((at + step + found.length) % found.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      const template = found[at];
      if (template) pick(template);
    } else if (event.key === "Escape" || (event.key === "Backspace" && text === "")) {
      event.preventDefault();
      event.stopPropagation();
      onClose();
    }
  };
  return (
    <Popover anchor={anchor} side="top" align="start" onClose={onClose} className={styles["models"]}>
      <input
        ref={input}
        className={styles["find"]}
        role="combobox"
        aria-label={t("chat.template_find")}
        aria-controls={id}
        aria-expanded
        aria-autocomplete="list"
        aria-activedescendant={found[at] ? `${id}-${at}` : undefined}
        placeholder={t("chat.template_find")}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div
        ref={list}
        id={id}
        role="listbox"
        aria-label={t("chat.template_choose")}
        className={styles["options"]}
      >
        {found.map((template, index) => (
          <div
            key={template.id}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === at}
            className={styles["option"]}
            onPointerMove={() => setAt(index)}
            onClick={() => pick(template)}
          >
            <span>
              {template.name}
              <small className={styles["about"]}>{template.description || template.slug}</small>
            </span>
            {template.folder ? <small>{template.folder}</small> : null}
          </div>
        ))}
      </div>
      {isError ? (
        <p className={styles["none"]} role="alert">
          {t("chat.template_failed")}{" "}
          <button type="button" className={styles["link"]} onClick={() => void refetch()}>
            {t("common.retry")}
          </button>
        </p>
      ) : !data ? (
        <p className={styles["none"]}>{t("common.loading")}</p>
      ) : found.length === 0 ? (
        <p className={styles["none"]}>
          {q ? t("chat.template_none", { q }) : t("chat.template_empty")}{" "}
          <button type="button" className={styles["link"]} onClick={() => navigate(paths.templates)}>
            {t("chat.template_all")}
          </button>
        </p>
      ) : null}
    </Popover>
  );
}
