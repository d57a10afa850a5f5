import { ArrowUp, Globe, Square } from "lucide-react";
import {
  type ChangeEvent,
  type KeyboardEvent,
  type Ref,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { useT } from "@/lib/i18n";
import { isUnbroken, useUnbroken } from "@/lib/unbroken";
import { IconButton } from "@/ui";
import type { Model } from "../models";
import type { Web } from "../web";
import type { SentPrompt } from "../session/outbox";
import styles from "./Composer.module.css";
import { composing, editsLast, modelQuery, sends } from "./keys";
import { MOST_CHARS, tooMany } from "./length";
import { ModelPicker } from "./ModelPicker";
import { TemplateFields } from "./TemplateFields";
import { TemplatePicker } from "./TemplatePicker";
import { useDraft } from "./useDraft";
import { useTemplateForm } from "./useTemplateForm";

export interface ComposerHandle {
  focus(): void;
  fill(text: string): void;
  /** Puts what was not sent before what stands here. */
  takeBack(text: string): void;
  openModels(): void;
  openTemplates(): void;
}

interface Props {
  ref: Ref<ComposerHandle>;
  conversation: string | null;
  begun: boolean;
  /** An answer is being written: stop stands where send was. */
  writing: boolean;
  stopping: boolean;
  model: Model | null;
  onModel: (model: Model) => void;
  web: Web;
  onSend: (text: string, prompt?: SentPrompt) => void;
  /** What waits for the end of the answer; what is queued beside it joins it. */
  queued: string | null;
  /** Sent once the answer has ended. */
  onQueue: (text: string) => void;
  onStop: () => void;
  /** Returns whether there was a message to edit. */
  onEditLast: () => boolean;
}

const touch = (): boolean => window.matchMedia("(pointer: coarse)").matches;

export function Composer({
  ref,
  conversation,
  begun,
  writing,
  stopping,
  model,
  onModel,
  web,
  onSend,
  queued,
  onQueue,
  onStop,
  onEditLast,
}: Props) {
  const t = useT();
  const [text, setText] = useDraft(conversation);
  const [models, setModels] = useState<{ query: string; from: number | null } | null>(null);
  const [over, setOver] = useState<number | null>(null);
  const [templates, setTemplates] = useState(false);
  const whole = useRef<HTMLFormElement>(null);
  const { form, open, change, finish, close } = useTemplateForm(conversation);
  const box = useRef<HTMLTextAreaElement>(null);
  useUnbroken(box);

  useImperativeHandle(ref, () => ({
    focus: () => box.current?.focus(),
    fill: (words) => {
      setText(words);
      box.current?.focus();
    },
    takeBack: (words) => {
      setText(text.trim() ? `${words}\n\n${text}` : words);
      box.current?.focus();
    },
    openModels: () => setModels({ query: "", from: null }),
    openTemplates: () => setTemplates(true),
  }));
  useLayoutEffect(() => {
    const element = box.current;
    // Where the stylesheet alone does not let it grow.
    if (!element || CSS.supports("field-sizing", "content")) return;
    element.style.height = "0";
    element.style.height = `${element.scrollHeight}px`;
  }, [text]);

  const send = () => {
    const words = text.trim();
    if (form) {
      // It would lose its template in the queue.
      const prompt = writing ? null : finish();
      if (!prompt || !(words || prompt.text.trim())) return;
      onSend(words, prompt);
      close();
      setText("");
      box.current?.focus();
      return;
    }
    if (!words) return;
    const count = tooMany(writing && queued !== null ? `${queued}\n\n${words}` : words);
    setOver(count);
    if (count !== null) return;
    if (writing) onQueue(words);
    else onSend(words);
    setText("");
    box.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key === "Escape" && writing && !composing(event.nativeEvent)) {
      event.preventDefault();
      if (!stopping) onStop();
      return;
    }
    if (sends(event.nativeEvent, touch())) {
      event.preventDefault();
      send();
    } else if (editsLast(event.nativeEvent, text) && onEditLast()) event.preventDefault();
  };
  const onChange = (event: ChangeEvent<HTMLTextAreaElement>) => {
    const { value, selectionStart } = event.currentTarget;
    if (value === "/" && text === "" && !form) {
      setTemplates(true);
      return;
    }
    setText(value);
    setOver(null);
    const typed = (event.nativeEvent as InputEvent).data;
    const found = typed === "@" ? modelQuery(value, selectionStart) : null;
    if (found) setModels({ query: found.query, from: found.from });
  };
  const pick = (chosen: Model) => {
    // The @ that opened the list is not part of the question.
    if (models?.from !== null && models?.from !== undefined)
      setText(text.slice(0, models.from) + text.slice(models.from + 1));
    setModels(null);
    onModel(chosen);
    requestAnimationFrame(() => box.current?.focus());
  };

  return (
    <form
      ref={whole}
      className={styles["composer"]}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {form ? (
        <TemplateFields
          form={form}
          onChange={change}
          onClose={() => {
            close();
            box.current?.focus();
          }}
        />
      ) : null}
      {templates ? (
        <TemplatePicker
          anchor={whole}
          onClose={() => {
            setTemplates(false);
            box.current?.focus();
          }}
          onPick={(template) => {
            setTemplates(false);
            open(template);
            if (template.current.variables.length === 0) requestAnimationFrame(() => box.current?.focus());
          }}
        />
      ) : null}
      <textarea
        ref={box}
        rows={1}
        value={text}
        enterKeyHint="send"
        data-unbroken={isUnbroken(text) || undefined}
        aria-label={t("chat.composer")}
        aria-describedby={over === null ? undefined : "composer-refusal"}
        aria-invalid={over !== null || undefined}
        placeholder={t(
          form ? "chat.placeholder_template" : begun ? "chat.placeholder_more" : "chat.placeholder",
        )}
        onChange={onChange}
        onKeyDown={onKeyDown}
      />
      {over === null ? null : (
        <p id="composer-refusal" role="alert" className={styles["refusal"]}>
          {t("chat.too_long", { count: over, most: MOST_CHARS })}
        </p>
      )}
      <div className={styles["row"]}>
        <ModelPicker
          chosen={model}
          open={models !== null}
          query={models?.query ?? ""}
          onOpen={(open) => {
            setModels(open ? { query: "", from: null } : null);
            if (!open) box.current?.focus();
          }}
          onPick={pick}
        />
        {web.on === null ? null : (
          <IconButton
            label={t("chat.web")}
            className={styles["web"]}
            aria-pressed={web.on}
            onClick={() => {
              web.toggle();
              box.current?.focus();
            }}
          >
            <Globe size={18} aria-hidden="true" />
          </IconButton>
        )}
        <span className={styles["gap"]} />
        {writing && text.trim() && !form ? (
          <IconButton label={t("chat.queue")} shortcut="Enter" type="submit">
            <ArrowUp size={18} aria-hidden="true" />
          </IconButton>
        ) : null}
        {writing ? (
          <IconButton
            label={stopping ? t("chat.stopping") : t("chat.stop")}
            shortcut="Escape"
            look="primary"
            className={styles["go"]}
            aria-disabled={stopping || undefined}
            onClick={() => {
              if (!stopping) onStop();
              box.current?.focus();
            }}
          >
            <Square size={14} fill="currentColor" aria-hidden="true" />
          </IconButton>
        ) : (
          <IconButton
            label={t("chat.send")}
            shortcut="Enter"
            type="submit"
            look="primary"
            className={styles["go"]}
            disabled={!text.trim() && !form}
          >
            <ArrowUp size={18} aria-hidden="true" />
          </IconButton>
        )}
      </div>
    </form>
  );
}
