import { newId } from "@/lib/id";
import { onLeft, onPerson, whose } from "@/lib/person";
import { type Cell, type Json, MutableCell } from "@/realtime/index";
import { Box } from "./box";
import { type Change, type Items, type Outgoing, patch, sent, standing } from "./item";
import { Journal, leftovers } from "./journal";
import { DatabaseShelf } from "./shelf";
import { type Turns, turnsOf } from "./turns";

export { OUTBOX_MAX_AGE_MS, type Items, type Outgoing, type SentPrompt, laneOf, saidOf } from "./item";

/** The outbox of whoever is signed in, one for all tabs of this browser. */
export class Outbox {
  /** Told that something queued may go now. */
  onReleased: () => void = () => undefined;
  /** Told of something that another tab has sent. */
  onSentElsewhere: (item: Outgoing, result: Json) => void = () => undefined;
  /** Told when what was kept has been read. */
  onReady: () => void = () => undefined;
  private readonly cell = new MutableCell<Items>([]);
  private readonly keeps = new MutableCell(true);
  private readonly turns: Turns = turnsOf(newId());
  private box: Box | null = null;
  private past: Box | null = null;
  private channel: BroadcastChannel | null = null;

  constructor() {
    this.become(whose());
    onPerson(() => this.become(whose()));
    onLeft((person) => this.clear(person));
    const look = () => {
      if (document.visibilityState === "visible") void this.box?.refresh();
    };
    document.addEventListener("visibilitychange", look);
    window.addEventListener("pageshow", look);
  }

  /** What is unsent, the oldest first. */
  get items(): Cell<Items> {
    return this.cell;
  }

  /** False while this browser keeps nothing: what is unsent goes with the page. */
  get lasting(): Cell<boolean> {
    return this.keeps;
  }

  get ready(): Promise<void> {
    return this.box?.ready ?? Promise.resolve();
  }

  find(key: string): Outgoing | undefined {
    return this.cell.get().find((item) => item.key === key);
  }

  add(item: Outgoing): void {
    this.change((items) => (items.some(({ key }) => key === item.key) ? items : [...items, item]));
  }

  /** Does nothing where it is gone, sent, or someone else's by now. */
  update(key: string, change: Partial<Outgoing> | ((item: Outgoing) => Partial<Outgoing> | null)): void {
    if (this.find(key)) this.change(patch(key, change));
  }

  /** What is queued there gets more words; nothing queued there: `item` is. */
  queue(item: Outgoing, onto: string | null): void {
    this.change((items) => {
      const known = items.find(({ key, state, sent: gone }) => key === onto && state === "queued" && !gone);
      if (!known) return items.some(({ key }) => key === item.key) ? items : [...items, item];
      return patch(known.key, { content: `${known.content}\n\n${item.content}` })(items);
    });
  }

  /** What was queued goes now, after this message. */
  release(key: string, parent: string | null): void {
    this.update(key, ({ state }) => (state === "queued" ? { state: "waiting", parent } : null));
    this.onReleased();
  }

  remove(key: string): void {
    this.change((items) => items.filter((item) => item.key !== key || item.sent));
  }

  /** Takes back what has not left yet. False when another tab was quicker and has begun to send it. */
  async takeBack(key: string): Promise<boolean> {
    await this.commit((items) => items.filter((item) => (item.key !== key || item.sent) ?? item.tried));
    return this.box?.items.every((item) => item.key !== key) ?? true;
  }

  settle(key: string, result: Json): void {
    this.change(sent(key, result));
  }

  change(change: Change): void {
    this.box?.change(change);
  }

  /** As `change`, and settles when all tabs would see it. */
  async commit(change: Change): Promise<void> {
    await this.box?.commit(change);
  }

  standing(parent: string | null): string | null {
    return standing(this.cell.get(), parent);
  }

  /** Runs `work` when no other tab of this person's does the same. */
  turn(name: string, work: () => Promise<void>): Promise<void> {
    return this.turns.take(`${this.box?.person ?? ""}.${name}`, work);
  }

  private become(person: string | null): void {
    this.box?.close();
    this.channel?.close();
    this.past = this.box ?? this.past;
    this.box = null;
    this.channel = null;
    this.cell.set([]);
    if (person !== null) this.openFor(person);
  }

  private openFor(person: string): void {
    const name = `rivulet.outbox.${person}`;
    const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(name);
    const left = leftovers();
    const box: Box = new Box(
      person,
      {
        shown: (items) => {
          if (this.box === box) this.cell.set(items);
        },
        written: () => this.channel === channel && channel?.postMessage("look"),
        sentElsewhere: (item, result) => this.onSentElsewhere(item, result),
      },
      new Journal(person),
      left.change,
    );
    this.box = box;
    this.channel = channel;
    this.keeps.set(true);
    box.lasting.subscribe(() => {
      if (this.box === box) this.keeps.set(box.lasting.get());
    });
    if (channel) channel.onmessage = () => void box.refresh();
    void box.ready.then(() => {
      if (left.any && box.lasting.get()) left.clear();
      if (this.box === box) this.onReady();
    });
  }

  private clear(person: string): void {
    if (this.box?.person === person) this.become(null);
    if (this.past?.person === person) void this.past.clear();
    else void new DatabaseShelf(person).clear().catch(() => undefined);
  }
}

export const outbox = new Outbox();
