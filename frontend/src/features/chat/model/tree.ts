import type { Message } from "./message";

/** Which child of a message is shown, by the parent's id; `ROOT` stands for the top. */
export type Choices = ReadonlyMap<string, string>;
export const ROOT = "";

export interface Siblings {
  readonly ids: readonly string[];
  readonly index: number;
}

export interface Branch {
  /** From the first message that is known to the last. */
  readonly path: readonly Message[];
  readonly siblings: ReadonlyMap<string, Siblings>;
}

/**
 * The branch that is shown: at each fork the child that was chosen, else the one that leads to the newest message.
 * Older messages may not be loaded yet; then the branch begins where what is known begins.
 */
export function branchOf(messages: Iterable<Message>, choices: Choices): Branch {
  const byId = new Map<string, Message>();
  const children = new Map<string, Message[]>();
  for (const message of messages) byId.set(message.id, message);
  const sorted = [...byId.values()].sort((a, b) => a.seq - b.seq || a.id.localeCompare(b.id));
  const orphans: Message[] = [];
  for (const message of sorted) {
    if (message.parent !== null && !byId.has(message.parent)) orphans.push(message);
    else push(children, message.parent ?? ROOT, message);
  }
  const newest = newestBelow(sorted);
  const latest = (list: readonly Message[]) =>
    list.reduce<Message | null>(
      (best, one) => (best && rank(newest, best) >= rank(newest, one) ? best : one),
      null,
    );

  const roots = children.get(ROOT) ?? [];
  const path: Message[] = [];
  const siblings = new Map<string, Siblings>();
  let at: Message | null = latest([...orphans, ...roots]);
  if (at?.parent === null) at = pick(roots, choices.get(ROOT)) ?? at;
  while (at) {
    path.push(at);
    const around: Message[] = at.parent === null ? roots : (children.get(at.parent) ?? []);
    const { id } = at;
    if (around.length > 1) {
      siblings.set(id, { ids: around.map((one) => one.id), index: around.findIndex((one) => one.id === id) });
    }
    const next: Message[] = children.get(id) ?? [];
    at = pick(next, choices.get(id)) ?? latest(next);
  }
  return { path, siblings };
}

function push(map: Map<string, Message[]>, key: string, message: Message): void {
  const list = map.get(key);
  if (list) list.push(message);
  else map.set(key, [message]);
}

function pick(list: readonly Message[], id: string | undefined): Message | undefined {
  return id === undefined ? undefined : list.find((one) => one.id === id);
}

function rank(newest: ReadonlyMap<string, number>, message: Message): number {
  return newest.get(message.id) ?? message.seq;
}

/** The highest order number at or below each message; `sorted` has parents before their children. */
function newestBelow(sorted: readonly Message[]): Map<string, number> {
  const newest = new Map<string, number>();
  for (const message of sorted) newest.set(message.id, message.seq);
  for (let i = sorted.length - 1; i >= 0; i -= 1) {
    const message = sorted[i];
    if (!message?.parent) continue;
    const own = newest.get(message.id) ?? message.seq;
    const above = newest.get(message.parent);
    if (above !== undefined && own > above) newest.set(message.parent, own);
  }
  return newest;
}
