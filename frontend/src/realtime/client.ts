import { STABLE_MS, jitter, verdict } from "./backoff.js";
import { type Cell, MutableCell } from "./cell.js";
import { systemClock } from "./clock.js";
import { Credentials } from "./credentials.js";
import { RealtimeError } from "./errors.js";
import { HttpCarrier, type HttpOptions } from "./http.js";
import { Entry, Registry } from "./registry.js";
import {
  type CallOptions,
  type ClientOptions,
  type Status,
  type Transport,
  idle,
  socketMaker,
} from "./options.js";
import { callByRest } from "./rest.js";
import { Joiner } from "./joiner.js";
import { Session, type SessionEvents } from "./session.js";
import { Timers } from "./timers.js";
import type { Clock, Json, SubscribeOptions, Subscription, TopicHandlers, Welcome } from "./types.js";

const REQUEST_MS = 15_000;
/** Handshakes that failed in a row before asking whether plain HTTP goes through. */
const BLOCKED_AFTER = 2;
const SOCKET_AGAIN_MS = 60_000;
/** After this long in the background, a socket that looks open is not trusted. */
const STALE_MS = 60_000;

/**
 * The client of the realtime protocol: one logical connection that outlives its sockets. Subscriptions keep their
 * positions; whatever carries them next goes on from there.
 */
export class RealtimeClient {
  private readonly clock: Clock;
  private readonly credentials: Credentials;
  private readonly socket: ReturnType<typeof socketMaker>;
  private readonly random: () => number;
  private readonly registry: Registry;
  private readonly joiner: Joiner;
  private readonly timers: Timers<"retry" | "stable" | "refresh" | "goaway" | "socketAgain">;
  private readonly cell: MutableCell<Status>;
  private readonly held = new MutableCell(false);
  private current: Session | null = null;
  private next: Session | null = null;
  private http: HttpCarrier | null = null;
  private attempt = 0;
  private blocked = 0;
  private triedOnceMore = false;
  private opening = 0;
  private hiddenSince: number | null = null;

  constructor(private readonly options: ClientOptions) {
    this.clock = options.clock ?? systemClock;
    this.credentials = new Credentials(options);
    this.socket = this.uses("websocket") ? socketMaker(options) : null;
    this.random = options.random ?? Math.random;
    this.registry = new Registry((error) => options.report?.(error));
    this.joiner = new Joiner(this.registry, this.clock);
    this.timers = new Timers(this.clock);
    this.cell = new MutableCell<Status>({ ...idle, since: this.clock.now() });
  }

  get status(): Cell<Status> {
    return this.cell;
  }

  /** True while the server says that what is being written waits there; it comes whole, later. */
  get delayed(): Cell<boolean> {
    return this.held;
  }

  /** Connects, or begins again after `stopped`, `suspended` or a wait. */
  start(): void {
    const { state } = this.cell.get();
    if (state === "open" || state === "connecting") return;
    this.attempt = 0;
    this.triedOnceMore = false;
    void this.connect();
  }

  /** Ends it for good: subscriptions stay known, nothing is delivered. */
  stop(): void {
    this.halt();
    this.become(idle);
  }

  /** Before the page is frozen: acknowledges and leaves. Positions stay with the subscriptions. */
  suspend(): void {
    const { state } = this.cell.get();
    if (state === "idle" || state === "stopped") return;
    this.halt();
    this.become({ state: "suspended", transport: null, retryAt: null });
  }

  /**
   * The machine woke, the network changed, or the page is looked at again: try now, without backoff. `network` says
   * that an open socket may hang on a line that is gone.
   */
  wake(network = false): void {
    const { state } = this.cell.get();
    if (state === "waiting" || state === "suspended") this.start();
    else if (state === "connecting" && network) {
      // A handshake that began without a network may hang until it times out.
      this.halt();
      this.attempt = 0;
      void this.connect();
    } else if (state === "open" && this.current) {
      this.current.checkSilence();
      if (network && this.current.ready) this.replace();
    }
  }

  /**
   * The network is gone, says the machine. A socket would look open until it times out: it is given up, and tried again
   * as after any break, as the server may be on this very machine.
   */
  offline(): void {
    if (this.cell.get().state !== "open") return;
    this.halt();
    this.comeBack(1006, "offline");
  }

  hidden(): void {
    this.hiddenSince ??= this.clock.now();
  }

  visible(): void {
    const since = this.hiddenSince;
    this.hiddenSince = null;
    const stale = since !== null && this.clock.now() - since > STALE_MS;
    const quiet = this.current !== null && this.clock.now() - this.current.lastHeard > STALE_MS;
    this.wake(stale && quiet);
  }

