import { Ellipsis } from "lucide-react";
import { memo, useEffect, useRef, useState } from "react";
import { Link } from "wouter";
import { useMarks } from "@/api/live";
import type { Conversation } from "@/api/types";
import { cx } from "@/lib/cx";
import { useT } from "@/lib/i18n";
import { paths } from "@/lib/router";
import { Hit, Mark, VisuallyHidden } from "@/ui";
import { rename } from "./actions";
import styles from "./ConversationRow.module.css";

export interface ConversationRowProps {
  conversation: Conversation;
  /** What was searched for. */
  q: string;
  current: boolean;
  /** The one row that Tab reaches; arrows move from there. */
  active: boolean;
  editing: boolean;
  setEditing: (id: string | null) => void;
  /** Its menu is open; the list draws it. */
  menu: boolean;
  setMenu: (id: string | null) => void;
  onOpen: () => void;
}

export const ConversationRow = memo(function ConversationRow({
  conversation,
  q,
  current,
  active,
  editing,
  setEditing,
  menu,
  setMenu,
  onOpen,
}: ConversationRowProps) {
  const t = useT();
  const { id, snippet } = conversation;
  const title = conversation.title || t("conversations.untitled");
  const running = useMarks((marks) => marks.running.has(id));
  const unread = useMarks((marks) => marks.unread.has(id)) && !current;

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
        setMenu(id);
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
          {q ? <Hit text={title} query={q} /> : title}
        </span>
        {snippet ? (
          <span className={styles["snippet"]} dir="auto">
            <Hit text={snippet} query={q} />
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
      <button
        type="button"
        className={styles["more"]}
        tabIndex={active ? 0 : -1}
        aria-label={t("conversations.menu", { title })}
        aria-haspopup="menu"
        aria-expanded={menu}
        data-menu={id}
        onClick={() => setMenu(menu ? null : id)}
        onKeyDown={(event) => {
          if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
          event.preventDefault();
          setMenu(id);
        }}
      >
        <Ellipsis size={16} />
      </button>
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
