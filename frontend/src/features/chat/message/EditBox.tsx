import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useT } from "@/lib/i18n";
import { isUnbroken, useUnbroken } from "@/lib/unbroken";
import { Button } from "@/ui";
import { useActions } from "../actions";
import { MOST_CHARS, tooMany } from "../composer/length";
import { sends } from "../composer/keys";
import type { Message } from "../model/message";
import styles from "./Message.module.css";

/** A message of one's own, open for change. Sending makes a branch beside the old one. */
export function EditBox({ message, text }: { message: Message; text: string }) {
  const t = useT();
  const { edit, sendEdit } = useActions();
  const [value, setValue] = useState(text);
  const [over, setOver] = useState<number | null>(null);
  const box = useRef<HTMLTextAreaElement>(null);
  useUnbroken(box);
  useEffect(() => {
    box.current?.focus();
    box.current?.setSelectionRange(text.length, text.length);
  }, [text.length]);
  const done = () => {
    if (!value.trim()) return;
    const count = tooMany(value.trim());
    setOver(count);
    if (count === null) sendEdit(message, value);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      edit(null);
    } else if (sends(event.nativeEvent)) {
      event.preventDefault();
      done();
    }
  };
  return (
    <div className={styles["edit"]}>
      <textarea
        ref={box}
        value={value}
        data-unbroken={isUnbroken(value) || undefined}
        aria-label={t("chat.edit_label")}
        aria-describedby={`hint-${message.key}`}
        onChange={(event) => {
          setValue(event.target.value);
          setOver(null);
        }}
        onKeyDown={onKeyDown}
      />
      <div className={styles["next"]}>
        <span id={`hint-${message.key}`} className={styles["quiet"]}>
          {over === null ? t("chat.edit_hint") : t("chat.too_long", { count: over, most: MOST_CHARS })}
        </span>
        <Button small look="quiet" onClick={() => edit(null)}>
          {t("common.cancel")}
        </Button>
        <Button small look="primary" disabled={!value.trim()} onClick={done}>
          {t("chat.edit_send")}
        </Button>
      </div>
    </div>
  );
}
