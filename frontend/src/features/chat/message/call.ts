import type { Json, Part } from "@/realtime/index";
import { hostOf, safeAddress } from "../markdown/links";

/** Something that an answer can cite. Its address leads to the web, or it is none. */
export interface Source {
  readonly number: number;
  readonly address: string;
  readonly host: string;
  readonly title: string;
  readonly snippet: string;
}

/** A call of a tool, as its part tells it: JSON text that grows until the call has its result. */
export interface Call {
  readonly name: string;
  readonly arguments: Json;
  /** Null: it has none, being under way, stopped, or the client's own. */
  readonly result: string | null;
  readonly failed: boolean;
  /** The model made its name up. */
  readonly unknown: boolean;
  readonly ms: number | null;
  readonly sources: readonly Source[];
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const record = (value: unknown): Json | null =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null;

function parse(raw: string): Json | null {
  try {
    return record(JSON.parse(raw));
  } catch {
    return null;
  }
}

const known = new WeakMap<Part, Call>();

export function readCall(part: Part): Call {
  const before = known.get(part);
  if (before) return before;
  const found = parse(part.text);
  const call: Call = {
    name: found
      ? text(record(found["function"])?.["name"] ?? found["name"])
      : (/"name"\s*:\s*"([^"\\]{1,80})"/.exec(part.text)?.[1] ?? ""),
    arguments: parse(text(found?.["arguments"])) ?? {},
    result: typeof found?.["result"] === "string" ? found["result"] : null,
    failed: found?.["failed"] === true,
    unknown: found?.["unknown"] === true,
    ms: typeof found?.["ms"] === "number" ? found["ms"] : null,
    sources: [...readSources(part.items), ...readSources(found?.["sources"])],
  };
  known.set(part, call);
  return call;
}

function readSources(raw: unknown): Source[] {
  if (!Array.isArray(raw)) return [];
  return (raw as unknown[]).flatMap((one) => {
    const item = record(one);
    const address = safeAddress(text(item?.["url"]));
    if (!item || !address?.startsWith("http")) return [];
    const number = typeof item["number"] === "number" ? item["number"] : 0;
    const title = text(item["title"]) || address;
    return [{ number, address, host: hostOf(address), title, snippet: text(item["snippet"]) }];
  });
}

/** What was searched for. */
export const queryOf = (part: Part): string => part.query ?? text(readCall(part).arguments["query"]);

const none: ReadonlyMap<number, Source> = new Map();
const maps = new WeakMap<Part, { calls: Part[]; sources: ReadonlyMap<number, Source> }>();

/** The sources of an answer by their numbers: the same map for as long as its calls are the same. */
export function sourcesOf(parts: readonly Part[]): ReadonlyMap<number, Source> {
  const calls = parts.filter(({ kind }) => kind === "search" || kind === "tool");
  const last = calls.at(-1);
  if (!last) return none;
  const before = maps.get(last);
  if (before?.calls.length === calls.length && calls.every((part, at) => part === before.calls[at]))
    return before.sources;
  const found = calls.flatMap((part) => readCall(part).sources).filter(({ number }) => number > 0);
  found.sort((a, b) => a.number - b.number);
  const sources = new Map(found.map((source) => [source.number, source]));
  maps.set(last, { calls, sources });
  return sources;
}

/** Those that the text cites; all where it cites none. */
export function citedIn(words: string, sources: ReadonlyMap<number, Source>): Source[] {
  const numbers = new Set(
    [...words.matchAll(/\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]/g)].flatMap(([, list = ""]) =>
      list.split(",").map(Number),
    ),
  );
  const cited = [...sources.values()].filter(({ number }) => numbers.has(number));
  return cited.length > 0 ? cited : [...sources.values()];
}
