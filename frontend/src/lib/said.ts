import { type Key, translate, type Values } from "./i18n";

/** What the server says: the English text, and where there is one the sentence's stable name with what stands in it. */
export interface Told {
  text: string;
  sentence?: string | undefined;
  params?: Readonly<Record<string, unknown>> | undefined;
}

const isTold = (value: unknown): value is Told =>
  typeof value === "object" && value !== null && typeof (value as { text?: unknown }).text === "string";

/** It in the reader's language; the server's own text where this page does not know the sentence. */
export function said({ text, sentence, params = {} }: Told): string {
  if (!sentence) return text;
  const key = `errors.${sentence}` as Key;
  const values: Values = {};
  for (const [name, value] of Object.entries(params))
    if (isTold(value)) values[name] = said(value);
    else if (typeof value === "number" || typeof value === "string") values[name] = value;
  const found = translate(key, values);
  return found === key ? text : found;
}

/** The same of a failure as answers and the outbox hold it. */
export const saidOf = ({ message, ...named }: { message: string } & Omit<Told, "text">): string =>
  said({ text: message, ...named });
