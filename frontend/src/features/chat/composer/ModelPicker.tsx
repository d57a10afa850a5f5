import { Check, ChevronDown } from "lucide-react";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { useT } from "@/lib/i18n";
import { Popover } from "@/ui";
import { type Model, useModels } from "../models";
import styles from "./Composer.module.css";

/** Models that fit what was typed, best first. */
export function matchModels(models: readonly Model[], query: string): Model[] {
  const q = query.trim().toLowerCase();
  if (!q) return [...models];
  const at = ({ name, label, provider }: Model) => {
    const places = [
      label.toLowerCase().indexOf(q),
      name.toLowerCase().indexOf(q),
      provider.toLowerCase().indexOf(q),
    ];
    return Math.min(...places.map((place) => (place < 0 ? Number.POSITIVE_INFINITY : place)));
  };
  return models.filter((model) => at(model) < Number.POSITIVE_INFINITY).sort((a, b) => at(a) - at(b));
}

export function ModelPicker({
  chosen,
  open,
  query,
  onOpen,
  onPick,
}: {
  chosen: Model | null;
  open: boolean;
  query: string;
  onOpen: (open: boolean) => void;
  onPick: (model: Model) => void;
}) {
  const t = useT();
  const own = useRef<HTMLButtonElement>(null);
  return (
    <>
      <button
        type="button"
        ref={own}
        className={styles["model"]}
        aria-haspopup="listbox"
        aria-expanded={open}
        aria-label={`${t("chat.model")}: ${chosen?.label ?? t("chat.model_default")}`}
        onClick={() => onOpen(!open)}
      >
        <span>{chosen?.label ?? t("chat.model_default")}</span>
        <ChevronDown size={14} aria-hidden="true" />
      </button>
      {open ? (
        <Popover
          anchor={own}
          side="top"
          align="start"
          onClose={() => onOpen(false)}
          className={styles["models"]}
        >
          <ModelList chosen={chosen} query={query} onPick={onPick} onClose={() => onOpen(false)} />
        </Popover>
      ) : null}
    </>
  );
}

function ModelList({
  chosen,
  query,
  onPick,
  onClose,
}: {
  chosen: Model | null;
  query: string;
  onPick: (model: Model) => void;
  onClose: () => void;
}) {
  const t = useT();
  const id = useId();
  const { data: models, isError, refetch } = useModels();
  const [text, setText] = useState(query);
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const found = matchModels(models ?? [], text);
  useEffect(() => input.current?.focus(), []);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [at]);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && found.length > 0) {
      event.preventDefault();
      setAt((at + step + found.length) % found.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      const model = found[at];
      if (model) onPick(model);
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      onClose();
    }
  };
  return (
    <>
      <input
        ref={input}
        className={styles["find"]}
        role="combobox"
        aria-label={t("chat.model_find")}
        aria-controls={id}
        aria-expanded
        aria-autocomplete="list"
        aria-activedescendant={found[at] ? `${id}-${at}` : undefined}
        placeholder={t("chat.model_find")}
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
        aria-label={t("chat.model_choose")}
        className={styles["options"]}
      >
        {found.map((model, index) => (
          <div
            key={model.name}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === at}
            className={styles["option"]}
            onPointerMove={() => setAt(index)}
            onClick={() => onPick(model)}
          >
            <span>
              {model.label || model.name}
              <small>
                {model.context
                  ? `${model.provider} · ${t("chat.model_context", { count: model.context })}`
                  : model.provider}
              </small>
            </span>
            {model.name === chosen?.name ? <Check size={16} aria-hidden="true" /> : null}
          </div>
        ))}
      </div>
      {isError ? (
        <p className={styles["none"]} role="alert">
          {t("chat.model_failed")}{" "}
          <button type="button" className={styles["link"]} onClick={() => void refetch()}>
            {t("common.retry")}
          </button>
        </p>
      ) : !models ? (
        <p className={styles["none"]}>{t("common.loading")}</p>
      ) : found.length === 0 ? (
        <p className={styles["none"]}>{t("chat.model_none", { q: text })}</p>
      ) : null}
    </>
  );
}
