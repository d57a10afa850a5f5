import type { Clock, Timer } from "./types.js";

/** Acknowledge at the latest after so much on one socket (protocol §6). */
export const ACK_EVENTS = 64;
export const ACK_BYTES = 16 * 1024;
export const ACK_MS = 5_000;

interface Received {
  epoch: string;
  offset: number;
  page: number | undefined;
  dirty: boolean;
  held: boolean;
}

/**
 * What one socket has delivered and what of it is acknowledged. It counts what arrived, duplicates too: the window
 * that an ack opens belongs to the socket, not to the text.
 */
export class Ledger {
  private readonly topics = new Map<string, Received>();
  private events = 0;
  private bytes = 0;
  private timer: Timer | null = null;

  constructor(
    private readonly send: (ack: {
      cmd: "ack";
      topic: string;
      epoch: string;
      offset: number;
      page?: number;
    }) => void,
    private readonly clock: Clock,
  ) {}

  received(topic: string, epoch: string, offset: number, bytes: number, page?: number): void {
    const known = this.topics.get(topic);
    if (known?.held) return;
    if (known) {
      known.epoch = epoch;
      known.offset = offset;
      known.page = page;
      known.dirty = true;
    } else {
      this.topics.set(topic, { epoch, offset, page, dirty: true, held: false });
    }
    this.events += 1;
    this.bytes += bytes;
    if (this.events >= ACK_EVENTS || this.bytes >= ACK_BYTES) this.flush();
    else this.timer ??= this.clock.after(ACK_MS, () => this.flush());
  }

  /**
   * A subscribe was sent: the cursor is about to restart, maybe lower, and an ack of what came before would be ahead
   * of it. Nothing of the topic is acknowledged until the reply.
   */
  hold(topic: string): void {
    this.topics.set(topic, { epoch: "", offset: 0, page: undefined, dirty: false, held: true });
  }

  release(topic: string): void {
    this.topics.delete(topic);
  }

  flush(): void {
    if (this.timer) this.clock.cancel(this.timer);
    this.timer = null;
    this.events = 0;
    this.bytes = 0;
    for (const [topic, at] of this.topics) {
      if (!at.dirty) continue;
      at.dirty = false;
      const ack = { cmd: "ack" as const, topic, epoch: at.epoch, offset: at.offset };
      this.send(at.page === undefined ? ack : { ...ack, page: at.page });
    }
  }

  /** The socket is gone; nothing more is sent. */
  discard(): void {
    if (this.timer) this.clock.cancel(this.timer);
    this.timer = null;
    this.topics.clear();
  }
}
