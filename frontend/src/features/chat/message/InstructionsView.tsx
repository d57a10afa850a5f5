import { ChevronRight, TextQuote } from "lucide-react";
import { memo } from "react";
import { cx } from "@/lib/cx";
import { useT } from "@/lib/i18n";
import { textOf } from "@/realtime/index";
import type { Message } from "../model/message";
import styles from "./Message.module.css";

/** What the model is told before the question, folded to one line: the system part of a template, or of a completion. */
export const InstructionsView = memo(function InstructionsView({ message }: { message: Message }) {
  const t = useT();
  return (
    <details className={cx(styles["fold"], styles["instructions"])}>
      <summary>
        <TextQuote size={16} aria-hidden="true" />
        <span>
          {message.prompt ? t("chat.instructions_of", { name: message.prompt.name }) : t("chat.instructions")}
        </span>
        <ChevronRight className={styles["chevron"]} size={16} aria-hidden="true" />
      </summary>
      <div className={styles["inside"]}>{message.text || textOf(message.parts)}</div>
    </details>
  );
});
