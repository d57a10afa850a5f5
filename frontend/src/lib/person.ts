import { storage } from "./storage";

/**
 * What this browser keeps for a person: drafts, what is unsent, marks, places. It lies under their id, so that whoever
 * signs in next neither sees it nor sends it.
 */
let person: string | null = null;
/** Signed out by their own hand: nothing of theirs is kept any more. */
const left = new Set<string>();
const listeners = new Set<() => void>();
const leaving = new Set<(id: string) => void>();

const slot = (id: string, name: string): string => `of.${id}.${name}`;

export const whose = (): string | null => person;

/** Someone else looks at the page from now on, or nobody. */
export function becomePerson(id: string | null): void {
  if (id !== null) left.delete(id);
  if (id === person) return;
  person = id;
  for (const listener of [...listeners]) listener();
}

export function onPerson(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Calls when somebody left by their own hand: what is kept elsewhere for them goes too. */
export function onLeft(listener: (id: string) => void): void {
  leaving.add(listener);
}

/** Takes all that was kept for them out of this browser. */
export function clearPerson(id: string): void {
  left.add(id);
  for (const listener of leaving) listener(id);
  for (const name of storage.names(slot(id, ""))) storage.set(name, null);
}

export const personal = {
  get(name: string): string | null {
    return person === null ? null : storage.get(slot(person, name));
  },
  /** `id`: who wrote it, where that may be someone else than who is here by now. */
  set(name: string, value: string | null, id: string | null = person): void {
    if (id !== null && !left.has(id)) storage.set(slot(id, name), value);
  },
  /** Calls when another tab of the same person changed it. */
  onChange(name: string, changed: (value: string | null) => void): () => void {
    const listener = (event: StorageEvent) => {
      if (person !== null && event.key === `rivulet.${slot(person, name)}`) changed(event.newValue);
    };
    window.addEventListener("storage", listener);
    return () => window.removeEventListener("storage", listener);
  },
};

/** Earlier versions did not say whose these are; nobody gets them. */
const unowned = /^(outbox|unread|conversations|models?|(draft|place|branch)\..*)$/;
for (const name of storage.names("")) if (unowned.test(name)) storage.set(name, null);
