import { Brain, ChevronRight } from "lucide-react";
import { useState } from "react";
import { useT } from "@/lib/i18n";
import type { Part } from "@/realtime/index";
import { Markdown } from "../markdown/Markdown";
import styles from "./Message.module.css";

/** What the model thought, folded to one line with its time. */
export function Reasoning({ part, tookMs }: { part: Part; tookMs: number | null }) {
  const t = useT();
  const [open, setOpen] = useState(false);
  const seconds = tookMs === null ? null : Math.max(1, Math.round(tookMs / 1000));
  const title = !part.done
    ? t("chat.thinking")
    : seconds === null
      ? t("chat.thought_short")
      : t("chat.thought", { time: t("chat.seconds", { count: seconds }) });
  return (
    <details className={styles["fold"]} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {part.done ? (
          <Brain size={16} aria-hidden="true" />
        ) : (
          <span className={styles["dot"]} aria-hidden="true" />
        )}
        <span>{title}</span>
        <ChevronRight className={styles["chevron"]} size={16} aria-hidden="true" />
      </summary>
      {open ? (
        <div className={styles["inside"]}>
          <Markdown text={part.text} streaming={!part.done} />
        </div>
      ) : null}
    </details>
  );
}
