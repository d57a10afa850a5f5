import type { HttpOptions } from "./http";
import type { Clock, SocketLike } from "./types";

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

export interface ClientOptions {
  url: string | (() => string);
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
