import { useEffect, useRef, useState } from "react";
import { formatNumber, useT } from "@/lib/i18n";
import { money } from "@/lib/money";
import type { Model } from "../models";
import styles from "./Message.module.css";
import type { Answer } from "./useAnswer";

const EVERY_MS = 500;
const MILLION = 1_000_000;
/** About so much text is a token, as the ledger's estimates have it. */
const BYTES_PER_TOKEN = 4;

/** What an answer costs while it is written: as its provider counts, or by its text until it does. */
export function LiveCost({ answer, models }: { answer: Answer; models: readonly Model[] | undefined }) {
  const t = useT();
  const latest = useRef(answer);
  const [at, setAt] = useState(answer);
  useEffect(() => {
    latest.current = answer;
  });
  useEffect(() => {
    const timer = setInterval(() => setAt(latest.current), EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const spent = spentSoFar(
    at,
    models?.find(({ name }) => name === at.model),
  );
  if (!spent) return null;
  const tokens = formatNumber(spent.tokens);
  return (
    <span className={styles["meter"]}>
      {t(spent.counted ? "chat.live_counted" : "chat.live_cost", { tokens, cost: money(spent.cost) })}
    </span>
  );
}

/** Null: nothing is written yet, or the model has no price. */
export function spentSoFar(
  { usage, parts }: Pick<Answer, "usage" | "parts">,
  model: Model | undefined,
): { tokens: number; cost: number; counted: boolean } | null {
  const counted = Number(usage?.cost ?? 0);
  if (usage && usage.output_tokens > 0) {
    return counted > 0 ? { tokens: usage.output_tokens, cost: counted, counted: true } : null;
  }
  const price = Number(model?.output_price ?? 0);
  if (!(price > 0)) return null;
  const written = parts.reduce((sum, { text }) => sum + text.length, 0);
  const tokens = Math.ceil(written / BYTES_PER_TOKEN);
  return tokens > 0 ? { tokens, cost: (tokens * price) / MILLION, counted: false } : null;
}
