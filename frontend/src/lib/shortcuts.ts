export const isMac = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.userAgent);

/** The keys of a shortcut as they are shown: `⌘ ⇧ O` on a Mac, `Ctrl Shift O` elsewhere. */
export function shortcutKeys(shortcut: string): string[] {
  const names: Record<string, string> = isMac
    ? { Mod: "⌘", Shift: "⇧", Alt: "⌥", Escape: "esc", ArrowUp: "↑", Enter: "↵" }
    : { Mod: "Ctrl", Escape: "Esc", ArrowUp: "↑", Enter: "↵" };
  return shortcut.split("+").map((key) => names[key] ?? key);
}

/** True when the event is exactly this shortcut. */
export function matches(event: KeyboardEvent, shortcut: string): boolean {
  const keys = shortcut.split("+");
  const key = keys.at(-1) ?? "";
  const wants = (name: string) => keys.includes(name);
  if ((isMac ? event.metaKey : event.ctrlKey) !== wants("Mod")) return false;
  if ((isMac ? event.ctrlKey : event.metaKey) || event.altKey !== wants("Alt")) return false;
  // A sign such as ? needs Shift on some keyboards and not on others.
  if (/^[a-z0-9]$/i.test(key) || key.length > 1 ? event.shiftKey !== wants("Shift") : false) return false;
  return event.key.toLowerCase() === key.toLowerCase();
}

/** Plain-letter shortcuts rest while someone types. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName))
  );
}

/** A composer with nothing in it: a lone `?` there asks for help, as `/` and `@` ask for other things. */
export function isEmptyText(target: EventTarget | null): boolean {
  return target instanceof HTMLTextAreaElement && target.value === "";
}
