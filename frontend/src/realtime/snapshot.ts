import { countCodePoints, takeCodePoints } from "./utf8.js";
import type { Json, Position, TopicFrame } from "./types.js";

/** A piece of a part's text, as pages carry it: it stands at `start` code points of part number `part`. */
interface PartSlice extends Json {
  part: number;
  start: number;
  text: string;
}

function isSlice(value: unknown): value is PartSlice {
  if (typeof value !== "object" || value === null) return false;
  const slice = value as Json;
  return typeof slice["part"] === "number" && typeof slice["start"] === "number";
}

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Puts slices of parts together, in any order and also when they overlap; parts without slices pass as they are. */
export function joinParts(items: readonly unknown[]): unknown[] {
  const whole: unknown[] = [];
  const sliced = new Map<number, Json>();
  for (const item of items) {
    if (!isSlice(item)) {
      whole.push(item);
      continue;
    }
    const { part, start, text, ...rest } = item;
    const known = sliced.get(part);
    if (!known) {
      sliced.set(part, { ...rest, text: start === 0 ? text : "" });
      continue;
    }
    const before = typeof known["text"] === "string" ? known["text"] : "";
    const kept = countCodePoints(before) > start ? takeCodePoints(before, start) : before;
    sliced.set(part, { ...known, ...rest, text: kept + text });
  }
  if (sliced.size === 0) return whole;
  const joined = [...sliced].sort(([a], [b]) => a - b);
  for (const [at, part] of joined) whole.splice(Math.min(at, whole.length), 0, part);
  return whole;
}

function identity(item: unknown): string | null {
  if (!isRecord(item)) return null;
  const id = item["id"] ?? item["generation"];
  return typeof id === "string" ? id : null;
}

/** Lists are appended; an item that came before under the same id is merged, its parts too. */
function mergeLists(before: readonly unknown[], more: readonly unknown[]): unknown[] {
  const merged = [...before];
  for (const item of more) {
    const id = identity(item);
    const at = id === null ? -1 : merged.findIndex((known) => identity(known) === id);
    const known = merged[at];
    if (isRecord(known) && isRecord(item)) merged[at] = mergePages(known, item);
    else merged.push(item);
  }
  return merged;
}

function mergePages(before: Json, page: Json): Json {
  const merged: Json = { ...before };
  for (const [name, value] of Object.entries(page)) {
    const known = merged[name];
    merged[name] = Array.isArray(known) && Array.isArray(value) ? mergeLists(known, value) : value;
  }
  return merged;
}

function joinAllParts(data: Json): Json {
  const joined: Json = {};
  for (const [name, value] of Object.entries(data)) {
    if (!Array.isArray(value)) joined[name] = value;
    else if (name === "parts") joined[name] = joinParts(value as unknown[]);
    else joined[name] = (value as unknown[]).map((item) => (isRecord(item) ? joinAllParts(item) : item));
  }
  return joined;
}

/** Collects the pages of one snapshot. A page of another position, or page 0, begins again. */
export class SnapshotPages {
  private at: Position | null = null;
  private next = 0;
  private data: Json = {};

  /** The whole data once its last page is here, else null. */
  add(frame: TopicFrame): Json | null {
    const page = frame.page ?? 0;
    const data = isRecord(frame.data) ? frame.data : {};
    const position = { epoch: frame.epoch ?? "", offset: frame.offset ?? 0 };
    const same = this.at?.epoch === position.epoch && this.at.offset === position.offset;
    if (page === 0) {
      this.data = data;
    } else if (same && page === this.next) {
      this.data = mergePages(this.data, data);
    } else {
      return null;
    }
    this.at = position;
    this.next = page + 1;
    if (frame.more) return null;
    const whole = joinAllParts(this.data);
    this.reset();
    return whole;
  }

  reset(): void {
    this.at = null;
    this.next = 0;
    this.data = {};
  }
}
