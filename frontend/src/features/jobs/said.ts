import type { Key, T, Values } from "@/lib/i18n";
import { said as saidAnywhere } from "@/lib/said";

/** What the server tells people: the English text, and where there is one the sentence's stable name with what stands in it. */
export interface Told {
  text: string;
  sentence?: string | undefined;
  params?: Readonly<Record<string, unknown>> | undefined;
}

const isTold = (value: unknown): value is Told =>
  typeof value === "object" && value !== null && typeof (value as { text?: unknown }).text === "string";

/** It in the reader's language; the server's own text where this page does not know the sentence. */
export function said(t: T, { text, sentence, params = {} }: Told): string {
  if (!sentence) return text;
  const key = `jobs.say_${sentence}` as Key;
  const values: Values = {};
  for (const [name, value] of Object.entries(params))
    if (isTold(value)) values[name] = said(t, value);
    else if (typeof value === "number" || typeof value === "string") values[name] = value;
  const found = t(key, values);
  return found === key ? saidAnywhere({ text, sentence, params }) : found;
}

/** The same of an error; nothing where it says nothing. */
export function errorSaid(t: T, error: Readonly<Record<string, unknown>> | null): string {
  const text = error?.["message"];
  if (typeof text !== "string") return "";
  return said(t, {
    text,
    sentence: error?.["sentence"] as string | undefined,
    params: error?.["params"] as Told["params"],
  });
}

/** The same of what a job is at. */
export const stepSaid = (
  t: T,
  { step, step_said: named }: { step: string; step_said?: Record<string, unknown> | null },
): string => said(t, { ...(named as Partial<Told> | null), text: step });

/** The same of what is wrong with a file, and where. */
export function problemSaid(
  t: T,
  {
    line,
    reason: text,
    said: named,
  }: { line: number | null; reason: string; said?: Record<string, unknown> | null },
): string {
  const reason = said(t, { ...(named as Partial<Told> | null), text });
  return line === null ? reason : t("jobs.problem_at", { line, reason });
}
