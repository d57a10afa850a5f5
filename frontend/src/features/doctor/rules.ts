import type symptoms from "@/locales/en/symptoms.json";
import rules from "./generated/rules.json";

type Word = keyof typeof symptoms;
export type Check = Word extends infer W ? (W extends `check_${infer C}` ? C : never) : never;
export type Symptom = Exclude<Word, `check_${string}`>;
export type Proxy = keyof typeof rules.proxies;

export const { numbers, proxies } = rules;

/** What to write where, by proxy. */
export function linesOf(symptom: Symptom): Partial<Record<Proxy, string>> {
  return rules.lines[symptom];
}

export type Outcome = "ok" | "warning" | "failed" | "skipped";

/** One finding; `symptom` names the rule that says what it means. */
export interface Result {
  check: Check;
  outcome: Outcome;
  measured: string;
  expected?: string;
  symptom?: Symptom;
}
