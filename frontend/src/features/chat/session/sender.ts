import { setRunning } from "@/api/live";
import { confirmSession } from "@/api/session";
import { translate } from "@/lib/i18n";
import { whose } from "@/lib/person";
import { type Json, RealtimeError, refusesFrame } from "@/realtime";
import { realtime } from "./connection";
import { OUTBOX_MAX_AGE_MS, type Outgoing, outbox } from "./outbox";
import type { ChatSession } from "./session";
import { sessionOf } from "./sessions";

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
const MOST_REFUSALS = 1;

/** When an item may be tried again by itself, and how often it was. Not kept: a reload tries at once. */
const tries = new Map<string, { count: number; after: number }>();
/** Keys of what this tab has sent and not heard of. */
const underWay = new Set<string>();
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
  if (item.conversation === null) return item.into ? { ...fields, conversation: item.into } : fields;
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
  underWay.add(item.key);
  outbox.update(item.key, { state: "sending", tried: true });
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
  underWay.delete(item.key);
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
  // The session is over: it waits for whose it is.
  const ended = known.code === "unauthenticated";
  if (ended) void confirmSession().catch(() => undefined);
  if (!known.temporary && !ended) {
    setAside(item, what);
    return;
  }
  if (refusesFrame(known.closed)) {
    refused(item);
    return;
  }
  const count = (tries.get(item.key)?.count ?? 0) + 1;
  const wait = known.retryAfterMs ?? Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (count - 1));
  tries.set(item.key, { count, after: isOpen() ? Date.now() + wait : 0 });
  const silent = known.code === "offline" || known.undecided || ended;
  outbox.update(item.key, { state: "waiting", error: silent ? null : what });
}

/** The socket was closed on it, unread (protocol §9): one more try, and then the others go on without it. */
function refused(item: Outgoing): void {
  const times = (outbox.find(item.key)?.refused ?? 0) + 1;
  if (times > MOST_REFUSALS) {
    setAside(item, { code: "bad_frame", message: translate("chat.refused") });
    // The client stops when its one more try was refused too; what was at fault is out of the way.
    if (realtime.status.get().state === "stopped") realtime.start();
  } else outbox.update(item.key, { state: "waiting", error: null, refused: times });
}

/** A person decides about it. What was to follow it follows what stood before it. */
function setAside(item: Outgoing, error: Outgoing["error"]): void {
  outbox.update(item.key, { state: "failed", error });
  for (const other of outbox.items.get()) {
    const parent = outbox.standing(other.parent);
    if (parent === other.parent || other.state === "failed") continue;
    outbox.update(other.key, { parent });
    sessionOf(other).store.choose(parent, other.key);
  }
}

/** A line that is someone else's by now carries nothing. */
function isOpen(): boolean {
  const { state, user } = realtime.status.get();
  return state === "open" && (!user || user === whose());
}

/** Sends what can go now: the first of each conversation. */
export function pump(): void {
  clearTimeout(timer);
  if (!isOpen()) return;
  const busy = new Set<string>();
  const due: Outgoing[] = [];
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
    else due.push(item);
  }
  dispatchAll(due);
  if (Number.isFinite(next)) timer = window.setTimeout(pump, next - Date.now());
}

/** What the socket was closed on goes alone, so that it takes nothing with it. */
function dispatchAll(due: readonly Outgoing[]): void {
  const gone = outbox.items.get().filter(({ key }) => underWay.has(key));
  if (gone.some(({ refused: times }) => times)) return;
  const suspect = due.find(({ refused: times }) => times);
  if (!suspect) for (const item of due) void dispatch(item);
  else if (gone.length === 0) void dispatch(suspect);
}

/** A person asks for it: now, and however old it is. */
export function sendAgain(key: string): void {
  tries.delete(key);
  const known = outbox.find(key);
  outbox.update(key, {
    state: "waiting",
    error: null,
    created: Date.now(),
    ...(known?.refused ? { refused: 1 } : {}),
  });
  pump();
}

export function enqueue(
  item: Omit<Outgoing, "key" | "created" | "state" | "error">,
  state: "waiting" | "queued" = "waiting",
): Outgoing {
  const full: Outgoing = {
    ...item,
    parent: outbox.standing(item.parent),
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
