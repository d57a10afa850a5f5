import { useSyncExternalStore } from "react";
import en from "@/locales/en";
import { storage } from "./storage";

/** Words of pages that are loaded when they are opened. */
interface LaterWords {
  doctor: typeof import("@/locales/en/doctor.json");
  symptoms: typeof import("@/locales/en/symptoms.json");
  jobs: typeof import("@/locales/en/jobs.json");
  prompts: typeof import("@/locales/en/prompts.json");
  usage: typeof import("@/locales/en/usage.json");
}
export type Words = typeof en & LaterWords;
type Bare<K> = K extends `${infer Root}_one` | `${infer Root}_other` ? Root : K;
/** `namespace.key` for every word in locales/en. */
export type Key = { [N in keyof Words]: `${N}.${Extract<Bare<keyof Words[N]>, string>}` }[keyof Words];
export type Values = Record<string, string | number>;
export type T = (key: Key, values?: Values) => string;

export const locales = { en: "English", de: "Deutsch" } as const;
export type Locale = keyof typeof locales;
const isLocale = (name: string | undefined): name is Locale =>
  name !== undefined && Object.hasOwn(locales, name);

type Load = Record<Locale, () => Promise<{ default: Record<string, string> }>>;
const later = new Map<string, Load>();

let locale: Locale = "en";
let words: Record<string, Record<string, string>> = en;
let plural = new Intl.PluralRules("en");
let t: T = makeT();
const listeners = new Set<() => void>();

function makeT(): T {
  return (key, values) => {
    const dot = key.indexOf(".");
    const space = words[key.slice(0, dot)];
    const name = key.slice(dot + 1);
    const count = values?.["count"];
    const found =
      (typeof count === "number" ? space?.[`${name}_${plural.select(count)}`] : undefined) ?? space?.[name];
    const text = found ?? space?.[`${name}_other`] ?? key;
    return values
      ? text.replace(/\{(\w+)\}/g, (whole, slot: string) => formatValue(values[slot]) ?? whole)
      : text;
  };
}

function formatValue(value: string | number | undefined): string | undefined {
  return typeof value === "number" ? formatNumber(value) : value;
}

/** The reader's language: the chosen one, else the first of the browser's that we speak. */
export function preferredLocale(): Locale {
  const stored = storage.get("locale") ?? undefined;
  if (isLocale(stored)) return stored;
  return navigator.languages.map((tag) => tag.split("-")[0]).find(isLocale) ?? "en";
}

export async function setLocale(next: Locale, { keep = true } = {}): Promise<void> {
  const first = next === "de" ? (await import("@/locales/de")).default : en;
  const more = [...later].map(async ([name, load]) => [name, (await load[next]()).default] as const);
  words = { ...first, ...Object.fromEntries(await Promise.all(more)) };
  locale = next;
  plural = new Intl.PluralRules(next);
  t = makeT();
  document.documentElement.lang = next;
  if (keep) storage.set("locale", next);
  listeners.forEach((listener) => listener());
}

/** Take in the words of a page that is being opened; they follow the language from then on. */
export async function addWords(words: Partial<Record<keyof LaterWords, Load>>): Promise<void> {
  for (const [name, load] of Object.entries(words)) later.set(name, load);
  await setLocale(locale, { keep: false });
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

/** Words in the reader's language; the component renders again when it changes. */
export const useT = (): T => useSyncExternalStore(subscribe, () => t);
export const useLocale = (): Locale => useSyncExternalStore(subscribe, () => locale);
export const getLocale = (): Locale => locale;
/** For code outside of components. */
export const translate: T = (key, values) => t(key, values);

/** The tag for Intl: the browser's own variant of the chosen language (en-GB, de-AT), for local dates and numbers. */
function tag(): string {
  return navigator.languages.find((name) => name.split("-")[0] === locale) ?? locale;
}
export const formatNumber = (value: number, options?: Intl.NumberFormatOptions): string =>
  new Intl.NumberFormat(tag(), options).format(value);
export const formatDate = (
  when: string | Date,
  options: Intl.DateTimeFormatOptions = { dateStyle: "medium" },
): string => new Intl.DateTimeFormat(tag(), options).format(new Date(when));

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
/** "5 minutes ago", "yesterday"; a date beyond a month. */
export function formatAgo(when: string | Date, now = Date.now()): string {
  const seconds = (new Date(when).getTime() - now) / 1000;
  if (Math.abs(seconds) > 30 * 86_400) return formatDate(when);
  const [unit, size] = steps.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  const amount = unit === "second" ? 0 : Math.trunc(seconds / size);
  return new Intl.RelativeTimeFormat(tag(), { numeric: "auto" }).format(amount, unit);
}
