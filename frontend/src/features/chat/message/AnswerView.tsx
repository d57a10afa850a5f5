import { Check, Copy, RotateCcw } from "lucide-react";
import { memo } from "react";
import { type Key, useT } from "@/lib/i18n";
import { saidOf } from "@/lib/said";
import { type Part, isTerminal, textOf } from "@/realtime/index";
import { Button, IconButton, Menu, MenuItem, MenuRule, Note } from "@/ui";
import { useActions } from "../actions";
import { SourcesContext } from "../markdown/Cite";
import { Markdown } from "../markdown/Markdown";
import { useCopy } from "../markdown/useCopy";
import type { Message } from "../model/message";
import type { Siblings } from "../model/tree";
import { labelOf, useModels } from "../models";
import { AnswerInfo } from "./AnswerInfo";
import { Branches } from "./Branches";
import { citedIn, sourcesOf } from "./call";
import styles from "./Message.module.css";
import { LiveCost } from "./LiveCost";
import { Reasoning } from "./Reasoning";
import { Sources } from "./Sources";
import { Status } from "./Status";
import { SearchStep, ToolStep } from "./Steps";
import { Switched } from "./Switched";
import { type Answer, useAnswer } from "./useAnswer";

/** An answer: what led to it, folded; its text; how it ended; what can be done with it. */
export const AnswerView = memo(function AnswerView({
  message,
  siblings,
}: {
  message: Message;
  siblings: Siblings | undefined;
}) {
  const { session, choose } = useActions();
  const { data: models } = useModels();
  const live = session.live(message);
  const answer = useAnswer(message, live);
  const item = message.local ? session.outgoing.find(({ key }) => message.id === `${key}:a`) : undefined;
  const over = isTerminal(answer.status);
  const label = labelOf(models, answer.model);
  const sources = sourcesOf(answer.parts);
  return (
    <SourcesContext value={sources}>
      <div className={styles["parts"]} aria-busy={!over}>
        {answer.parts.map((part, at) => (
          <PartView
            key={at}
            part={part}
            writing={!over && at === answer.parts.length - 1}
            thoughtFor={answer.live?.thoughtFor ?? message.timings?.["reasoning_ms"] ?? null}
          />
        ))}
        <Switched answer={answer} models={models} />
        {over ? <Sources sources={citedIn(textOf(answer.parts), sources)} /> : null}
        {over ? (
          <Ending message={message} answer={answer} item={item?.key} />
        ) : (
          <Status answer={answer} item={item} modelLabel={label} />
        )}
      </div>
      <div className={styles["foot"]} data-hidden={!over || undefined} inert={!over}>
        {over ? null : <LiveCost answer={answer} models={models} />}
        {siblings ? <Branches siblings={siblings} onChoose={(id) => choose(message, id)} /> : null}
        <CopyAnswer parts={answer.parts} />
        {item ? null : <RetryMenu message={message} continuable={over && answer.status !== "done"} />}
        {item ? null : <AnswerInfo message={message} model={label} />}
        <span className={styles["by"]}>{label}</span>
      </div>
    </SourcesContext>
  );
});

function PartView({
  part,
  writing,
  thoughtFor,
}: {
  part: Part;
  writing: boolean;
  /** Milliseconds of reasoning, where they are known. */
  thoughtFor: number | null;
}) {
  switch (part.kind) {
    case "reasoning":
      return <Reasoning part={part} tookMs={thoughtFor} />;
    case "tool":
      return <ToolStep part={part} />;
    case "search":
      return <SearchStep part={part} />;
    default:
      return part.text ? <Markdown text={part.text} streaming={writing && !part.done} /> : null;
  }
}

function CopyAnswer({ parts }: { parts: readonly Part[] }) {
  const t = useT();
  // What stands between calls of tools are paragraphs of their own.
  const texts = parts.filter(({ kind, text }) => kind === "text" && text.trim() !== "");
  const { copied, copy } = useCopy(
    texts.length > 1 ? texts.map(({ text }) => text.trim()).join("\n\n") : textOf(parts),
  );
  return (
    <IconButton small label={copied ? t("common.copied") : t("chat.copy_message")} onClick={copy}>
      {copied ? <Check size={16} aria-hidden="true" /> : <Copy size={16} aria-hidden="true" />}
    </IconButton>
  );
}

function RetryMenu({ message, continuable }: { message: Message; continuable: boolean }) {
  const t = useT();
  const { retry } = useActions();
  const { data: models } = useModels();
  const others = models?.filter(({ name }) => name !== message.model) ?? [];
  return (
    <Menu
      label={t("chat.retry_menu")}
      side="top"
      trigger={(trigger) => (
        <IconButton small label={t("chat.retry_menu")} {...trigger}>
          <RotateCcw size={16} aria-hidden="true" />
        </IconButton>
      )}
    >
      <MenuItem onSelect={() => retry(message, "again", null)}>{t("chat.again")}</MenuItem>
      {continuable ? (
        <MenuItem onSelect={() => retry(message, "continue", null)}>{t("chat.continue")}</MenuItem>
      ) : null}
      {others.length > 0 ? <MenuRule /> : null}
      {others.map(({ name, label }) => (
        <MenuItem key={name} onSelect={() => retry(message, "again", name)}>
          {label || name}
        </MenuItem>
      ))}
    </Menu>
  );
}

const INCOMPLETE: Record<string, Key> = {
  length: "chat.incomplete_length",
  tool_limit: "chat.incomplete_tools",
};

/** How it ended, when that is worth a word, and the next step. */
function Ending({ message, answer, item }: { message: Message; answer: Answer; item: string | undefined }) {
  const t = useT();
  const { retry, sendAgain, discard } = useActions();
  const hasText = answer.parts.some(({ kind, text }) => kind === "text" && text !== "");
  const again = (
    <Button small onClick={() => retry(message, "again", null)}>
      {t("chat.again")}
    </Button>
  );
  const goOn = hasText ? (
    <Button small onClick={() => retry(message, "continue", null)}>
      {t("chat.continue")}
    </Button>
  ) : null;
  if (item !== undefined) {
    return (
      <div className={styles["ending"]}>
        <Note kind="danger">{`${t("chat.not_sent")}. ${answer.failure ? saidOf(answer.failure) : ""}`}</Note>
        <div className={styles["next"]}>
          <Button small onClick={() => sendAgain(item)}>
            {t("chat.send_now")}
          </Button>
          <Button small look="quiet" onClick={() => discard(item)}>
            {t("chat.discard")}
          </Button>
        </div>
      </div>
    );
  }
  switch (answer.status) {
    case "error":
      return (
        <div className={styles["ending"]}>
          <Note kind="danger">{(answer.failure && saidOf(answer.failure)) || t("chat.failed_answer")}</Note>
          <div className={styles["next"]}>
            {again}
            {goOn}
          </div>
        </div>
      );
    case "incomplete":
      return (
        <div className={styles["ending"]}>
          <Note kind="warn">{t(INCOMPLETE[answer.reason] ?? "chat.incomplete")}</Note>
          <div className={styles["next"]}>
            {goOn}
            {again}
          </div>
        </div>
      );
    case "cancelled":
      return (
        <div className={styles["ending"]}>
          <span className={styles["quiet"]}>{t("chat.cancelled")}</span>
          <div className={styles["next"]}>
            {goOn}
            {again}
          </div>
        </div>
      );
    default:
      return null;
  }
}
