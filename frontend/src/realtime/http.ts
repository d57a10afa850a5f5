import { jitter } from "./backoff.js";
import { RealtimeError } from "./errors.js";
import type { Entry, Registry } from "./registry.js";
import { type RestCall, problem } from "./rest.js";
import { EventStreamParser } from "./sse.js";
import type { Clock, Json, Position, Timer, TopicFrame } from "./types.js";

export interface HttpOptions {
  /** E.g. `/api/v1`. */
  base: string;
  /** Adds cookies, tokens and CSRF headers as the host likes. */
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** REST twins by command; a command without one fails as `offline`. */
  commands: Record<string, (fields: Json) => RestCall | Promise<RestCall>>;
  /** Whether the server answers HTTP at all, so that blocked sockets can be told from a server that is down. */
  probe: () => Promise<boolean>;
}

/** An SSE response that stays silent so long, comments included, is held back by a proxy: poll instead. */
const SSE_SILENCE_MS = 20_000;
const POLL_WAIT_S = 25;
const BACKGROUND_MS = 10_000;
const REOPEN_MS = 250;

type Mode = "sse" | "poll";

/**
 * Carries topics over SSE, or long poll where a proxy holds SSE back. One loop a topic; the same frames, the same
 * positions and the same registry as a socket.
 */
export class HttpCarrier {
  private readonly loops = new Map<Entry, AbortController>();
  private over = false;
  mode: Mode;

  constructor(
    private readonly options: HttpOptions,
    private readonly registry: Registry,
    private readonly clock: Clock,
    private readonly random: () => number,
    private readonly changed: (mode: Mode) => void,
    /** Which of the two may be used. */
    private readonly modes: readonly Mode[] = ["sse", "poll"],
  ) {
    this.mode = modes[0] ?? "sse";
  }

  attach(entry: Entry): void {
    if (this.over || this.loops.has(entry)) return;
    const abort = new AbortController();
    this.loops.set(entry, abort);
    entry.carrier = this;
    entry.pages.reset();
    void this.run(entry, abort.signal).finally(() => this.loops.delete(entry));
  }

  detach(entry: Entry): void {
    this.loops.get(entry)?.abort();
  }

  stop(): void {
    this.over = true;
    for (const abort of this.loops.values()) abort.abort();
  }

  private async run(entry: Entry, signal: AbortSignal): Promise<void> {
    let failures = 0;
    for (;;) {
      try {
        const ended =
          this.mode === "sse" && entry.urgency === "live"
            ? await this.stream(entry, signal)
            : await this.poll(entry, signal);
        if (ended || signal.aborted) return;
        failures = 0;
        if (this.mode === "sse" && entry.urgency === "live") await this.pause(REOPEN_MS, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof RealtimeError && !error.temporary) {
          this.registry.end(entry, { code: error.code, message: error.message });
          return;
        }
        const wait = error instanceof RealtimeError ? error.retryAfterMs : null;
        await this.pause(wait ?? 200 + jitter(failures, this.random), signal);
        failures += 1;
      }
    }
  }

  private async stream(entry: Entry, signal: AbortSignal): Promise<boolean> {
    const quiet = new AbortController();
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
    const stop = () => {
      quiet.abort();
      // A read that waits is not always told of it.
      reader?.cancel().catch(() => undefined);
    };
    signal.addEventListener("abort", stop, { once: true });
    let heard = false;
    const arm = () => this.clock.after(SSE_SILENCE_MS, stop);
    let timer = arm();
    try {
      const response = await this.get(entry, "text/event-stream", "", quiet.signal);
      if (response.status === 204) return true;
      reader = response.body?.getReader();
      if (!reader) return false;
      const decoder = new TextDecoder();
      const parser = new EventStreamParser();
      for (;;) {
        const { done, value } = await reader.read();
        if (quiet.signal.aborted) throw new DOMException("nothing more is wanted", "AbortError");
        if (done) break;
        heard = true;
        this.clock.cancel(timer);
        timer = arm();
        for (const event of parser.push(decoder.decode(value, { stream: true }))) {
          if (this.take(entry, event.data) === "gap") return false;
        }
      }
      return false;
    } catch (error) {
      if (quiet.signal.aborted && !signal.aborted && !heard && this.modes.includes("poll")) {
        this.mode = "poll";
        this.changed("poll");
        return false;
      }
      throw error;
    } finally {
      this.clock.cancel(timer);
      signal.removeEventListener("abort", stop);
    }
  }

  private async poll(entry: Entry, signal: AbortSignal): Promise<boolean> {
    const wait = entry.urgency === "live" ? POLL_WAIT_S : 0;
    const response = await this.get(entry, "application/json", `?wait=${wait}`, signal);
    if (response.status === 204) return true;
    const answer = (await response.json()) as PollAnswer;
    if (answer.snapshot) {
      const frame: TopicFrame = {
        topic: entry.topic,
        type: "snapshot",
        data: answer.snapshot,
        ...answer.position,
      };
      this.registry.receive(snapshotFrame(frame, answer), this);
    }
    for (const event of answer.events ?? []) {
      if (this.registry.receive(event, this) === "gap") break;
    }
    if (answer.ended) return true;
    if (entry.urgency === "background" && !answer.more) await this.pause(BACKGROUND_MS, signal);
    return false;
  }

  private take(entry: Entry, data: string): string {
    try {
      return this.registry.receive(JSON.parse(data) as TopicFrame, this);
    } catch {
      entry.pages.reset();
      return "dropped";
    }
  }

  private async get(entry: Entry, accept: string, query: string, signal: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = { accept };
    const at = entry.position;
    if (at) headers["last-event-id"] = `${at.epoch}:${at.offset}`;
    const url = `${this.options.base}/topics/${encodeURIComponent(entry.topic)}/events${query}`;
    const response = await this.options.fetch(url, { method: "GET", headers, signal, cache: "no-store" });
    if (response.ok) return response;
    throw problem(response, (await response.json().catch(() => ({}))) as Json);
  }

  private pause(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = () => {
        this.clock.cancel(timer);
        resolve();
      };
      const timer: Timer = this.clock.after(ms, () => {
        signal.removeEventListener("abort", stop);
        resolve();
      });
      signal.addEventListener("abort", stop, { once: true });
    });
  }
}

interface PollAnswer {
  position?: Position;
  recovered?: boolean;
  snapshot?: unknown;
  events?: TopicFrame[];
  more?: boolean;
  ended?: boolean;
}

/** A snapshot in a poll's answer is the data itself, or a frame that holds it at its own position. */
function snapshotFrame(frame: TopicFrame, answer: PollAnswer): TopicFrame {
  const inner = answer.snapshot as TopicFrame;
  const framed = typeof inner.epoch === "string" && typeof inner.offset === "number";
  if (framed) return { ...inner, topic: frame.topic, type: "snapshot" };
  const first = answer.events?.[0];
  const offset = first?.offset === undefined ? (answer.position?.offset ?? 0) : first.offset - 1;
  return { ...frame, offset };
}
