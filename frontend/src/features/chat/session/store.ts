import { type Json, type Part, isTerminal } from "@/realtime/index";
import { type Message, isWriting, localMessage, readMessage } from "../model/message";
import { type Branch, ROOT, branchOf } from "../model/tree";
import { type Outgoing, saidOf } from "./outbox";

/** Orders what is not on the server yet after all that is. */
const LOCAL_SEQ = 1e12;
/** Characters: the server leaves the text of nothing shorter out of an event. */
const LEAST_CLIPPED = 5_000;

const wordsOf = (item: Outgoing): Pick<Message, "parts" | "text"> => ({
  parts: [{ kind: "text", text: saidOf(item), done: true }],
  text: saidOf(item),
});

/**
 * The messages of one conversation: the server's, and our own that are on their way. Pairs the two by what was sent, so
 * that a message that stands there before the network answered stays the same one.
 */
export class MessageStore {
  private readonly known = new Map<string, Message>();
  /** Our id → the server's. */
  private readonly real = new Map<string, string>();
  /** The server's id → ours. */
  private readonly keys = new Map<string, string>();
  readonly choices = new Map<string, string>();

  get size(): number {
    return this.known.size;
  }

  get(id: string): Message | undefined {
    return this.known.get(this.resolve(id));
  }

  all(): Iterable<Message> {
    return this.known.values();
  }

  /** The server's id for one of ours. */
  resolve(id: string): string {
    return this.real.get(id) ?? id;
  }

  put(message: Message): void {
    const before = this.known.get(message.id);
    const key = this.keys.get(message.id) ?? before?.key ?? message.key;
    const whole = before && message.truncated && !before.truncated && before.parts.length > 0;
    this.known.set(message.id, {
      ...message,
      key,
      ...(whole ? { parts: before.parts, text: before.text, truncated: false } : {}),
    });
  }

  change(id: string, fields: Partial<Message>): void {
    const before = this.get(id);
    if (before) this.known.set(before.id, { ...before, ...fields });
  }

  /** The last messages as the server has them; what it no longer has in that stretch goes. */
  replaceNewest(raw: readonly unknown[]): void {
    const messages = raw.map(readMessage).filter((message) => message !== null);
    const from = Math.min(...messages.map(({ seq }) => seq));
    const ids = new Set(messages.map(({ id }) => id));
    for (const { id, seq } of this.known.values()) {
      if (seq >= from && !ids.has(id)) this.known.delete(id);
    }
    for (const message of messages) this.put(message);
  }

  putAll(raw: readonly unknown[]): void {
    for (const one of raw) {
      const message = readMessage(one);
      if (message && !this.known.has(message.id)) this.put(message);
    }
  }

  /** The server's id takes the place of ours, and what was chosen or hangs below follows. */
  pair(local: string, id: string): void {
    if (this.real.get(local) === id) return;
    this.real.set(local, id);
    this.keys.set(id, local);
    const known = this.known.get(id);
    if (known) this.known.set(id, { ...known, key: local });
    for (const [parent, child] of this.choices) {
      if (child === local) this.choices.set(parent, id);
      if (parent === local) {
        this.choices.delete(parent);
        this.choices.set(id, child);
      }
    }
  }

  /** An event can overtake the reply to what was sent: recognise our own by its words and its place. */
  recognise(message: Message, outgoing: readonly Outgoing[]): void {
    if (this.keys.has(message.id) || message.seq === 0) return;
    for (const item of outgoing) {
      if (item.kind === "send" && message.role === "user" && !this.real.has(item.key)) {
        const place = item.parent === null ? null : this.resolve(item.parent);
        const words = saidOf(item);
        const clipped = message.truncated && words.length >= LEAST_CLIPPED;
        if ((clipped || message.text === words) && this.above(message) === place) {
          this.pair(item.key, message.id);
          if (clipped) this.put({ ...message, ...wordsOf(item), truncated: false });
          return;
        }
      }
      const answer = `${item.key}:a`;
      if (item.kind === "retry" && message.role === "assistant" && !this.real.has(answer)) {
        const old = item.message ? this.get(item.message) : undefined;
        const fresh = !this.known.has(message.id) && !isTerminal(message.status);
        if (fresh && message.parent === old?.parent) {
          this.pair(answer, message.id);
          return;
        }
      }
      if (message.role === "assistant" && !this.real.has(answer) && item.kind === "send") {
        if (message.parent !== null && message.parent === this.real.get(item.key)) {
          this.pair(answer, message.id);
          return;
        }
      }
    }
  }