  subscribe(topic: string, handlers: TopicHandlers, options: SubscribeOptions = {}): Subscription {
    if (this.registry.get(topic)) throw new Error(`already subscribed to ${topic}`);
    const entry = new Entry(topic, handlers, options.urgency ?? "live", options.since);
    this.registry.add(entry);
    this.carry(entry);
    return entry.handle(() => this.leave(entry));
  }

  /** Leaves a topic, however it was joined. */
  unsubscribe(topic: string): void {
    const entry = this.registry.get(topic);
    if (entry) this.leave(entry);
  }

  following(topic: string): boolean {
    return this.registry.get(topic) !== undefined;
  }

  /** One command. Rejects with RealtimeError; `undecided` ones may be sent again with the same key. */
  async call(cmd: string, fields: Json, options: CallOptions = {}): Promise<Json> {
    const session = this.current?.ready ? this.current : null;
    const { http } = this.options;
    if (!session && !this.http) throw RealtimeError.local("offline");
    if (session && (session.takes(cmd, fields) || !http?.commands[cmd])) {
      return session.request(cmd, fields, options.timeoutMs ?? REQUEST_MS, (result) => {
        if (options.follow) this.joiner.adopt(result, options.follow(result), session);
      });
    }
    if (!http) throw RealtimeError.local("offline");
    const result = await callByRest(http, this.clock, cmd, fields);
    if (options.follow) this.adopt(result, options.follow(result));
    return result;
  }

  /** A reply by REST: whatever carries topics by now carries the one that it names. */
  private adopt(result: Json, handlers: TopicHandlers): void {
    const before = this.registry.get(String(result["topic"]));
    const entry = this.joiner.register(result, handlers);
    if (entry && entry !== before) this.carry(entry);
  }

  private leave(entry: Entry): void {
    if (entry.closed) return;
    this.registry.remove(entry);
    this.http?.detach(entry);
    for (const session of [this.current, this.next]) {
      if (session?.ready) this.joiner.leave(session, entry);
    }
  }

  private carry(entry: Entry): void {
    if (this.current?.ready) void this.joiner.join(this.current, entry);
    else this.http?.attach(entry);
  }

  private async connect(): Promise<void> {
    this.timers.cancel("retry");
    const opening = (this.opening += 1);
    this.become({ state: "connecting", retryAt: null, stop: null });
    if (!this.socket && this.options.http) {
      this.overHttp(this.options.http);
      return;
    }
    try {
      const session = await this.open(opening);
      if (session) this.current = session;
    } catch (error) {
      if (opening === this.opening) this.failed(error);
    }
  }

  /** A new socket, or null when this try was overtaken meanwhile. */
  private async open(opening: number): Promise<Session | null> {
    const token = await this.credentials.token();
    const protocols = await this.credentials.protocols();
    if (opening !== this.opening) return null;
    if (!this.socket) throw new RealtimeError("no_websocket", "There is no WebSocket here; give one.", false);
    const { url } = this.options;
    const socket = this.socket(typeof url === "string" ? url : url(), protocols);
    return new Session(socket, this.clock, this.events, token);
  }

  private readonly events: SessionEvents = {
    ready: (session, welcome) => this.ready(session, welcome),
    frame: (session, frame) => this.joiner.receive(session, frame),
    goaway: (session, drainMs) => this.goaway(session, drainMs),
    delayed: (session, delayed) => {
      if (session === this.current) this.held.set(delayed);
    },
    lost: (session, code, reason) => this.lost(session, code, reason),
  };

  private ready(session: Session, welcome: Welcome): void {
    const entries = this.registry.all();
    const joined = entries.map((entry) => this.joiner.join(session, entry));
    this.blocked = 0;
    this.held.set(false);
    if (session === this.next) {
      const old = this.current;
      this.next = null;
      this.current = session;
      void Promise.all(joined).then(() => old?.close(1000, "moved"));
    }
    this.http?.stop();
    this.http = null;
    this.timers.cancel("socketAgain");
    this.timers.cancel("stable");
    this.timers.set("stable", STABLE_MS, () => {
      this.attempt = 0;
      this.triedOnceMore = false;
    });
    this.credentials.renewEarly(this.timers, welcome.expires_in, (token) =>
      session.request("refresh", { token }, REQUEST_MS),
    );
    this.become({
      state: "open",
      transport: "websocket",
      retryAt: null,
      established: true,
      user: welcome.user,
    });
  }

