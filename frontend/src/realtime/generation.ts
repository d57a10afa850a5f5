import { type Failure, readFailure } from "./errors.js";
import type { Json, TopicEvent } from "./types.js";
import { countCodePoints } from "./utf8.js";

/** One answer being written, as its topic tells it (protocol §4). Values are never changed in place. */

export type PartKind = "text" | "reasoning" | "tool" | "search" | (string & {});

export interface Part {
  readonly kind: PartKind;
  readonly text: string;
  readonly done: boolean;
  /** Of a search part. */
  readonly query?: string;
  readonly items?: readonly Json[];
  /** Of a call after which no further ones were made: `steps`, `time`, `cost` or `size`. */
  readonly limit?: string;
  readonly [extra: string]: unknown;
}

export interface Usage {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cost?: number | string | null;
}

/** A model that was asked first and given up; `at`: how many code points of text were there by then. */
export interface GivenUp {
  readonly model: string;
  readonly provider: string;
  readonly code: string;
  readonly at: number;
}

export type GenerationStatus =
  "queued" | "running" | "cancelling" | "done" | "incomplete" | "error" | "cancelled" | (string & {});

export interface GenerationState {
  readonly status: GenerationStatus;
  readonly parts: readonly Part[];
  readonly usage: Usage | null;
  readonly model: string | null;
  readonly provider: string | null;
  readonly attempt: number;
  /** While it waits in line for its provider, from 1. */
  readonly place: number | null;
  /** The models that were given up before the one that writes now. */
  readonly insteadOf: readonly GivenUp[];
  /** Set after a takeover or a switch of models: whether the text goes on exactly where it stopped. */
  readonly resumed: { readonly exact: boolean } | null;
  readonly finishReason: string | null;
  readonly failure: Failure | null;
}

export const newGeneration: GenerationState = {
  status: "queued",
  parts: [],
  usage: null,
  model: null,
  provider: null,
  attempt: 1,
  place: null,
  insteadOf: [],
  resumed: null,
  finishReason: null,
  failure: null,
};

const TERMINAL = new Set<string>(["done", "incomplete", "error", "cancelled"]);

export function isTerminal(status: string): boolean {
  return TERMINAL.has(status);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function optional(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** Parts as snapshots, resets and stored messages carry them. */
export function readParts(raw: unknown, done: boolean): Part[] {
  if (!Array.isArray(raw)) return [];
  return (raw as Json[]).map((part) => ({
    ...part,
    kind: text(part["kind"]) || "text",
    text: text(part["text"]),
    done,
  }));
}

export function readUsage(raw: unknown): Usage | null {
  if (typeof raw !== "object" || raw === null) return null;
  const usage = raw as Json;
  const count = (name: string) => (typeof usage[name] === "number" ? usage[name] : 0);
  const cost = usage["cost"] as number | string | null | undefined;
  return { input_tokens: count("input_tokens"), output_tokens: count("output_tokens"), cost: cost ?? null };
}

/** As snapshots and stored messages carry them; in an event `at` is where the text stands. */
export function readGivenUp(raw: unknown, at = 0): GivenUp[] {
  if (!Array.isArray(raw)) return [];
  return (raw as Json[]).map((one) => ({
    model: text(one["model"]),
    provider: text(one["provider"]),
    code: text(one["code"]),
    at: typeof one["at"] === "number" ? one["at"] : at,
  }));
}

export function fromSnapshot(data: Json): GenerationState {
  const status = text(data["status"]) || "running";
  const failure = data["error"] as object | null | undefined;
  const parts = readParts(data["parts"], isTerminal(status));
  const last = parts.length - 1;
  return {
    ...newGeneration,
    status,
    parts: parts.map((part, at) => (at < last && !part.done ? { ...part, done: true } : part)),
    usage: readUsage(data["usage"]),
    model: optional(data["model"]),
    provider: optional(data["provider"]),
    attempt: typeof data["attempt"] === "number" ? data["attempt"] : 1,
    failure: failure ? readFailure(failure) : null,
    place: typeof data["place"] === "number" ? data["place"] : null,
    insteadOf: readGivenUp(data["instead_of"]),
  };
}

function change(state: GenerationState, at: unknown, make: (part: Part) => Part): GenerationState {
  const part = typeof at === "number" ? state.parts[at] : undefined;
  if (part === undefined) return state;
  const parts = state.parts.slice();
  parts[at as number] = make(part);
  return { ...state, parts };
}

/** Pure: the state after one event. Types it does not know leave the state as it is. */
export function afterEvent(
  state: GenerationState,
  { type, data }: Pick<TopicEvent, "type" | "data">,
): GenerationState {
  const running = state.status === "queued" ? "running" : state.status;
  switch (type) {
    case "created":
      return { ...state, model: optional(data["model"]) ?? state.model };
    case "queued":
      return {
        ...state,
        status: "queued",
        place: typeof data["place"] === "number" ? data["place"] : null,
      };
    case "started":
      return {
        ...state,
        status: "running",
        place: null,
        insteadOf: data["instead_of"]
          ? [...state.insteadOf, ...readGivenUp(data["instead_of"], countCodePoints(textOf(state.parts)))]
          : state.insteadOf,
        model: optional(data["model"]) ?? state.model,
        provider: optional(data["provider"]),
      };
    case "part.added": {
      const kind = text(data["kind"]) || "text";
      const parts = state.parts.slice();
      parts[typeof data["part"] === "number" ? data["part"] : parts.length] = { kind, text: "", done: false };
      return { ...state, status: running, parts };
    }
    case "part.delta":
      return change(state, data["part"], (part) => ({ ...part, text: part.text + text(data["text"]) }));
    case "part.done":
      return change(state, data["part"], (part) => ({ ...part, done: true }));
    case "search.started":
      return change(state, data["part"], (part) => ({ ...part, query: text(data["query"]) }));
    case "search.results":
      return change(state, data["part"], (part) => ({ ...part, items: (data["items"] ?? []) as Json[] }));
    case "tool.limit":
      return change(state, data["part"], (part) => ({ ...part, limit: text(data["limit"]) }));
    case "usage":
      return { ...state, usage: readUsage(data) };
    case "resumed":
      return {
        ...state,
        attempt: typeof data["attempt"] === "number" ? data["attempt"] : state.attempt + 1,
        resumed: { exact: data["exact"] === true },
      };
    case "reset":
      return {
        ...state,
        status: text(data["status"]) || running,
        parts: readParts(data["parts"], false),
        usage: readUsage(data["usage"]),
      };
    case "done":
      return end(state, "done", { finishReason: optional(data["finish_reason"]) });
    case "incomplete":
      return end(state, "incomplete", { finishReason: optional(data["reason"]) });
    case "error":
      return end(state, "error", { failure: readFailure(data) });
    case "cancelled":
      return end(state, "cancelled", {});
    default:
      return state;
  }
}

function end(
  state: GenerationState,
  status: GenerationStatus,
  extra: Partial<GenerationState>,
): GenerationState {
  const parts = state.parts.map((part) => (part.done ? part : { ...part, done: true }));
  return { ...state, ...extra, status, parts, place: null };
}

/** The answer's text: all text parts, joined. */
export function textOf(parts: readonly Part[]): string {
  return parts
    .filter((part) => part.kind === "text")
    .map((part) => part.text)
    .join("");
}
