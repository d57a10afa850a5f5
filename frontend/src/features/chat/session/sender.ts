import { setRunning } from "@/api/live";
import { confirmSession } from "@/api/session";
import { translate } from "@/lib/i18n";
import { newId } from "@/lib/id";
import { whose } from "@/lib/person";
import { type Json, RealtimeError, refusesFrame } from "@/realtime/index";
import { realtime } from "./connection";
import { type Items, OUTBOX_MAX_AGE_MS, type Outgoing, laneOf, outbox } from "./outbox";
import { remember, sentElsewhere, sessionOf } from "./sessions";

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
const MOST_REFUSALS = 1;

/** A page that was just opened tries at once what another one had to wait with. */
const opened = Date.now();
/** Keys of what this tab has sent and not heard of. */
const underWay = new Set<string>();
/** Lanes in which this tab sends, or waits until another one no longer does. */
const turning = new Set<string>();
let timer: ReturnType<typeof setTimeout> | undefined;

/** The command's fields; the same at every try, or the key would not match. Null: what it follows is on its way. */
function fieldsOf(item: Outgoing, items: Items): Json | null {
  if (item.fields) return item.fields;
  const isHere = (id: string | null) =>
    items.some(({ key, sent }) => !sent && (id === key || id === `${key}:a`));
  if (isHere(item.parent) || isHere(item.message)) return null;
  const fields: Json = { client_msg_id: item.key };
  if (item.model) fields["model"] = item.model;
  if (item.kind === "retry") return { ...fields, message: item.message, mode: item.mode };
  if (item.content || !item.prompt) fields["content"] = item.content;
  if (item.tools?.length) fields["tools"] = item.tools.map((type) => ({ type }));
  if (item.prompt) {
    const { id, version, variables } = item.prompt;
    fields["prompt"] = { id, version, variables };
  }
  if (item.conversation === null) return item.into ? { ...fields, conversation: item.into } : fields;
  return { ...fields, conversation: item.conversation, parent: item.parent };
}

const begins = ({ state, sent }: Outgoing) => !sent && state !== "failed" && state !== "queued";
const headOf = (lane: string, items: Items) => items.find((item) => begins(item) && laneOf(item) === lane);
const isOld = (item: Outgoing) => Date.now() - item.created > OUTBOX_MAX_AGE_MS;
const notBefore = ({ failed: last }: Outgoing) => (last && last.at >= opened ? last.until : 0);

/** In this tab's turn: what is first in the lane by now goes, whoever wrote it. */
async function sendFirst(lane: string, person: string | null): Promise<void> {
  const mayGo = (item: Outgoing | undefined): item is Outgoing =>
    item !== undefined && item.state !== "old" && !isOld(item) && notBefore(item) <= Date.now();
  if (!isOpen() || whose() !== person) return;
  await outbox.commit((items) => {
    const item = headOf(lane, items);
    const fields = mayGo(item) ? fieldsOf(item, items) : null;
    if (!item || !fields) return items;
    return items.map((one) => (one === item ? { ...item, fields, state: "sending", tried: true } : one));
  });
  const item = headOf(lane, outbox.items.get());
  if (!isOpen() || whose() !== person || item?.state !== "sending" || !item.fields) return;
  await dispatch(item, item.fields);
}

async function dispatch(item: Outgoing, fields: Json): Promise<void> {
  const session = sessionOf(item);
  const cmd = item.kind === "send" ? "message.send" : "generation.retry";
  underWay.add(item.key);
  try {
    await realtime.call(cmd, fields, {
      follow: (result) => {
        const handlers = session.answered(item, result);
        remember(session);
        setRunning(String(result["conversation"]), true);
        outbox.settle(item.key, result);
        return handlers;
      },
    });
  } catch (error) {
    failed(item, error);
  }
  underWay.delete(item.key);
}

function failed(item: Outgoing, error: unknown): void {
  const known = error instanceof RealtimeError ? error : new RealtimeError("internal", "", false);
  const what = { ...known.named, code: known.code, message: known.message };
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
  const count = (outbox.find(item.key)?.failed?.count ?? 0) + 1;
  const wait = known.retryAfterMs ?? Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (count - 1));
  const now = Date.now();
  const silent = known.code === "offline" || known.undecided || ended;
  outbox.update(item.key, {
    state: "waiting",
    error: silent ? null : what,
    failed: { at: now, until: isOpen() ? now + wait : 0, count },
  });
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
  outbox.update(item.key, { fields: undefined, state: "failed", error });
  for (const other of outbox.items.get()) {
    const parent = outbox.standing(other.parent);
    if (parent === other.parent || other.state === "failed" || other.tried) continue;
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
  const due: Outgoing[] = [];
  let next = Number.POSITIVE_INFINITY;
  for (const item of outbox.items.get()) {
    if (headOf(laneOf(item), outbox.items.get()) !== item || underWay.has(item.key)) continue;
    if (item.state === "old") continue;
    if (isOld(item)) outbox.update(item.key, { state: "old" });
    else if (notBefore(item) > Date.now()) next = Math.min(next, notBefore(item));
    else if (fieldsOf(item, outbox.items.get())) due.push(item);
  }
  takeTurns(due);
  clearTimeout(timer);
  if (Number.isFinite(next)) timer = setTimeout(pump, next - Date.now());
}

/** What the socket was closed on goes alone, so that it takes nothing with it. */
function takeTurns(due: Items): void {
  const gone = outbox.items.get().filter(({ key }) => underWay.has(key));
  if (gone.some(({ refused: times }) => times)) return;
  const suspect = due.find(({ refused: times }) => times);
  if (!suspect) for (const item of due) takeTurn(item);
  else if (gone.length === 0) takeTurn(suspect);
}

/** Where another tab is sending, this waits behind it: should that tab die, this one goes on at once. */
function takeTurn(item: Outgoing): void {
  const lane = laneOf(item);
  if (turning.has(lane)) return;
  turning.add(lane);
  const person = whose();
  void outbox
    .turn(lane, () => sendFirst(lane, person))
    .finally(() => {
      turning.delete(lane);
      pump();
    });
}

/** A person asks for it: now, and however old it is. */
export function sendAgain(key: string): void {
  outbox.update(key, ({ state, refused: times }) =>
    state === "sending"
      ? null
      : {
          state: "waiting",
          error: null,
          failed: undefined,
          created: Date.now(),
          ...(times ? { refused: 1 } : {}),
        },
  );
  pump();
}

type Written = Omit<Outgoing, "key" | "created" | "state" | "error">;

let newest = 0;

function made(item: Written, state: "waiting" | "queued"): Outgoing {
  // No two at the same moment: it is their order.
  newest = Math.max(Date.now(), newest + 1);
  const parent = outbox.standing(item.parent);
  return { ...item, parent, key: newId(), created: newest, state, error: null };
}

export function enqueue(item: Written, state: "waiting" | "queued" = "waiting"): Outgoing {
  const full = made(item, state);
  outbox.add(full);
  pump();
  return full;
}

/** Goes when the answer has ended, together with what is queued already. */
export function enqueueNext(item: Written, onto: string | null): void {
  outbox.queue(made(item, "queued"), onto);
}

outbox.onReleased = pump;
outbox.onSentElsewhere = sentElsewhere;
outbox.items.subscribe(pump);
realtime.status.subscribe(() => {
  if (realtime.status.get().state === "open") pump();
});
