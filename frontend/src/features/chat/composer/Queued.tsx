import { CornerDownRight } from "lucide-react";
import { useT } from "@/lib/i18n";
import { Button } from "@/ui";
import type { Outgoing } from "../session/outbox";
import styles from "./Queued.module.css";

/** The message that goes when the answer has ended; after one that failed a person sends it. */
export function Queued({
  item,
  onSend,
  onTakeBack,
}: {
  item: Outgoing;
  onSend: (() => void) | null;
  onTakeBack: (key: string) => void;
}) {
  const t = useT();
  return (
    <div role="status" className={styles["queued"]}>
      <CornerDownRight size={16} aria-hidden="true" />
      <p className={styles["text"]}>
        <span className={styles["label"]}>{t("chat.queued_next")}</span>
        <span className={styles["words"]} dir="auto">
          {item.content}
        </span>
      </p>
      {onSend ? (
        <Button small look="quiet" onClick={onSend}>
          {t("chat.send_now")}
        </Button>
      ) : null}
      <Button small look="quiet" onClick={() => onTakeBack(item.key)}>
        {t("chat.take_back")}
      </Button>
    </div>
  );
}
