import { RealtimeError } from "./errors.js";
import { Entry, type Registry } from "./registry.js";
import type { Session } from "./session.js";
import type { Clock, Json, Position, TopicFrame, TopicHandlers } from "./types.js";

const REQUEST_MS = 15_000;
const AGAIN_MS = 1_000;

/** Puts subscriptions on a socket, from where they stand, and again when something is missing. */
export class Joiner {
  constructor(
    private readonly registry: Registry,
    private readonly clock: Clock,
  ) {}

  /** Settles when the server has answered, well or not. */
  join(session: Session, entry: Entry): Promise<void> {
    const since = entry.position;
    const fields: Json = { topic: entry.topic };
    if (since) fields["since"] = since;
    entry.carrier = session;
    entry.pages.reset();
    session.ledger.hold(entry.topic);
    const arrived = (result: Json) => {
      session.ledger.release(entry.topic);
      entry.mending = false;
      if (!entry.closed) this.joined(session, entry, result);
    };
    return session.request("subscribe", fields, REQUEST_MS, arrived).then(
      () => undefined,
      (error: unknown) => this.refused(session, entry, error),
    );
  }

  leave(session: Session, entry: Entry): void {
    session.ledger.release(entry.topic);
    session.request("unsubscribe", { topic: entry.topic }, REQUEST_MS).catch(() => undefined);
  }

  /** A reply that says "you are subscribed as if since this position". */
  adopt(result: Json, handlers: TopicHandlers, session: Session): void {
    const entry = this.register(result, handlers);
    if (!entry) return;
    entry.carrier = session;
    session.ledger.release(entry.topic);
  }

  /** The subscription to the topic that a reply names, from the position that it names. */
  register(result: Json, handlers: TopicHandlers): Entry | null {
    const topic = result["topic"];
    const position = result["position"] as Position | undefined;
    if (typeof topic !== "string" || !position) return null;
    let entry = this.registry.get(topic);
    if (!entry) {
      entry = new Entry(topic, handlers, "live", position);
      this.registry.add(entry);
    }
    return entry;
  }

  receive(session: Session, frame: TopicFrame): void {
    if (this.registry.receive(frame, session) !== "gap") return;
    const entry = this.registry.get(frame.topic);
    if (!entry || entry.mending || entry.carrier !== session) return;
    entry.mending = true;
    void this.join(session, entry);
  }

  private joined(session: Session, entry: Entry, result: Json): void {
    const snapshot = result["snapshot"];
    if (typeof snapshot === "object" && snapshot !== null) {
      const framed = "epoch" in snapshot && "offset" in snapshot;
      const frame = framed
        ? (snapshot as TopicFrame)
        : { data: snapshot, ...(result["position"] as Position) };
      this.registry.receive({ ...frame, topic: entry.topic, type: "snapshot" }, session);
    }
    this.registry.joined(entry, result["recovered"] === true);
  }

  private refused(session: Session, entry: Entry, error: unknown): void {
    entry.mending = false;
    if (entry.closed || !session.ready || !(error instanceof RealtimeError)) return;
    if (!error.temporary) {
      this.registry.end(entry, { code: error.code, message: error.message });
      return;
    }
    this.clock.after(error.retryAfterMs ?? AGAIN_MS, () => {
      if (!entry.closed && session.ready && entry.carrier === session) void this.join(session, entry);
    });
  }
}
