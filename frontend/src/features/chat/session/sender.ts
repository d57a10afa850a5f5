import { setRunning } from "@/api/live";
import { type Json, RealtimeError } from "@/realtime";
import { realtime } from "./connection";
import { OUTBOX_MAX_AGE_MS, type Outgoing, outbox } from "./outbox";
import type { ChatSession } from "./session";
import { sessionOf } from "./sessions";

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

/** When an item may be tried again by itself, and how often it was. Not kept: a reload tries at once. */
const tries = new Map<string, { count: number; after: number }>();
let timer = 0;

/** The command's fields; the same at every try, or the key would not match. */
function fieldsOf(item: Outgoing, session: ChatSession): Json | null {
  const fields: Json = { client_msg_id: item.key };
  if (item.model) fields["model"] = item.model;
  if (item.kind === "retry") {
    const message = session.store.resolve(item.message ?? "");
    return { ...fields, message, mode: item.mode };
  }
  fields["content"] = item.content;
  if (item.conversation === null) return fields;
  const parent = item.parent === null ? null : session.store.resolve(item.parent);
  // What it follows is itself still on its way.
  if (parent !== null && outbox.items.get().some(({ key }) => parent === key || parent === `${key}:a`))
    return null;
  return { ...fields, conversation: item.conversation, parent };
}

async function dispatch(item: Outgoing): Promise<void> {
  const session = sessionOf(item);
  const fields = fieldsOf(item, session);
  if (!fields) return;
  outbox.update(item.key, { state: "sending" });
  const cmd = item.kind === "send" ? "message.send" : "generation.retry";
  try {
    await realtime.call(cmd, fields, {
      follow: (result) => {
        const handlers = session.answered(item, result);
        tries.delete(item.key);
        settle(item, result);
        return handlers;
      },
    });
  } catch (error) {
    failed(item, error);
  }
  pump();
}

/** Out of the box, and what waited for the conversation knows it now. */
function settle(item: Outgoing, result: Json): void {
  const conversation = String(result["conversation"]);
  setRunning(conversation, true);
  outbox.remove(item.key);
  for (const other of outbox.items.get()) {
    if (item.conversation === null && other.draft === item.draft && other.conversation === null) {
      outbox.update(other.key, { conversation });
    }
  }
}

function failed(item: Outgoing, error: unknown): void {
  const known = error instanceof RealtimeError ? error : new RealtimeError("internal", "", false);
  const what = { code: known.code, message: known.message };
  if (!known.temporary) {
    outbox.update(item.key, { state: "failed", error: what });
    return;
  }
  const count = (tries.get(item.key)?.count ?? 0) + 1;
  const wait = known.retryAfterMs ?? Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (count - 1));
  tries.set(item.key, { count, after: known.code === "offline" ? 0 : Date.now() + wait });
  const silent = known.code === "offline" || known.undecided;
  outbox.update(item.key, { state: "waiting", error: silent ? null : what });
}

/** Sends what can go now: the first of each conversation. */
export function pump(): void {
  clearTimeout(timer);
  if (realtime.status.get().state !== "open") return;
  const busy = new Set<string>();
  let next = Number.POSITIVE_INFINITY;
  for (const item of outbox.items.get()) {
    const lane = item.conversation ?? item.draft ?? "";
    if (busy.has(lane)) continue;
    if (item.state === "failed" || item.state === "queued") continue;
    busy.add(lane);
    if (item.state !== "waiting") continue;
    if (Date.now() - item.created > OUTBOX_MAX_AGE_MS) {
      outbox.update(item.key, { state: "old" });
      continue;
    }
    const after = tries.get(item.key)?.after ?? 0;
    if (after > Date.now()) next = Math.min(next, after);
    else void dispatch(item);
  }
  if (Number.isFinite(next)) timer = window.setTimeout(pump, next - Date.now());
}

/** A person asks for it: now, and however old it is. */
export function sendAgain(key: string): void {
  tries.delete(key);
  outbox.update(key, { state: "waiting", error: null, created: Date.now() });
  pump();
}

export function enqueue(
  item: Omit<Outgoing, "key" | "created" | "state" | "error">,
  state: "waiting" | "queued" = "waiting",
): Outgoing {
  const full: Outgoing = {
    ...item,
    key: crypto.randomUUID(),
    created: Date.now(),
    state,
    error: null,
  };
  outbox.add(full);
  pump();
  return full;
}

outbox.onReleased = pump;
realtime.status.subscribe(() => {
  if (realtime.status.get().state === "open") pump();
});