  private goaway(session: Session, drainMs: number): void {
    if (session !== this.current || this.timers.has("goaway")) return;
    this.timers.set("goaway", this.random() * drainMs, () => {
      this.replace();
    });
  }

  /** A second socket beside the first, which goes when the second has taken over. */
  private replace(): void {
    if (this.next) return;
    const opening = this.opening;
    this.open(opening).then(
      (session) => {
        if (session && !this.next) this.next = session;
        else session?.close(1000, "");
      },
      () => undefined,
    );
  }

  private lost(session: Session, code: number, reason: string): void {
    if (session === this.next) {
      this.next = null;
      if (this.http) this.trySocketLater();
      return;
    }
    if (session !== this.current) return;
    this.held.set(false);
    this.current = null;
    this.timers.cancel("stable");
    this.timers.cancel("refresh");
    this.timers.cancel("goaway");
    if (this.next) {
      this.current = this.next;
      this.next = null;
      this.become({ state: "connecting", transport: null });
      return;
    }
    this.comeBack(code, reason);
  }

  private comeBack(code: number, reason: string): void {
    const { state } = this.cell.get();
    if (state === "connecting" && code < 4000) this.blocked += 1;
    const decision = verdict(code, this.attempt, this.triedOnceMore, this.random);
    this.attempt += 1;
    if (decision.kind === "stop") {
      this.stopped(code, reason);
      return;
    }
    if (decision.kind === "once-more") {
      this.triedOnceMore = true;
      this.options.report?.(new RealtimeError("bad_frame", `closed with ${code}: ${reason}`, true));
    }
    this.wait(decision.delayMs, decision.kind === "refresh");
    const others = this.uses("sse") || this.uses("poll");
    if (this.blocked >= BLOCKED_AFTER && this.options.http && others) void this.detour(this.options.http);
  }

  private wait(delayMs: number, refresh: boolean): void {
    this.timers.cancel("retry");
    this.become({ state: "waiting", transport: null, retryAt: this.clock.now() + delayMs });
    this.timers.set("retry", delayMs, () => {
      if (!refresh || !this.credentials.renewable) void this.connect();
      else
        this.credentials.refresh().then(
          () => this.connect(),
          (error: unknown) => this.failed(error),
        );
    });
  }

  private stopped(code: number, reason: string): void {
    this.halt();
    this.become({ state: "stopped", transport: null, retryAt: null, stop: { code, reason } });
  }

  /** A token or ticket could not be had. */
  private failed(error: unknown): void {
    if (error instanceof RealtimeError && !error.temporary) {
      this.stopped(4500, error.message);
    } else this.wait(jitter(this.attempt++, this.random), false);
  }

  /** Sockets do not get through; if HTTP does, topics go that way until a socket opens. */
  private async detour(http: HttpOptions): Promise<void> {
    const passes = await http.probe().catch(() => false);
    const { state } = this.cell.get();
    if (!passes || this.http || this.current?.ready || (state !== "waiting" && state !== "connecting"))
      return;
    this.overHttp(http);
  }

  private overHttp(http: HttpOptions): void {
    this.opening += 1;
    this.current?.close(1000, "");
    this.current = null;
    this.held.set(false);
    this.timers.cancel("retry");
    this.http?.stop();
    const modes = (["sse", "poll"] as const).filter((mode) => this.uses(mode));
    this.http = new HttpCarrier(
      http,
      this.registry,
      this.clock,
      this.random,
      (mode) => {
        this.become({ transport: mode });
      },
      modes,
    );
    for (const entry of this.registry.all()) this.http.attach(entry);
    this.become({ state: "open", transport: this.http.mode, retryAt: null, established: true });
    this.trySocketLater();
  }

  private trySocketLater(): void {
    this.timers.cancel("socketAgain");
    if (!this.socket) return;
    this.timers.set("socketAgain", SOCKET_AGAIN_MS, () => this.replace());
  }

  private uses(transport: Transport): boolean {
    return this.options.transports?.includes(transport) ?? true;
  }

  private halt(): void {
    this.opening += 1;
    this.timers.cancelAll();
    this.current?.close(1000, "");
    this.next?.close(1000, "");
    this.http?.stop();
    this.current = this.next = this.http = null;
  }

  private become(change: Partial<Status>): void {
    const before = this.cell.get();
    const moved = change.state !== undefined && change.state !== before.state;
    this.cell.set({ ...before, ...change, since: moved ? this.clock.now() : before.since });
  }
}
