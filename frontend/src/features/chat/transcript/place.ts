import { personal } from "@/lib/person";

/** The message that stood at the top of the window, by its id, and how far from it. */
export interface Place {
  key: string;
  top: number;
}

const name = (conversation: string): string => `place.${conversation}`;

export function readPlace(conversation: string): Place | null {
  try {
    return JSON.parse(personal.get(name(conversation)) ?? "null") as Place | null;
  } catch {
    return null;
  }
}

/** Nothing is kept for a reader at the end: that is where a visit begins. */
export function writePlace(conversation: string, box: HTMLElement, atEnd: boolean): void {
  const edge = box.getBoundingClientRect().top;
  const first = atEnd
    ? undefined
    : [...box.querySelectorAll<HTMLElement>("[data-message]")].find(
        (one) => one.getBoundingClientRect().bottom > edge,
      );
  const key = first?.dataset["id"];
  const place = first && key ? { key, top: Math.round(first.getBoundingClientRect().top - edge) } : null;
  personal.set(name(conversation), place ? JSON.stringify(place) : null);
}
