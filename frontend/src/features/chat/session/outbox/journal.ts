import { newId } from "@/lib/id";
import { personal, whose } from "@/lib/person";
import { storage } from "@/lib/storage";
import type { Change, Items, Outgoing } from "./item";

/**
 * What one tab was told and the database has not confirmed yet, in localStorage: that is written before the key that
 * was pressed has come up again, so that a tab closed in the same moment loses nothing. Normally it lives some
 * milliseconds.
 */
const NAME = "outbox.";
/** Where earlier versions kept all of it. */
const OLD_NAME = "outbox";

export class Journal {
  private readonly name = NAME + newId();
  private noted: Items = [];

  constructor(private readonly person: string) {}

  /** Everything that only this page knows; nothing, once it is kept. */
  note(items: Items): void {
    if (items.length === this.noted.length && items.every((item, at) => item === this.noted[at])) return;
    this.noted = items;
    personal.set(this.name, items.length > 0 ? JSON.stringify(items) : null, this.person);
  }
}

export interface Leftovers {
  readonly any: boolean;
  /** Brings in what still stands there. */
  readonly change: Change;
  /** They are kept elsewhere now. */
  clear(): void;
}

/** What tabs that are gone have left (and tabs that live are about to keep), and earlier versions. */
export function leftovers(): Leftovers {
  const person = whose();
  const slot = `of.${person ?? ""}.`;
  const names = person === null ? [] : storage.names(slot + NAME);
  const found = new Map(
    [slot + OLD_NAME, ...names].flatMap((name) => {
      const text = storage.get(name);
      return text === null ? [] : [[name, text] as const];
    }),
  );
  // A tab that lives changes its own: then it also looks after it.
  const standing = () => [...found].filter(([name, text]) => storage.get(name) === text);
  return {
    any: found.size > 0,
    change: (items) => standing().reduce((now, [, text]) => bring(now, read(text)), items),
    clear: () => {
      for (const [name] of standing()) storage.set(name, null);
    },
  };
}

function read(text: string): Items {
  try {
    const found = JSON.parse(text) as unknown;
    return Array.isArray(found) ? (found as Outgoing[]) : [];
  } catch {
    return [];
  }
}

/** Once: what is known by its key already is not brought again, unless more words were queued there. */
function bring(items: Items, left: Items): Items {
  const waiting = new Map(
    left.map((item) => [item.key, item.state === "sending" ? { ...item, state: "waiting" as const } : item]),
  );
  const known = items.map((item) => {
    const more = waiting.get(item.key);
    waiting.delete(item.key);
    const queued = item.state === "queued" && !item.sent;
    return queued && more?.content.startsWith(item.content) ? { ...item, content: more.content } : item;
  });
  return [...known, ...waiting.values()];
}