  /** What a message follows; the system part of a template may stand between them. */
  private above(message: Message): string | null {
    const parent = message.parent === null ? undefined : this.known.get(message.parent);
    return parent?.role === "system" ? parent.parent : message.parent;
  }

  choose(parent: string | null, child: string): void {
    const at = parent === null ? ROOT : this.resolve(parent);
    this.choices.delete(at);
    this.choices.set(at, this.resolve(child));
  }

  /** The branch that is shown, with what is on its way in its place. */
  branch(outgoing: readonly Outgoing[]): Branch {
    return branchOf([...this.known.values(), ...this.locals(outgoing)], this.choices);
  }

  private locals(outgoing: readonly Outgoing[]): Message[] {
    return outgoing.flatMap((item, at) => {
      const seq = LOCAL_SEQ + 2 * at;
      const status = item.state === "failed" ? "error" : "queued";
      const error = item.state === "failed" ? item.error : null;
      const answer = (parent: string | null, parts: readonly Part[]): Message =>
        localMessage({
          id: `${item.key}:a`,
          parent,
          role: "assistant",
          status,
          error,
          seq: seq + 1,
          parts,
          model: item.model ?? "",
        });
      if (item.kind === "retry") {
        if (this.real.has(`${item.key}:a`)) return [];
        const old = item.message ? this.get(item.message) : undefined;
        return [answer(old?.parent ?? null, item.mode === "continue" ? (old?.parts ?? []) : [])];
      }
      const text = saidOf(item);
      const parts = [{ kind: "text", text, done: true }];
      const user = this.real.get(item.key);
      const parent = item.parent === null ? null : this.resolve(item.parent);
      const own = localMessage({
        id: item.key,
        parent,
        role: "user",
        status: "done",
        seq,
        parts,
        text,
      });
      return [
        ...(user ? [] : [own]),
        ...(this.real.has(`${item.key}:a`) ? [] : [answer(user ?? item.key, [])]),
      ];
    });
  }

  /** What stands there from the reply to a send on, until the server's own words come. */
  confirm(item: Outgoing, result: Json): void {
    const id = (name: string) => (typeof result[name] === "string" ? result[name] : null);
    const user = id("user_message");
    const message = id("message");
    const top = Math.max(0, ...[...this.known.values()].map(({ seq }) => seq));
    const shared = { conversation: id("conversation") ?? "", local: false };
    if (item.kind === "send" && user) {
      this.pair(item.key, user);
      const parent = item.parent === null ? null : this.resolve(item.parent);
      const text = saidOf(item);
      const parts = [{ kind: "text", text, done: true }];
      if (!this.known.has(user)) {
        this.put(
          localMessage({
            ...shared,
            id: user,
            parent,
            role: "user",
            status: "done",
            seq: top + 1,
            parts,
            text,
          }),
        );
      }
    }
    if (!message) return;
    this.pair(`${item.key}:a`, message);
    if (this.known.has(message)) return;
    const old = item.message ? this.get(item.message) : undefined;
    const parent = item.kind === "send" ? user : (old?.parent ?? null);
    const parts = item.mode === "continue" && old ? old.parts : [];
    const generation = id("generation");
    this.put(
      localMessage({
        ...shared,
        id: message,
        parent,
        role: "assistant",
        status: "queued",
        seq: top + 2,
        parts,
        generation,
        model: item.model ?? "",
      }),
    );
  }
}

/** The answer at the end of a branch that is still being written. */
export function writingAt(path: readonly Message[]): Message | null {
  const last = path.at(-1);
  return last && isWriting(last) ? last : null;
}
