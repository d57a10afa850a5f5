import { newId } from "@/lib/id";
import { type Json, type Position, isTerminal } from "@/realtime/index";
import { realtime } from "./connection";
import { type Outgoing, outbox } from "./outbox";
import { ChatSession } from "./session";

/** How many conversations stay in memory for a quick return. */
const MOST = 12;

const byId = new Map<string, ChatSession>();
let fresh: ChatSession | null = null;

/** The session of a conversation, or of the new one that is being begun. */
export function sessionFor(id: string | null): ChatSession {
  if (id === null) {
    if (fresh?.id) keep(fresh.id, fresh);
    if (!fresh || fresh.id) fresh = new ChatSession(null, draftKey());
    return fresh;
  }
  if (fresh?.id === id) {
    keep(id, fresh);
    fresh = null;
  }
  const known = byId.get(id) ?? new ChatSession(id, id);
  keep(id, known);
  return known;
}

/** A new conversation's place in the outbox; a reload of this tab finds its own again. */
const DRAFT = "rivulet.draft";

/** What waits in the outbox without a conversation is shown where a new one begins. */
function draftKey(): string {
  const waiting = outbox.items
    .get()
    .flatMap(({ conversation, draft }) => (conversation ? [] : (draft ?? [])));
  try {
    const mine = sessionStorage.getItem(DRAFT);
    const draft = waiting.find((one) => one === mine) ?? waiting[0] ?? newId();
    sessionStorage.setItem(DRAFT, draft);
    return draft;
  } catch {
    return waiting[0] ?? newId();
  }
}

/** What was kept has been read: a new chat in which nothing was written yet shows what waits. */
outbox.onReady = () => {
  if (fresh && !fresh.id && fresh.outgoing.length === 0) fresh.become(draftKey());
};

function sessionWith(item: Outgoing): ChatSession | undefined {
  if (item.conversation !== null) {
    return byId.get(item.conversation) ?? (fresh?.id === item.conversation ? fresh : undefined);
  }
  return [...byId.values(), ...(fresh ? [fresh] : [])].find(({ draft }) => draft === item.draft);
}

export function sessionOf(item: Outgoing): ChatSession {
  if (item.conversation !== null) return sessionFor(item.conversation);
  return sessionWith(item) ?? new ChatSession(null, item.draft ?? item.key);
}

/** Its conversation has begun: whoever opens it finds this session. */
export function remember(session: ChatSession): void {
  if (session.id && session !== fresh && !byId.has(session.id)) keep(session.id, session);
}

/** Another tab has sent it: here, too, it is what the server has, and its answer is followed where it is looked at. */
export function sentElsewhere(item: Outgoing, result: Json): void {
  const session = sessionWith(item);
  if (!session) return;
  const over = isTerminal(session.store.get(String(result["message"]))?.status ?? "");
  if (over) {
    session.store.confirm(item, result);
    session.rebuild();
    return;
  }
  const handlers = session.answered(item, result);
  const topic = String(result["topic"]);
  if (!realtime.following(topic))
    realtime.subscribe(topic, handlers, { since: result["position"] as Position });
}

function keep(id: string, session: ChatSession): void {
  byId.delete(id);
  byId.set(id, session);
  for (const [old] of byId) {
    if (byId.size <= MOST) break;
    byId.delete(old);
  }
}

/** Someone else signs in: nothing of the person before may be seen. */
export function forgetSessions(): void {
  byId.clear();
  fresh = null;
}

realtime.status.subscribe(() => {
  if (realtime.status.get().state !== "open") return;
  for (const session of byId.values()) session.reconnected();
  fresh?.reconnected();
});
