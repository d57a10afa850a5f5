/** Keys of the composer. Pure. */

interface Key {
  key: string;
  keyCode?: number;
  shiftKey: boolean;
  altKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  isComposing: boolean;
}

/** An input method is at work: the key belongs to it. Safari ends composing before it tells of Enter, with code 229. */
export function composing(event: Pick<Key, "isComposing" | "keyCode">): boolean {
  return event.isComposing || event.keyCode === 229;
}

/** Enter sends, with Ctrl or Cmd too; Shift and Alt make a new line. On a touch keyboard Enter is a new line. */
export function sends(event: Key, touch = false): boolean {
  if (event.key !== "Enter" || event.shiftKey || event.altKey || composing(event)) return false;
  return !touch || event.ctrlKey || event.metaKey;
}

/** ↑ in an empty composer edits the last message. */
export function editsLast(event: Key, text: string): boolean {
  const bare = !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey;
  return event.key === "ArrowUp" && bare && text === "" && !composing(event);
}

/** The word after an `@` that is being typed at the caret, or null: `@gpt` asks for a model. */
export function modelQuery(text: string, caret: number): { from: number; query: string } | null {
  const found = /(?:^|\s)@([\w.:/-]*)$/.exec(text.slice(0, caret));
  if (!found) return null;
  const query = found[1] ?? "";
  return { from: caret - query.length - 1, query };
}
