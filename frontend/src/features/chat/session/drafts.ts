import { storage } from "@/lib/storage";

/** What stands in the composer, by conversation (`new` for none): kept across reloads, and the same in other tabs. */
const name = (conversation: string | null): string => `draft.${conversation ?? "new"}`;

export function readDraft(conversation: string | null): string {
  return storage.get(name(conversation)) ?? "";
}

export function writeDraft(conversation: string | null, text: string): void {
  storage.set(name(conversation), text === "" ? null : text);
}

/** Calls when another tab changed this conversation's draft. */
export function onDraft(conversation: string | null, changed: (text: string) => void): () => void {
  const listener = (event: StorageEvent) => {
    if (event.key === `rivulet.${name(conversation)}`) changed(event.newValue ?? "");
  };
  window.addEventListener("storage", listener);
  return () => window.removeEventListener("storage", listener);
}
