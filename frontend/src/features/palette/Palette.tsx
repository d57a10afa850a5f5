import { CornerDownLeft, MessageSquare, Search, TextQuote } from "lucide-react";
import { type KeyboardEvent, useDeferredValue, useEffect, useId, useMemo, useRef, useState } from "react";
import { useConversations } from "@/api/conversations";
import { useTemplates } from "@/api/prompts";
import { useCommands } from "@/lib/commands";
import { useT } from "@/lib/i18n";
import { navigate, paths } from "@/lib/router";
import { Dialog, Hit, Kbd } from "@/ui";
import styles from "./Palette.module.css";
import { rank } from "./search";

interface Option {
  id: string;
  title: string;
  detail?: string | null | undefined;
  shortcut?: string | undefined;
  kind: keyof typeof signs;
  run: () => void;
  /** What Shift+Enter does. */
  other?: () => void;
}

const signs = { chat: MessageSquare, template: TextQuote, command: CornerDownLeft };
const CHAT = /^\/c\/([^/]+)$/;
const TEMPLATES = 6;

/** Cmd/Ctrl+K: chats by title and text, templates, and every command that is there now. */
export default function Palette({ onClose }: { onClose: () => void }) {
  const t = useT();
  const id = useId();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const q = useDeferredValue(typed.trim());
  const commands = useCommands((state) => state.commands);
  const settled = useSettled(q);
  const recent = useConversations({ archived: false, q: "" });
  const found = useConversations({ archived: false, q: settled }, settled !== "");
  const templates = useTemplates({ q: settled }, settled !== "");
  const list = useRef<HTMLDivElement>(null);

  const groups = useMemo(() => {
    const seen = new Set<string>();
    const recents = recent.data?.pages.flatMap((page) => page.items) ?? [];
    const hits = settled && settled === q ? (found.data?.pages[0]?.items ?? []) : [];
    const chats: Option[] = [...rank(recents, (item) => item.title, q).slice(0, q ? 6 : 5), ...hits]
      .filter((item) => !seen.has(item.id) && seen.add(item.id))
      .slice(0, 12)
      .map((item) => ({
        id: item.id,
        title: item.title || t("conversations.untitled"),
        detail: q ? item.snippet : null,
        kind: "chat",
        run: () => navigate(paths.chat(item.id)),
      }));
    const named = settled && settled === q ? (templates.data?.pages[0]?.items ?? []) : [];
    const forms: Option[] = named.slice(0, TEMPLATES).map(({ id: template, name, description, slug }) => ({
      id: template,
      title: name,
      detail: description || slug,
      kind: "template",
      // In the chat that is open, else in a new one.
      run: () => navigate(paths.useTemplate(template, CHAT.exec(location.pathname)?.[1])),
      other: () => navigate(paths.template(template)),
    }));
    const actions: Option[] = rank(
      commands.filter((command) => command.id !== "palette"),
      (command) => command.title,
      q,
    ).map(({ id: name, title, shortcut, run }) => ({ id: name, title, shortcut, run, kind: "command" }));
    return [
      { label: t(q ? "palette.chats" : "palette.recent"), options: chats },
      { label: t("palette.found_templates"), options: forms },
      { label: t("palette.commands"), options: actions },
    ].filter(({ options }) => options.length > 0);
  }, [recent.data, found.data, templates.data, commands, q, settled, t]);

  const options = groups.flatMap((group) => group.options);
  const current = Math.min(at, options.length - 1);
  const optionId = (index: number) => `${id}-${index}`;

  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [current]);

  const choose = (option: Option | undefined, other: boolean) => {
    if (!option) return;
    onClose();
    (other && option.other ? option.other : option.run)();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      setAt((current + step + options.length) % Math.max(1, options.length));
    } else if (event.key === "Enter") {
      event.preventDefault();
      choose(options[current], event.shiftKey);
    }
  };

  let index = -1;
  return (
    <Dialog bare top title={t("palette.title")} onClose={onClose} className={styles["palette"]}>
      <div className={styles["field"]}>
        <Search size={18} aria-hidden="true" />
        <input
          autoFocus
          role="combobox"
          aria-expanded={options.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={options.length > 0 ? optionId(current) : undefined}
          aria-autocomplete="list"
          aria-label={t("palette.title")}
          placeholder={t("palette.placeholder")}
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div
        ref={list}
        id={`${id}-list`}
        role="listbox"
        aria-label={t("palette.title")}
        className={styles["list"]}
      >
        {groups.map((group) => (
          <div key={group.label} role="group" aria-label={group.label}>
            <div className={styles["group"]} aria-hidden="true">
              {group.label}
            </div>
            {group.options.map((option) => {
              const mine = ++index;
              const Sign = signs[option.kind];
              return (
                <div
                  key={option.id}
                  id={optionId(mine)}
                  role="option"
                  aria-selected={mine === current}
                  className={styles["option"]}
                  onPointerMove={() => setAt(mine)}
                  onClick={(event) => choose(option, event.shiftKey)}
                >
                  <Sign size={16} aria-hidden="true" />
                  <span className={styles["text"]} dir="auto">
                    {option.title}
                    {option.detail ? (
                      <small>
                        <Hit text={option.detail} query={q} />
                      </small>
                    ) : null}
                  </span>
                  {option.shortcut ? <Kbd keys={option.shortcut} /> : null}
                </div>
              );
            })}
          </div>
        ))}
      </div>
      {options.length === 0 ? (
        <p className={styles["none"]} role="status">
          {t("palette.none", { q: typed })}
        </p>
      ) : null}
      {found.isError ? (
        <p className={styles["none"]} role="status">
          {t("palette.failed")}
        </p>
      ) : null}
      <div className={styles["foot"]} aria-hidden="true">
        <span>
          <Kbd keys="↑+↓" /> {t("palette.keys_move")}
        </span>
        <span>
          <Kbd keys="Enter" /> {t("palette.keys_open")}
        </span>
        {options[current]?.other ? (
          <span>
            <Kbd keys="Shift+Enter" /> {t("palette.keys_template")}
          </span>
        ) : null}
        <span>
          <Kbd keys="Escape" /> {t("palette.keys_close")}
        </span>
      </div>
    </Dialog>
  );
}

function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(value), 150);
    return () => window.clearTimeout(timer);
  }, [value]);
  return settled;
}
