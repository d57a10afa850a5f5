import { countCodePoints } from "@/realtime/index";

/** The most characters (code points) that a message can have, by REST too: the server's own limit. */
export const MOST_CHARS = 1_000_000;

/** How many characters a text has where they are too many, else null. */
export function tooMany(text: string): number | null {
  if (text.length <= MOST_CHARS) return null;
  const count = countCodePoints(text);
  return count > MOST_CHARS ? count : null;
}
