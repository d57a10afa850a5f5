import { realtime } from "./connection";
import type { Outgoing } from "./outbox";
import { outbox } from "./outbox";
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

/** What waits in the outbox without a conversation is shown where a new one begins. */
function draftKey(): string {
  return (
    outbox.items.get().find(({ conversation, draft }) => conversation === null && draft)?.draft ??
    crypto.randomUUID()
  );
}

export function sessionOf(item: Outgoing): ChatSession {
  if (item.conversation !== null) return sessionFor(item.conversation);
  const found = [...byId.values()].find(({ key }) => key === item.draft);
  if (found) return found;
  const open = sessionFor(null);
  return open.key === item.draft ? open : new ChatSession(null, item.draft ?? item.key);
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
