import { Archive, ArchiveRestore, Ellipsis, PencilLine, Pin, PinOff, Trash2 } from "lucide-react";
import { memo, useEffect, useRef, useState } from "react";
import { Link } from "wouter";
import { useMarks } from "@/api/live";
import type { Conversation } from "@/api/types";
import { cx } from "@/lib/cx";
import { useT } from "@/lib/i18n";
import { paths } from "@/lib/router";
import { Mark, Menu, MenuItem, MenuRule, VisuallyHidden } from "@/ui";
import { remove, rename, toggleArchive, togglePin } from "./actions";
import styles from "./ConversationRow.module.css";

export interface ConversationRowProps {
  conversation: Conversation;
  current: boolean;
  /** The one row that Tab reaches; arrows move from there. */
  active: boolean;
  editing: boolean;
  setEditing: (id: string | null) => void;
  onOpen: () => void;
}

export const ConversationRow = memo(function ConversationRow({
  conversation,
  current,
  active,
  editing,
  setEditing,
  onOpen,
}: ConversationRowProps) {
  const t = useT();
  const { id, pinned, archived, snippet } = conversation;
  const title = conversation.title || t("conversations.untitled");
  const running = useMarks((marks) => marks.running.has(id));
  const unread = useMarks((marks) => marks.unread.has(id)) && !current;
  const menu = useRef<HTMLButtonElement | null>(null);

  if (editing)
    return (
      <li className={styles["row"]}>
        <TitleInput
          title={title}
          onDone={(next) => {
            if (next !== null) rename(conversation, next);
            setEditing(null);
          }}
        />
      </li>
    );

  return (
    <li
      className={cx(styles["row"], unread && styles["unread"])}
      data-current={current}
      onContextMenu={(event) => {
        if (event.shiftKey) return;
        event.preventDefault();
        menu.current?.click();
      }}
    >
      <Link
        href={paths.chat(id)}
        className={styles["link"] ?? ""}
        aria-current={current ? "page" : undefined}
        tabIndex={active ? 0 : -1}
        data-row={id}
        title={title}
        onClick={onOpen}
        onDoubleClick={() => setEditing(id)}
      >
        <span className={styles["title"]} dir="auto">
          {title}
        </span>
        {snippet ? (
          <span className={styles["snippet"]} dir="auto">
            {snippet}
          </span>
        ) : null}
        {running ? <VisuallyHidden>, {t("conversations.running")}</VisuallyHidden> : null}
        {unread ? <VisuallyHidden>, {t("conversations.unread")}</VisuallyHidden> : null}
      </Link>
      <span className={styles["end"]} aria-hidden="true">
        {running ? (
          <span className={styles["writing"]}>
            <Mark size={16} />
          </span>
        ) : unread ? (
          <span className={styles["dot"]} />
        ) : null}
      </span>
      <Menu
        label={t("conversations.menu", { title })}
        align="start"
        trigger={(props) => (
          <button
            type="button"
            {...props}
            ref={(node) => {
              menu.current = node;
              if (typeof props.ref === "object" && props.ref) props.ref.current = node;
            }}
            className={styles["more"]}
            tabIndex={active ? 0 : -1}
            aria-label={t("conversations.menu", { title })}
          >
            <Ellipsis size={16} />
          </button>
        )}
      >
        <MenuItem icon={<PencilLine size={16} />} onSelect={() => setEditing(id)}>
          {t("conversations.rename")}
        </MenuItem>
        <MenuItem
          icon={pinned ? <PinOff size={16} /> : <Pin size={16} />}
          onSelect={() => togglePin(conversation)}
        >
          {t(pinned ? "conversations.unpin" : "conversations.pin")}
        </MenuItem>
        <MenuItem
          icon={archived ? <ArchiveRestore size={16} /> : <Archive size={16} />}
          onSelect={() => toggleArchive(conversation)}
        >
          {t(archived ? "conversations.from_archive" : "conversations.to_archive")}
        </MenuItem>
        <MenuRule />
        <MenuItem danger icon={<Trash2 size={16} />} onSelect={() => remove(conversation)}>
          {t("conversations.delete")}
        </MenuItem>
      </Menu>
    </li>
  );
});

function TitleInput({ title, onDone }: { title: string; onDone: (title: string | null) => void }) {
  const t = useT();
  const [value, setValue] = useState(title);
  const ref = useRef<HTMLInputElement>(null);
  const done = useRef(false);
  const finish = (next: string | null) => {
    if (done.current) return;
    done.current = true;
    onDone(next);
  };
  useEffect(() => {
    ref.current?.focus();
    ref.current?.select();
  }, []);
  return (
    <input
      ref={ref}
      className={styles["edit"]}
      aria-label={t("conversations.rename_label")}
      value={value}
      maxLength={200}
      dir="auto"
      onChange={(event) => setValue(event.target.value)}
      onBlur={() => finish(value)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.nativeEvent.isComposing) return;
        if (event.key === "Enter") finish(value);
        if (event.key === "Escape") finish(null);
      }}
    />
  );
}
