import { Check, Copy, Pencil, TextQuote } from "lucide-react";
import { memo, useState } from "react";
import { Link } from "wouter";
import { useT } from "@/lib/i18n";
import { isUnbroken } from "@/lib/unbroken";
import { paths } from "@/lib/router";
import { textOf } from "@/realtime/index";
import { IconButton } from "@/ui";
import { useActions, useEditing } from "../actions";
import { useCopy } from "../markdown/useCopy";
import type { Message } from "../model/message";
import type { Siblings } from "../model/tree";
import { Branches } from "./Branches";
import { EditBox } from "./EditBox";
import styles from "./Message.module.css";

const LONG_CHARS = 1600;
const LONG_LINES = 18;

/** What a person wrote, as they wrote it. */
export const QuestionView = memo(function QuestionView({
  message,
  siblings,
}: {
  message: Message;
  siblings: Siblings | undefined;
}) {
  const t = useT();
  const { choose, edit } = useActions();
  const editing = useEditing() === message.key;
  const text = message.text || textOf(message.parts);
  const { copied, copy } = useCopy(text);
  if (editing) return <EditBox message={message} text={text} />;
  return (
    <>
      <Words text={text} />
      {message.prompt ? (
        <Link
          href={paths.template(message.prompt.template)}
          className={styles["made"] ?? ""}
          title={t("chat.made_with")}
        >
          <TextQuote size={14} aria-hidden="true" />
          {message.prompt.name}
          <span>v{message.prompt.number}</span>
        </Link>
      ) : null}
      <div className={styles["foot"]} data-question>
        {siblings ? <Branches siblings={siblings} onChoose={(id) => choose(message, id)} /> : null}
        <span className={styles["tools"]}>
          <IconButton small label={copied ? t("common.copied") : t("chat.copy_message")} onClick={copy}>
            {copied ? <Check size={16} aria-hidden="true" /> : <Copy size={16} aria-hidden="true" />}
          </IconButton>
          {message.local ? null : (
            <IconButton small label={t("chat.edit")} onClick={() => edit(message.key)}>
              <Pencil size={16} aria-hidden="true" />
            </IconButton>
          )}
        </span>
      </div>
    </>
  );
});

function Words({ text }: { text: string }) {
  const t = useT();
  const [all, setAll] = useState(false);
  const long = text.length > LONG_CHARS || text.split("\n").length > LONG_LINES;
  return (
    <div className={styles["question"]}>
      <div
        className={styles["words"]}
        data-folded={(long && !all) || undefined}
        data-unbroken={isUnbroken(text) || undefined}
      >
        {text}
      </div>
      {long ? (
        <button type="button" className={styles["link"]} aria-expanded={all} onClick={() => setAll(!all)}>
          {t(all ? "chat.show_less" : "chat.show_all")}
        </button>
      ) : null}
    </div>
  );
}
