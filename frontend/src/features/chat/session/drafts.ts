import { personal, whose } from "@/lib/person";

/** What stands in the composer, by conversation (`new` for none): kept across reloads, and the same in other tabs. */
const name = (conversation: string | null): string => `draft.${conversation ?? "new"}`;

export function readDraft(conversation: string | null): string {
  return personal.get(name(conversation)) ?? "";
}

/** `writer`: who typed it; by the time it is kept someone else may be here. */
export function writeDraft(conversation: string | null, text: string, writer = whose()): void {
  personal.set(name(conversation), text === "" ? null : text, writer);
}

/** Calls when another tab changed this conversation's draft. */
export function onDraft(conversation: string | null, changed: (text: string) => void): () => void {
  return personal.onChange(name(conversation), (value) => changed(value ?? ""));
}
