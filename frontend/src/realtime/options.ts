import type { HttpOptions } from "./http.js";
import type { Clock, Json, SocketLike, TopicHandlers } from "./types.js";

export type Transport = "websocket" | "sse" | "poll";

export interface Status {
  state: "idle" | "connecting" | "open" | "waiting" | "suspended" | "stopped";
  /** Clock time at which this state began, ms. */
  since: number;
  transport: Transport | null;
  /** Clock time of the next try while waiting. */
  retryAt: number | null;
  /** Set while stopped: the close code and its reason. */
  stop: { code: number; reason: string } | null;
  /** Whether it was ever open. */
  established: boolean;
  user: string | null;
}

/** Before the start, and after the end. */
export const idle: Omit<Status, "since"> = {
  state: "idle",
  transport: null,
  retryAt: null,
  stop: null,
  established: false,
  user: null,
};

/** A WebSocket as browsers, Node, Deno, Bun and `ws` have it. */
export type WebSocketClass = new (url: string, protocols: string[]) => unknown;

export interface ClientOptions {
  url: string | (() => string);
  /** Which ways may be gone, all of them unless said; over HTTP only with `http`. */
  transports?: readonly Transport[];
  /** Where the runtime has none (Node before 22): the class of `ws`, for instance. */
  WebSocket?: WebSocketClass;
  socket?: (url: string, protocols: string[]) => SocketLike;
  /** An access token for `connect`; leave out where a cookie does it. */
  token?: () => Promise<string | undefined>;
  /** A fresh token, after 4005 or shortly before `expires_in`. Rejects when the person has to sign in. */
  refresh?: () => Promise<string | undefined>;
  /** A single-use ticket, for pages of another origin. */
  ticket?: () => Promise<string>;
  http?: HttpOptions;
  clock?: Clock;
  random?: () => number;
  /** Told of refused frames and of handlers that throw. */
  report?: (error: unknown) => void;
}

export interface CallOptions {
  timeoutMs?: number;
  /** When the reply names a topic, its events go here, from the reply's position on. */
  follow?: (result: Json) => TopicHandlers;
}

/** How a socket is opened here; null where nothing can. */
export function socketMaker(
  options: ClientOptions,
): ((url: string, protocols: string[]) => SocketLike) | null {
  if (options.socket) return options.socket;
  const known = options.WebSocket ?? (globalThis as { WebSocket?: WebSocketClass }).WebSocket;
  return known ? (url, protocols) => new known(url, protocols) as SocketLike : null;
}
