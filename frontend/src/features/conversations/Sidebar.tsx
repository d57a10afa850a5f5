import { ArrowLeft, ChartColumn, ListChecks, PanelLeft, Search, SquarePen, TextQuote, X } from "lucide-react";
import { useDeferredValue, useEffect, useRef, useState } from "react";
import { Link } from "wouter";
import { useT } from "@/lib/i18n";
import { paths } from "@/lib/router";
import { IconButton, Wordmark } from "@/ui";
import { AccountMenu } from "./AccountMenu";
import { ConversationList } from "./ConversationList";
import styles from "./Sidebar.module.css";

export interface SidebarProps {
  current: string | null;
  archive: boolean;
  setArchive: (open: boolean) => void;
  onToggle: () => void;
  /** Something was opened from here; a drawer closes. */
  onOpen: () => void;
  onShortcuts: () => void;
  onSignOut: () => void;
}

export function Sidebar({
  current,
  archive,
  setArchive,
  onToggle,
  onOpen,
  onShortcuts,
  onSignOut,
}: SidebarProps) {
  const t = useT();
  const [text, setText] = useState("");
  const q = useSettled(text.trim(), 200);
  const input = useRef<HTMLInputElement>(null);

  return (
    <div className={styles["sidebar"]}>
      <div className={styles["head"]}>
        <Link href={paths.home} className={styles["home"] ?? ""} onClick={onOpen}>
          <Wordmark />
        </Link>
        <IconButton label={t("conversations.close_sidebar")} shortcut="Mod+B" onClick={onToggle}>
          <PanelLeft size={18} />
        </IconButton>
      </div>
      <div className={styles["tools"]}>
        <Link
          href={paths.home}
          className={styles["new"] ?? ""}
          onClick={onOpen}
          data-tip={t("conversations.new")}
          data-tip-keys="Mod+Shift+O"
        >
          <SquarePen size={16} />
          {t("conversations.new")}
        </Link>
        <Link href={paths.templates} className={styles["new"] ?? ""} onClick={onOpen}>
          <TextQuote size={16} />
          {t("conversations.templates")}
        </Link>
        <Link href={paths.jobs} className={styles["new"] ?? ""} onClick={onOpen}>
          <ListChecks size={16} />
          {t("conversations.jobs")}
        </Link>
        <Link href={paths.usage} className={styles["new"] ?? ""} onClick={onOpen}>
          <ChartColumn size={16} />
          {t("conversations.usage")}
        </Link>
        <div className={styles["search"]} role="search" aria-label={t("conversations.search")}>
          <Search size={16} aria-hidden="true" />
          <input
            ref={input}
            type="search"
            value={text}
            placeholder={t("conversations.search")}
            aria-label={t("conversations.search")}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Escape" && text) {
                event.stopPropagation();
                setText("");
              }
            }}
          />
          {text ? (
            <IconButton
              small
              className={styles["clear"]}
              label={t("conversations.search_clear")}
              onClick={() => {
                setText("");
                input.current?.focus();
              }}
            >
              <X size={16} />
            </IconButton>
          ) : null}
        </div>
      </div>
      {archive && !q ? (
        <div className={styles["archive"]}>
          <IconButton small label={t("conversations.archive_back")} onClick={() => setArchive(false)}>
            <ArrowLeft size={16} />
          </IconButton>
          <h2>{t("conversations.archive")}</h2>
        </div>
      ) : null}
      <div className={styles["scroll"]}>
        <ConversationList
          key={archive ? "archive" : "chats"}
          current={current}
          archived={archive}
          q={q}
          onOpen={onOpen}
        />
      </div>
      <div className={styles["foot"]}>
        <AccountMenu
          onArchive={() => setArchive(true)}
          onShortcuts={onShortcuts}
          onSettings={onOpen}
          onSignOut={onSignOut}
        />
      </div>
    </div>
  );
}

/** The value once it has stood still for so many milliseconds; emptied at once. */
function useSettled(value: string, wait: number): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(value), value ? wait : 0);
    return () => window.clearTimeout(timer);
  }, [value, wait]);
  return useDeferredValue(settled);
}
