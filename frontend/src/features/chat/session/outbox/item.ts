import type { Failure, Json } from "@/realtime/index";

/** A version of a template with its values, and what its user part says with them. */
export interface SentPrompt {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly variables: Json;
  readonly text: string;
  /** The model that it asks for; empty: any. */
  readonly model: string;
}

/** What a person sent and the server has not confirmed. It survives reloads; the key makes sending it twice harmless. */
export interface Outgoing {
  /** The client_msg_id. */
  readonly key: string;
  readonly kind: "send" | "retry";
  /** Null: a new conversation. */
  readonly conversation: string | null;
  /** Which page of this browser's it belongs to while there is no conversation. */
  readonly draft: string | null;
  /** A message's id, or `<key>:a` for the answer to something that is itself still here. */
  readonly parent: string | null;
  readonly content: string;
  readonly model: string | null;
  /** A template that it is made with; `content` follows what that says. */
  readonly prompt?: SentPrompt;
  /** Names of the server's own tools that its answer may use. */
  readonly tools?: readonly string[];
  /** Of a retry: the answer it is about, and how. */
  readonly message: string | null;
  readonly mode: "again" | "continue";
  /** An earlier version made the conversation for it first. */
  readonly into?: string;
  /** It went out at least once: it may be on the server although nothing was heard of it. */
  readonly tried?: boolean;
  /** The command as it went out: the same at every try, from every tab, or the key would not match. */
  readonly fields?: Json;
  /** How often the socket was closed on it, unread. */
  readonly refused?: number;
  /** The last try that failed (clock times, ms), and how many did. */
  readonly failed?: { readonly at: number; readonly until: number; readonly count: number };
  readonly created: number;
  /** `queued`: goes when the answer before it has ended. `old`: too old to go by itself. */
  readonly state: "queued" | "sending" | "waiting" | "failed" | "old";
  readonly error: Failure | null;
  /** It is on the server: kept without its words for tabs that were not told, and for what follows it. */
  readonly sent?: { readonly at: number; readonly result: Json };
}

/** The words of the message: the template's, then the person's own. */
export function saidOf({ content, prompt }: Pick<Outgoing, "content" | "prompt">): string {
  if (!prompt?.text.trim()) return content;
  return content.trim() ? `${prompt.text}\n\n${content}` : prompt.text;
}

export type Items = readonly Outgoing[];

/** A pure function; it may be asked more than once. */
export type Change = (items: Items) => Items;

/** Nothing older goes by itself. */
export const OUTBOX_MAX_AGE_MS = 24 * 3600 * 1000;
/** Longer than anything can wait that follows it. */
const SENT_KEPT_MS = 2 * OUTBOX_MAX_AGE_MS;

export const patch =
  (key: string, change: Partial<Outgoing> | ((item: Outgoing) => Partial<Outgoing> | null)): Change =>
  (items) =>
    items.map((item) => {
      if (item.key !== key || item.sent) return item;
      const fields = typeof change === "function" ? change(item) : change;
      return fields === null ? item : { ...item, ...fields };
    });

/** The server has it. */
export const sent =
  (key: string, result: Json): Change =>
  (items) =>
    items
      .filter((item) => !item.sent || Date.now() - item.sent.at < SENT_KEPT_MS)
      .map((item) =>
        item.key === key && !item.sent
          ? {
              ...item,
              content: "",
              prompt: undefined,
              fields: {},
              error: null,
              sent: { at: Date.now(), result },
            }
          : item,
      );

const text = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** What waited for something that is on the server by now knows its place there. */
export function placed(items: Items): Items {
  const done = items.filter((item) => item.sent);
  if (done.length === 0) return items;
  const ids = new Map<string, string>();
  const drafts = new Map<string, string>();
  for (const { key, draft, sent: known } of done) {
    const answer = text(known?.result["message"]);
    const question = text(known?.result["user_message"]);
    const conversation = text(known?.result["conversation"]);
    if (answer) ids.set(`${key}:a`, answer);
    if (question) ids.set(key, question);
    if (draft && conversation) drafts.set(draft, conversation);
  }
  return items.map((item) => {
    if (item.sent || item.fields) return item;
    const conversation = item.conversation ?? (item.draft ? (drafts.get(item.draft) ?? null) : null);
    const parent = item.parent === null ? null : (ids.get(item.parent) ?? item.parent);
    const message = item.message === null ? null : (ids.get(item.message) ?? item.message);
    const same = conversation === item.conversation && parent === item.parent && message === item.message;
    return same ? item : { ...item, conversation, parent, message };
  });
}

/** The nearest place that is on the server or on its way there: nothing can follow what was not sent. */
export function standing(items: Items, parent: string | null): string | null {
  const item = items.find(({ key }) => parent === key || parent === `${key}:a`);
  if (item?.state !== "failed" || item.sent) return parent;
  return standing(items, item.kind === "retry" ? item.message : item.parent);
}

/** Things that go one after the other. */
export const laneOf = (item: Outgoing): string => item.conversation ?? item.draft ?? "";
