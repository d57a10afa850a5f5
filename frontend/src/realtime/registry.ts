import { SnapshotPages } from "./snapshot.js";
import type { Json, Position, Subscription, TopicFrame, TopicHandlers, Urgency } from "./types.js";

/** One subscription: where it stands, and who is told. */
export class Entry {
  epoch: string | null = null;
  offset = 0;
  closed = false;
  /** Who delivers: a snapshot from an older carrier is late news. */
  carrier: unknown = null;
  /** A resubscribe because of a gap is under way. */
  mending = false;
  readonly pages = new SnapshotPages();

  constructor(
    readonly topic: string,
    readonly handlers: TopicHandlers,
    readonly urgency: Urgency,
    since: Position | undefined,
  ) {
    if (since) this.moveTo(since);
  }

  get position(): Position | null {
    return this.epoch === null ? null : { epoch: this.epoch, offset: this.offset };
  }

  /** What its owner holds. */
  handle(close: () => void): Subscription {
    const position = () => this.position;
    return {
      topic: this.topic,
      get position() {
        return position();
      },
      close,
    };
  }

  moveTo(position: Position): void {
    this.epoch = position.epoch;
    this.offset = position.offset;
  }
}

export type Outcome = "applied" | "dropped" | "gap";

/**
 * The subscriptions of a client, over whatever carries them. Here lies the promise: each event is applied once and in
 * order, whatever is cut, repeated or delivered twice.
 */
export class Registry {
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly report: (error: unknown) => void) {}

  get(topic: string): Entry | undefined {
    return this.entries.get(topic);
  }

  all(): Entry[] {
    return [...this.entries.values()];
  }

  add(entry: Entry): void {
    this.entries.set(entry.topic, entry);
  }

  remove(entry: Entry): void {
    entry.closed = true;
    if (this.entries.get(entry.topic) === entry) this.entries.delete(entry.topic);
  }

  end(entry: Entry, error: { code: string; message: string }): void {
    if (entry.closed) return;
    this.remove(entry);
    this.tell(() => entry.handlers.ended?.(error));
  }

  joined(entry: Entry, recovered: boolean): void {
    if (!entry.closed) this.tell(() => entry.handlers.joined?.(recovered));
  }

  /** Applies one frame of a topic that came by `carrier`. */
  receive(frame: TopicFrame, carrier: unknown): Outcome {
    const entry = this.entries.get(frame.topic);
    if (!entry) return "dropped";
    if (frame.type === "unsubscribed") {
      if (carrier !== entry.carrier) return "dropped";
      this.end(entry, { code: frame.code ?? "not_found", message: frame.message ?? "" });
      return "applied";
    }
    if (frame.epoch === undefined || frame.offset === undefined) {
      this.tell(() => entry.handlers.volatile?.(frame.type, asJson(frame.data)));
      return "applied";
    }
    if (frame.type === "snapshot") return this.replace(entry, frame, carrier);
    return this.apply(entry, frame, frame.epoch, frame.offset);
  }

  private replace(entry: Entry, frame: TopicFrame, carrier: unknown): Outcome {
    const late = carrier !== entry.carrier && frame.epoch === entry.epoch;
    if (late) return "dropped";
    const data = entry.pages.add(frame);
    if (!data) return "dropped";
    const position = { epoch: frame.epoch ?? "", offset: frame.offset ?? 0 };
    entry.moveTo(position);
    entry.mending = false;
    this.tell(() => entry.handlers.snapshot(data, position));
    return "applied";
  }

  private apply(entry: Entry, frame: TopicFrame, epoch: string, offset: number): Outcome {
    if (entry.epoch === null) return "dropped";
    if (epoch !== entry.epoch) return "gap";
    if (offset <= entry.offset) return "dropped";
    if (offset !== entry.offset + 1) return "gap";
    entry.offset = offset;
    entry.mending = false;
    const event = {
      topic: frame.topic,
      type: frame.type,
      data: asJson(frame.data),
      position: { epoch, offset },
    };
    this.tell(() => entry.handlers.event(event));
    return "applied";
  }

  /** A handler that throws must not stop the others, nor hold up the log. */
  private tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.report(error);
    }
  }
}

function asJson(data: unknown): Json {
  return typeof data === "object" && data !== null ? (data as Json) : {};
}
