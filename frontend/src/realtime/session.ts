import { Close } from "./backoff.js";
import { readFailure, RealtimeError } from "./errors.js";
import { Ledger } from "./ledger.js";
import type { Clock, Json, ReplyFrame, SocketLike, Timer, TopicFrame, Welcome } from "./types.js";
import { utf8Length } from "./utf8.js";

/** A WebSocket's readyState while it is open. */
const OPEN = 1;
const CONNECT_MS = 10_000;
/** A longer command is refused (protocol §10): it goes by REST. */
const MAX_COMMAND = 64 * 1024;
/** Room for the id. */
const ID_BYTES = 32;
/** A refused connect is followed by a close code that says more; wait for it so long. */
const REFUSED_MS = 1_000;

export interface SessionEvents {
  ready(session: Session, welcome: Welcome): void;
  frame(session: Session, frame: TopicFrame): void;
  goaway(session: Session, drainMs: number): void;
  /** What is being written waits for its log (true), or waits no more. */
  delayed(session: Session, delayed: boolean): void;
  /** Once, whoever ended it. `code` as the client saw it; 1006 where there was none. */
  lost(session: Session, code: number, reason: string): void;
}

interface Pending {
  resolve(result: Json): void;
  reject(error: RealtimeError): void;
  arrived: ((result: Json) => void) | undefined;
  timer: Timer;
}

type Phase = "opening" | "greeting" | "ready" | "over";

/** One physical socket from its opening to its end: greeting, numbered requests, pings, acks, silence. */
export class Session {
  readonly ledger: Ledger;
  lastHeard: number;
  private phase: Phase = "opening";
  private nextId = 1;
  private readonly pending = new Map<number, Pending>();
  private maxCommand = MAX_COMMAND;
  private silenceMs = Number.POSITIVE_INFINITY;
  private watch: Timer | null = null;
  private greeting: Timer | null = null;

  constructor(
    private readonly socket: SocketLike,
    private readonly clock: Clock,
    private readonly events: SessionEvents,
    private readonly token: string | undefined,
  ) {
    this.lastHeard = clock.now();
    this.ledger = new Ledger((ack) => this.write(ack), clock);
    this.greeting = clock.after(CONNECT_MS, () => this.fail(1006, "no answer to connect"));
    socket.onopen = () => this.greet();
    socket.onmessage = (event) => this.hear(event.data);
    socket.onclose = (event) => this.over(event.code, event.reason);
    socket.onerror = () => undefined;
  }

  get ready(): boolean {
    return this.phase === "ready";
  }

  /** Whether a command is short enough for a frame. */
  takes(cmd: string, fields: Json): boolean {
    return utf8Length(JSON.stringify({ cmd, ...fields })) + ID_BYTES <= this.maxCommand;
  }

  /** `arrived` runs before anything that follows the reply on the socket is looked at. */
  request(cmd: string, fields: Json, timeoutMs: number, arrived?: (result: Json) => void): Promise<Json> {
    if (this.phase === "over" || this.phase === "opening") {
      return Promise.reject(RealtimeError.local("offline"));
    }
    const id = this.nextId;
    this.nextId += 1;
    return new Promise<Json>((resolve, reject) => {
      const timer = this.clock.after(timeoutMs, () => {
        this.pending.delete(id);
        reject(RealtimeError.local("timeout"));
      });
      this.pending.set(id, { resolve, reject, arrived, timer });
      this.write({ id, cmd, ...fields });
    });
  }

  /** Ends it from here; `lost` is not called. */
  close(code: number, reason: string): void {
    if (this.phase === "over") return;
    if (this.phase === "ready") this.ledger.flush();
    this.finish(code);
    this.socket.close(code, reason);
  }

  /** Looks now whether the server has been silent too long: timers sleep when the machine does. */
  checkSilence(): void {
    const silent = this.clock.now() - this.lastHeard;
    if (this.phase !== "ready") return;
    if (silent >= this.silenceMs) this.fail(1006, "silence");
    else this.watchAgain(this.silenceMs - silent);
  }

