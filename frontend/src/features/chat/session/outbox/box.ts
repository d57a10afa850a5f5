import { type Json, MutableCell } from "@/realtime/index";
import { type Change, type Items, type Outgoing, placed } from "./item";
import type { Journal } from "./journal";
import { DatabaseShelf, MemoryShelf, type Shelf } from "./shelf";

export interface BoxEvents {
  /** What is unsent has changed. */
  shown(items: Items): void;
  /** Other tabs should look. */
  written(): void;
  /** Another tab has sent something that stood here, and this was the reply. */
  sentElsewhere(item: Outgoing, result: Json): void;
}

/**
 * One person's outbox as this tab sees it. A change is seen and noted in the journal at once and kept right after; what
 * other tabs did in the meantime comes in between. What cannot be kept stays in the page and the journal, and is tried
 * again with the next change.
 */
export class Box {
  /** False while something is kept by this page alone. */
  readonly lasting = new MutableCell(true);
  /** When it was read for the first time. */
  readonly ready: Promise<void>;
  private kept: Items = [];
  private pending: Change[] = [];
  private seen: Items = [];
  private writing: Promise<void> | null = null;
  private closed = false;
  private cleared = false;

  constructor(
    readonly person: string,
    private readonly events: BoxEvents,
    private readonly journal: Journal,
    first: Change = (items) => items,
    private shelf: Shelf = new DatabaseShelf(person),
  ) {
    this.pending.push(first);
    this.ready = this.write();
  }

  /** All that is known, what was sent too. */
  get items(): Items {
    return this.seen;
  }

  change(change: Change): void {
    void this.commit(change);
  }

  /** Settles when it is kept, or cannot be; then `items` says how it came out. */
  async commit(change: Change): Promise<void> {
    if (this.closed) return;
    this.pending.push(change);
    this.show();
    await this.write();
  }

  /** Looks what other tabs did. */
  async refresh(): Promise<void> {
    if (this.closed) return;
    await this.write();
    this.take(await this.shelf.change((items) => items).catch(() => this.kept));
  }

  /** Nothing more is shown; what was changed is still being kept. */
  close(): void {
    this.closed = true;
  }

  /** Its person left by their own hand. */
  async clear(): Promise<void> {
    this.closed = true;
    this.cleared = true;
    this.pending = [];
    await this.writing;
    await this.shelf.clear().catch(() => undefined);
  }

  private write(): Promise<void> {
    if (this.pending.length === 0) return this.writing ?? Promise.resolve();
    this.writing ??= this.writeAll();
    return this.writing;
  }

  private async writeAll(): Promise<void> {
    while (this.pending.length > 0) {
      const batch = [...this.pending];
      try {
        const kept = await this.shelf.change((items) => batch.reduce((now, change) => change(now), items));
        this.pending.splice(0, batch.length);
        this.lasting.set(this.shelf.lasting);
        this.take(kept);
        this.events.written();
      } catch {
        this.lasting.set(false);
        if (await this.reachable()) break;
        this.shelf = new MemoryShelf(this.kept);
      }
    }
    // In the same step as the last look at what is pending: nothing falls in between.
    this.writing = null;
  }

  /** A write that failed may have been too much; a shelf that cannot even be read is not there. */
  private async reachable(): Promise<boolean> {
    if (!this.shelf.lasting) return true;
    return this.shelf
      .change((items) => items)
      .then(
        () => true,
        () => false,
      );
  }

  private take(kept: Items): void {
    const stood = new Map(this.seen.filter((item) => !item.sent).map((item) => [item.key, item]));
    this.kept = kept;
    this.show();
    if (this.closed) return;
    for (const { key, sent } of this.seen) {
      const before = stood.get(key);
      if (sent && before) this.events.sentElsewhere(before, sent.result);
    }
  }

  private unkept(item: Outgoing): boolean {
    return !item.sent && !this.kept.some(({ key, content }) => key === item.key && content === item.content);
  }

  private show(): void {
    const before = this.seen;
    this.seen = placed(this.pending.reduce((now, change) => change(now), this.kept));
    if (!this.cleared) this.journal.note(this.seen.filter((item) => this.unkept(item)));
    const same = before.length === this.seen.length && before.every((item, at) => item === this.seen[at]);
    if (!same && !this.closed) this.events.shown(this.seen.filter((item) => !item.sent));
  }
}
