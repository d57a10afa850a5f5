import { MutableCell, type Cell } from "@/realtime";
import { onPerson, personal } from "@/lib/person";

/** What a person sent and the server has not confirmed. It survives reloads; the key makes sending it twice harmless. */
export interface Outgoing {
  /** The client_msg_id. */
  readonly key: string;
  readonly kind: "send" | "retry";
  /** Null: a new conversation. */
  readonly conversation: string | null;
  /** Which page of this browser's it belongs to while there is no conversation. */
  readonly draft: string | null;
  /** A message's id, or `<key>:a` for the answer to something that is itself still here. */
  readonly parent: string | null;
  readonly content: string;
  readonly model: string | null;
  /** Of a retry: the answer it is about, and how. */
  readonly message: string | null;
  readonly mode: "again" | "continue";
  /** The conversation that was made for it, where it goes by REST into a new one. */
  readonly into?: string;
  /** It went out at least once: it may be on the server although nothing was heard of it. */
  readonly tried?: boolean;
  /** How often the socket was closed on it, unread. */
  readonly refused?: number;
  readonly created: number;
  /** `queued`: goes when the answer before it has ended. `old`: too old to go by itself. */
  readonly state: "queued" | "sending" | "waiting" | "failed" | "old";
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** Nothing older goes by itself. */
export const OUTBOX_MAX_AGE_MS = 24 * 3600 * 1000;
const NAME = "outbox";

function read(): readonly Outgoing[] {
  try {
    const found = JSON.parse(personal.get(NAME) ?? "[]") as unknown;
    return Array.isArray(found) ? (found as Outgoing[]) : [];
  } catch {
    return [];
  }
}

/** What was under way when the page went is undecided now. */
function kept(): readonly Outgoing[] {
  return read().map((item) => ({ ...item, state: item.state === "sending" ? "waiting" : item.state }));
}

/** The outbox of whoever is signed in, shared by the tabs of this browser. */
class Outbox {
  /** Told that something queued may go now. */
  onReleased: () => void = () => undefined;
  private readonly cell = new MutableCell<readonly Outgoing[]>(kept());

  constructor() {
    onPerson(() => this.cell.set(kept()));
    personal.onChange(NAME, () => {
      const mine = new Set(
        this.cell
          .get()
          .filter(({ state }) => state === "sending")
          .map(({ key }) => key),
      );
      const others = read().filter(({ key }) => !mine.has(key));
      this.cell.set(
        [...this.cell.get().filter(({ key }) => mine.has(key)), ...others].sort(
          (a, b) => a.created - b.created,
        ),
      );
    });
  }

  get items(): Cell<readonly Outgoing[]> {
    return this.cell;
  }

  find(key: string): Outgoing | undefined {
    return this.cell.get().find((item) => item.key === key);
  }

  add(item: Outgoing): void {
    this.save([...this.cell.get(), item]);
  }

  /** Does nothing where it is gone, or someone else's by now. */
  update(key: string, change: Partial<Outgoing>): void {
    if (!this.find(key)) return;
    this.save(this.cell.get().map((item) => (item.key === key ? { ...item, ...change } : item)));
  }

  /** What was queued goes now, after this message. */
  release(key: string, parent: string | null): void {
    this.update(key, { state: "waiting", parent });
    this.onReleased();
  }

  remove(key: string): void {
    if (!this.find(key)) return;
    this.save(this.cell.get().filter((item) => item.key !== key));
  }

  /** The nearest place that is on the server or on its way there: nothing can follow what was not sent. */
  standing(parent: string | null): string | null {
    const item = this.cell.get().find(({ key }) => parent === key || parent === `${key}:a`);
    if (item?.state !== "failed") return parent;
    return this.standing(item.kind === "retry" ? item.message : item.parent);
  }

  private save(items: readonly Outgoing[]): void {
    personal.set(NAME, items.length > 0 ? JSON.stringify(items) : null);
    this.cell.set(items);
  }
}

export const outbox = new Outbox();
