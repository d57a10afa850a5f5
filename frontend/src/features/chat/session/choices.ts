import { personal } from "@/lib/person";

/** Which branches a person looked at last, by conversation; the newest two hundred forks are kept. */
const MOST = 200;
const name = (conversation: string): string => `branch.${conversation}`;

export function readChoices(conversation: string): Map<string, string> {
  try {
    const found = JSON.parse(personal.get(name(conversation)) ?? "[]") as unknown;
    return new Map(Array.isArray(found) ? (found as [string, string][]) : []);
  } catch {
    return new Map();
  }
}

export function writeChoices(conversation: string, choices: ReadonlyMap<string, string>): void {
  const kept = [...choices].slice(-MOST);
  personal.set(name(conversation), kept.length > 0 ? JSON.stringify(kept) : null);
}
