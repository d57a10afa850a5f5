import type { Listener } from "../follow";
import { paced } from "../pace";

type State = "begun" | "writing" | "done" | "failed";

/** What is being done now: one entry for each step that has begun and not ended. */
export interface Doing {
  row: number;
  type: string;
  /** A search's words, a page's address. */
  what: string;
}

export interface LiveReport {
  doing: readonly Doing[];
  /** The report as it is being written; null: not seen from its beginning. */
  text: string | null;
}

const types = new Set(["plan", "search", "read", "note", "write", "verify"]);
const AGAIN_MS = 1_000;

/** The steps of a research as its topic tells them; what they found is read again, once a second at most. */
export class LiveResearch implements Listener {
  private now: LiveReport = { doing: [], text: null };
  private shown = this.now;
  private length = 0;
  private due: ReturnType<typeof setTimeout> | undefined;
  private readonly lookers = new Set<() => void>();

  constructor(private readonly again: () => unknown) {}

  get = (): LiveReport => this.shown;
  subscribe = (looker: () => void): (() => void) => {
    this.lookers.add(looker);
    return () => this.lookers.delete(looker);
  };

  close(): void {
    clearTimeout(this.due);
  }

  reset = (): void => {
    this.become({ doing: [], text: null });
    this.soon();
  };

  other = ({ type, data }: { type: string; data: Record<string, unknown> }): void => {
    if (!types.has(type)) return;
    const row = Number(data["row"]);
    const state = data["state"] as State;
    const others = this.now.doing.filter((one) => one.row !== row);
    if (type === "write" && typeof data["text"] === "string" && state === "writing")
      this.write(Number(data["offset"]), data["text"]);
    if (state === "done" || state === "failed") {
      this.become({ ...this.now, doing: others });
      this.soon();
    } else this.become({ ...this.now, doing: [...others, { row, type, what: whatOf(data) }] });
  };

  private write(offset: number, piece: string): void {
    if (offset !== 0 && (this.now.text === null || offset !== this.length)) {
      // Pieces are missing: what is written comes whole at its end.
      if (this.now.text !== null && offset > this.length) this.become({ ...this.now, text: null });
      return;
    }
    const before = offset === 0 ? "" : (this.now.text ?? "");
    this.length = (offset === 0 ? 0 : this.length) + Array.from(piece).length;
    this.become({ ...this.now, text: before + piece });
  }

  private soon(): void {
    this.due ??= setTimeout(() => {
      this.due = undefined;
      this.again();
    }, AGAIN_MS);
  }

  private become(next: LiveReport): void {
    this.now = next;
    paced(this.show);
  }

  private readonly show = (): void => {
    if (this.shown === this.now) return;
    this.shown = this.now;
    for (const looker of [...this.lookers]) looker();
  };
}

function whatOf(data: Record<string, unknown>): string {
  for (const name of ["query", "title", "url"]) {
    const value = data[name];
    if (typeof value === "string" && value) return value;
  }
  return "";
}
