/** Wire shapes of the realtime protocol (docs/realtime-protocol.md). Unknown types and fields are ignored by whoever reads them. */

export interface Position {
  readonly epoch: string;
  readonly offset: number;
}

export type Json = Record<string, unknown>;

/** An event of a topic's log, or (without offset) something volatile such as `typing`. */
export interface TopicFrame {
  topic: string;
  type: string;
  epoch?: string;
  offset?: number;
  data?: unknown;
  page?: number;
  more?: boolean;
  code?: string;
  message?: string;
}

export interface ReplyFrame {
  id: number;
  result?: Json;
  error?: { code: string; message: string; temporary?: boolean; retry_after_ms?: number };
}

/** The result of `connect`; times in seconds, sizes in bytes. */
export interface Welcome {
  client: string;
  user: string;
  expires_in?: number;
  ping: number;
  pong_timeout: number;
  max_frame: number;
}

export interface TopicEvent {
  readonly topic: string;
  readonly type: string;
  readonly data: Json;
  readonly position: Position;
}

/** What the owner of a subscription is told. All calls are synchronous and in the order of the log. */
export interface TopicHandlers {
  /** Replaces everything that was known of the topic. */
  snapshot(data: Json, position: Position): void;
  event(event: TopicEvent): void;
  /** Not logged, may be lost: `typing`, `presence`. */
  volatile?(type: string, data: Json): void;
  /** The server has answered a subscribe; `recovered` says that nothing was missed since the last position. */
  joined?(recovered: boolean): void;
  /** Access ended or the topic is not there. No more calls follow. */
  ended?(error: { code: string; message: string }): void;
}

/** `live` topics are worth a connection of their own when sockets are blocked; `background` ones are asked now and then. */
export type Urgency = "live" | "background";

export interface SubscribeOptions {
  since?: Position;
  urgency?: Urgency;
}

export interface Subscription {
  readonly topic: string;
  readonly position: Position | null;
  close(): void;
}

/** The part of WebSocket that is used, so that tests and other runtimes can bring their own. */
export interface SocketLike {
  /** 1 while it is open, as on a WebSocket. */
  readonly readyState: number;
  onopen: ((event: unknown) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: ((event: unknown) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

export type Timer = { readonly id: unknown };

export interface Clock {
  /** Milliseconds; goes on while the machine sleeps. */
  now(): number;
  after(ms: number, run: () => void): Timer;
  cancel(timer: Timer): void;
}
