import { type RefObject, useEffect } from "react";

/** Letters without a space that a browser still sets quickly, whatever their script. */
const LONG = 2_000;

/**
 * Whether a text has a word so long that a browser takes seconds to break it into lines: its time grows with the square
 * of what stands in fonts other than our own. Such a text is set with `data-unbroken`: in one font, broken anywhere.
 */
export function isUnbroken(text: string): boolean {
  if (text.length < LONG) return false;
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 32 || (code >= 9 && code <= 13) || code === 0x3000) from = at + 1;
    else if (at - from >= LONG - 1) return true;
  }
  return false;
}

/** Marks a field before such a word comes into it: a paste is laid out before anybody hears of it. */
export function useUnbroken(field: RefObject<HTMLTextAreaElement | null>): void {
  useEffect(() => {
    const element = field.current;
    const onBefore = ({ data, dataTransfer }: InputEvent) => {
      if (element && isUnbroken(data ?? dataTransfer?.getData("text/plain") ?? ""))
        element.dataset["unbroken"] = "true";
    };
    element?.addEventListener("beforeinput", onBefore);
    return () => element?.removeEventListener("beforeinput", onBefore);
  }, [field]);
}