  private greet(): void {
    if (this.phase !== "opening") return;
    this.phase = "greeting";
    const fields: Json = { v: 1 };
    if (this.token !== undefined) fields["token"] = this.token;
    this.request("connect", fields, CONNECT_MS, (result) => {
      this.phase = "ready";
      if (this.greeting) this.clock.cancel(this.greeting);
      const welcome = result as unknown as Welcome;
      this.maxCommand = Math.min(MAX_COMMAND, welcome.max_frame || MAX_COMMAND);
      this.silenceMs = (welcome.ping + welcome.pong_timeout) * 1000;
      this.watchAgain(this.silenceMs);
      this.events.ready(this, welcome);
    }).catch((error: unknown) => {
      if (this.phase !== "greeting") return;
      const refused = error instanceof RealtimeError && !error.temporary;
      const reason = error instanceof Error ? error.message : "";
      this.watch = this.clock.after(REFUSED_MS, () =>
        this.fail(refused ? Close.SIGN_IN_AGAIN : 1006, reason),
      );
    });
  }

  private hear(raw: unknown): void {
    if (this.phase === "over" || typeof raw !== "string") return;
    this.lastHeard = this.clock.now();
    let frame: Json;
    try {
      frame = JSON.parse(raw) as Json;
    } catch {
      return;
    }
    if (typeof frame["topic"] === "string") {
      const event = frame as unknown as TopicFrame;
      if (event.epoch !== undefined && event.offset !== undefined) {
        this.ledger.received(event.topic, event.epoch, event.offset, utf8Length(raw), event.page);
      }
      this.events.frame(this, event);
    } else if (typeof frame["id"] === "number") {
      this.settle(frame as unknown as ReplyFrame);
    } else if (frame["type"] === "ping") {
      this.write({ cmd: "pong" });
    } else if (frame["type"] === "goaway") {
      this.events.goaway(this, typeof frame["drain_ms"] === "number" ? frame["drain_ms"] : 0);
    } else if (frame["type"] === "delayed") {
      this.events.delayed(this, frame["delayed"] === true);
    }
  }

  private settle(reply: ReplyFrame): void {
    const waiting = this.pending.get(reply.id);
    if (!waiting) return;
    this.pending.delete(reply.id);
    this.clock.cancel(waiting.timer);
    if (reply.error) {
      const { code, message, temporary, retry_after_ms } = reply.error;
      const named = readFailure(reply.error);
      waiting.reject(
        new RealtimeError(code, message, temporary ?? false, retry_after_ms ?? null, null, named),
      );
      return;
    }
    const result = reply.result ?? {};
    waiting.arrived?.(result);
    waiting.resolve(result);
  }

  private write(frame: object): void {
    // What is written to a socket that is closing is lost without an error; the next one carries it again.
    if (this.phase === "over" || this.socket.readyState !== OPEN) return;
    this.socket.send(JSON.stringify(frame));
  }

  private watchAgain(ms: number): void {
    if (this.watch) this.clock.cancel(this.watch);
    this.watch = this.clock.after(ms, () => this.checkSilence());
  }

  /** Gives the socket up without waiting for its closing handshake, which a dead line never answers. */
  private fail(code: number, reason: string): void {
    if (this.phase === "over") return;
    this.finish(code);
    this.socket.close();
    this.events.lost(this, code, reason);
  }

  private over(code: number, reason: string): void {
    if (this.phase === "over") return;
    this.finish(code);
    this.events.lost(this, code, reason);
  }

  private finish(code: number): void {
    this.phase = "over";
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
    this.socket.onerror = () => undefined;
    if (this.watch) this.clock.cancel(this.watch);
    if (this.greeting) this.clock.cancel(this.greeting);
    this.ledger.discard();
    for (const waiting of this.pending.values()) {
      this.clock.cancel(waiting.timer);
      waiting.reject(RealtimeError.local("connection_lost", code));
    }
    this.pending.clear();
  }
}
