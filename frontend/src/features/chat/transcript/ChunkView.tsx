import { memo, useLayoutEffect, useRef, useState } from "react";
import { useT } from "@/lib/i18n";
import { VisuallyHidden } from "@/ui";
import { AnswerView } from "../message/AnswerView";
import { InstructionsView } from "../message/InstructionsView";
import styles from "../message/Message.module.css";
import { QuestionView } from "../message/QuestionView";
import type { Message } from "../model/message";
import type { Siblings } from "../model/tree";
import { labelOf, useModels } from "../models";
import type { Chunk } from "./chunks";

const GUESSED_HEIGHT = 320;

/** Mounts its messages while they are near the window; in a long conversation it leaves them out again when far. */
export const ChunkView = memo(function ChunkView({
  chunk,
  siblings,
  scroller,
  near: nearAtFirst,
  leaves,
  roomy,
}: {
  chunk: Chunk;
  siblings: ReadonlyMap<string, Siblings>;
  scroller: HTMLElement | null;
  near: boolean;
  leaves: boolean;
  /** The key of the answer that keeps the window's height free under its question. */
  roomy: string | null;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(nearAtFirst);
  const [height, setHeight] = useState<number | null>(null);

  useLayoutEffect(() => {
    const element = box.current;
    if (!element || (near && !leaves)) return;
    const watch = new IntersectionObserver(
      ([entry]) => {
        if (!entry) return;
        if (!entry.isIntersecting) setHeight(entry.boundingClientRect.height);
        setNear(entry.isIntersecting);
      },
      { root: scroller, rootMargin: "1600px 0px" },
    );
    watch.observe(element);
    return () => watch.disconnect();
  }, [scroller, near, leaves]);

  const guess = chunk.messages.length * (GUESSED_HEIGHT / 2);
  return (
    <div
      ref={box}
      role="presentation"
      className={styles["chunk"]}
      style={near ? undefined : { height: height ?? guess }}
    >
      {near
        ? chunk.messages.map((message) => (
            <MessageItem
              key={message.key}
              message={message}
              siblings={siblings.get(message.id)}
              roomy={message.key === roomy}
            />
          ))
        : null}
    </div>
  );
});

const MessageItem = memo(function MessageItem({
  message,
  siblings,
  roomy,
}: {
  message: Message;
  siblings: Siblings | undefined;
  roomy: boolean;
}) {
  const t = useT();
  const { data: models } = useModels();
  const mine = message.role === "user";
  const told = message.role === "system";
  const label = message.model ? labelOf(models, message.model) : "";
  const name = told
    ? t("chat.instructions")
    : mine
      ? t("chat.you_said")
      : label
        ? t("chat.answer_by_model", { model: label })
        : t("chat.answer_by");
  return (
    <div
      role="listitem"
      aria-label={name}
      data-message={message.key}
      data-id={message.id}
      data-role={message.role}
      data-roomy={roomy || undefined}
      className={told ? undefined : mine ? styles["mine"] : styles["answer"]}
    >
      <VisuallyHidden role="heading" aria-level={2}>
        {name}
      </VisuallyHidden>
      {told ? (
        <InstructionsView message={message} />
      ) : mine ? (
        <QuestionView message={message} siblings={siblings} />
      ) : (
        <AnswerView message={message} siblings={siblings} />
      )}
    </div>
  );
});
