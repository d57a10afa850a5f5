import { Info } from "lucide-react";
import { useRef, useState } from "react";
import { formatNumber, type Key, useT } from "@/lib/i18n";
import { money } from "@/lib/money";
import { IconButton, Popover } from "@/ui";
import type { MadeWith, Message } from "../model/message";
import { labelOf, useModels } from "../models";
import styles from "./Message.module.css";

const seconds = (ms: number): string =>
  formatNumber(ms / 1000, { maximumFractionDigits: ms < 10_000 ? 2 : 0 });

/** Model, time to the first word, speed, tokens and cost of an answer, where they are known. */
export function AnswerInfo({ message, model }: { message: Message; model: string }) {
  const t = useT();
  const anchor = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);
  return (
    <>
      <IconButton
        ref={anchor}
        small
        label={t("chat.info")}
        aria-expanded={open}
        onClick={() => setOpen((before) => !before)}
      >
        <Info size={16} aria-hidden="true" />
      </IconButton>
      {open ? (
        <Popover
          anchor={anchor}
          side="top"
          align="start"
          onClose={() => setOpen(false)}
          role="dialog"
          aria-label={t("chat.info")}
        >
          <Facts message={message} model={model} />
        </Popover>
      ) : null}
    </>
  );
}

export function Facts({ message, model }: { message: Message; model: string }) {
  const t = useT();
  const { data: models } = useModels();
  const { usage, timings, cost, insteadOf } = message;
  const before = [...new Set(insteadOf.map((one) => labelOf(models, one.model)))].join(", ");
  const first = timings?.["first_token_ms"];
  const total = timings?.["total_ms"];
  const writing = total !== undefined ? total - (first ?? 0) : 0;
  const speed = usage && writing > 0 ? usage.output_tokens / (writing / 1000) : null;
  const rows: [string, string | null][] = [
    [t("chat.info_model"), model || null],
    [t("chat.info_instead"), before || null],
    [t("chat.info_template"), message.prompt ? madeBy(message.prompt) : null],
    ...Object.entries(message.prompt?.variables ?? {}).map(([name, value]): [string, string] => [
      name,
      value === "" || value === null ? "–" : shortened(value),
    ]),
    ...Object.entries(message.params).flatMap(([name, value]): [string, string][] =>
      value === null ? [] : [[named[name] ? t(named[name]) : name, shortened(value)]],
    ),
    [t("chat.info_first"), first === undefined ? null : `${seconds(first)} s`],
    [t("chat.info_total"), total === undefined ? null : `${seconds(total)} s`],
    [t("chat.info_speed"), speed === null ? null : t("chat.info_speed_value", { count: Math.round(speed) })],
    [
      t("chat.info_tokens"),
      usage ? t("chat.info_tokens_value", { input: usage.input_tokens, output: usage.output_tokens }) : null,
    ],
    [
      t("chat.info_cost"),
      cost === null
        ? null
        : message.estimated
          ? t("chat.info_estimated", { cost: money(cost) })
          : money(cost),
    ],
  ];
  return (
    <dl className={styles["facts"]}>
      {rows.map(([name, value]) =>
        value === null ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

const named: Record<string, Key> = {
  temperature: "chat.info_temperature",
  max_tokens: "chat.info_max_tokens",
};
const MOST_SHOWN = 200;

/** What was filled in or asked with, on a line or two. */
function shortened(value: unknown): string {
  const words = typeof value === "string" ? value : JSON.stringify(value);
  return words.length > MOST_SHOWN ? `${words.slice(0, MOST_SHOWN)}…` : words;
}

const madeBy = ({ name, number, label }: MadeWith): string =>
  `${name} v${number}${label ? ` (${label})` : ""}`;
