import type { JobRow, RowsQuery, RowStatus } from "@/api/jobs";
import type { Page } from "@/api/types";
import type { RowEnded } from "@/realtime/generated/frames";
import { paced } from "./pace";

/** `brief`: an event told of it, so its output may be cut; `partial`: its input is not known yet, either. */
export type ShownRow = JobRow & { brief?: boolean; partial?: boolean };
export type Filter = "" | RowStatus;

const PAGE = 100;
const PAGES_KEPT = 30;
const STILL_MS = 60;
const MEND_MS = 1_000;

type Fetch = (query: RowsQuery, signal: AbortSignal) => Promise<Page<JobRow>>;

/** A row as an event tells it, over what was known. */
function told(event: RowEnded, before: ShownRow | undefined): ShownRow {
  const known = before ?? {
    line: 0,
    input: null,
    usage: null,
    attempt: 0,
    lost: 0,
    finished: null,
    partial: true,
  };
  return {
    ...known,
    index: event.index,
    model: event.model ?? before?.model ?? "",
    status: event.status,
    output: event.output ?? "",
    error: event.error ?? null,
    cost: event.cost ?? null,
    brief: true,
  };
}

/**
 * The rows of a job that are looked at. All of them: pages by their place, so that one can go anywhere at once. Of one
 * status: a list that grows at its end. Events change what is there; the rest is read when it comes into sight.
 */
export class RowStore {
  private filter: Filter = "";
  private pages = new Map<number, ShownRow[]>();
  private stale = new Set<number>();
  private list: ShownRow[] = [];
  private more = true;
  private range: [number, number] = [0, 0];
  private fetching = new Set<number>();
  /** What was told while pages were under way, which may be older. */
  private meanwhile = new Map<number, RowEnded>();
  private round = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private mending: ReturnType<typeof setTimeout> | undefined;
  private version = 0;
  private shown = 0;
  private wrong: unknown = null;
  private total = 0;
  private readonly lookers = new Set<() => void>();

  constructor(private readonly fetch: Fetch) {}

  /** Another number when something is to be drawn again. */
  get = (): number => this.shown;
  subscribe = (looker: () => void): (() => void) => {
    this.lookers.add(looker);
    return () => this.lookers.delete(looker);
  };

  get error(): unknown {
    return this.wrong;
  }
  /** How many places the table has; one more than is known where more is to come. */
  get size(): number {
    return this.filter === "" ? this.total : this.list.length + (this.more ? 1 : 0);
  }
  get loading(): boolean {
    return this.fetching.size > 0;
  }
  at(place: number): ShownRow | undefined {
    return this.filter === "" ? this.pages.get(Math.floor(place / PAGE))?.[place % PAGE] : this.list[place];
  }

  count(total: number): void {
    this.total = total;
  }

  narrow(filter: Filter): void {
    if (filter === this.filter) return;
    this.filter = filter;
    this.clear();
  }

  /** These places are in sight: what is missing of them is read once they stand still. */
  show(first: number, last: number): void {
    this.range = [first, last];
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.read(), STILL_MS);
  }

  /** All that is known is old; what is in sight is read again, and stands until then. */
  refresh(): void {
    this.round.abort();
    this.round = new AbortController();
    this.fetching.clear();
    this.stale = new Set(this.pages.keys());
    if (this.filter !== "") this.more = true;
    if (this.filter !== "" && this.list.length > 0) void this.readList(-1, Math.min(this.list.length, 200));
    else this.read();
  }

  retry(): void {
    this.wrong = null;
    this.read();
    this.changed();
  }

  close(): void {
    this.round.abort();
    clearTimeout(this.timer);
    clearTimeout(this.mending);
  }

  apply(event: RowEnded): void {
    if (this.fetching.size > 0) this.meanwhile.set(event.index, event);
    if (this.filter === "") this.applyToPage(event);
    else this.applyToList(event);
  }

  private applyToPage(event: RowEnded): void {
    const rows = this.pages.get(Math.floor(event.index / PAGE));
    const before = rows?.[event.index % PAGE];
    if (!rows || !before) return;
    rows[event.index % PAGE] = told(event, before);
    this.changed();
  }

  private applyToList(event: RowEnded): void {
    const place = this.placeOf(event.index);
    const before = this.list[place]?.index === event.index ? this.list[place] : undefined;
    const fits = event.status === this.filter;
    const inside = place < this.list.length || !this.more;
    if (before && fits) this.list[place] = told(event, before);
    else if (before) this.list.splice(place, 1);
    else if (fits && inside) {
      this.list.splice(place, 0, told(event, undefined));
      this.mending ??= setTimeout(() => this.mend(), MEND_MS);
    } else return;
    this.changed();
  }

  private placeOf(index: number): number {
    let low = 0;
    let high = this.list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.list[middle]?.index ?? 0) < index) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private clear(): void {
    this.round.abort();
    this.round = new AbortController();
    this.fetching.clear();
    this.meanwhile.clear();
    this.list = [];
    this.more = true;
    this.wrong = null;
    this.range = [0, 20];
    this.read();
    this.changed();
  }

  private read(): void {
    const [first, last] = this.range;
    if (this.filter !== "") {
      if (this.more && last >= this.list.length - 20) void this.readList(this.list.at(-1)?.index ?? -1, PAGE);
      return;
    }
    if (this.total === 0) return;
    for (let page = Math.floor(first / PAGE); page <= Math.floor(Math.max(first, last) / PAGE); page += 1)
      if (page * PAGE < this.total && (!this.pages.has(page) || this.stale.has(page)))
        void this.readPage(page);
  }

  private async readPage(page: number): Promise<void> {
    await this.run(page, { after: page * PAGE - 1, limit: PAGE }, ({ items }) => {
      this.stale.delete(page);
      this.pages.delete(page);
      this.pages.set(
        page,
        items.map((row) => this.newest(row)),
      );
      for (const old of this.pages.keys()) {
        if (this.pages.size <= PAGES_KEPT) break;
        this.pages.delete(old);
      }
    });
  }

  /** Rows of the status behind an index; in place of those that were there. */
  private async readList(after: number, limit: number): Promise<void> {
    const status = this.filter;
    if (status === "") return;
    await this.run(-1, { status, after, limit }, ({ items, next }) => {
      const from = this.placeOf(after + 1);
      const end = items.at(-1)?.index;
      const kept = next === null || end === undefined ? [] : this.list.slice(this.placeOf(end + 1));
      this.list = [...this.list.slice(0, from), ...items, ...kept];
      if (next === null) this.more = false;
      for (const event of this.meanwhile.values()) this.applyToList(event);
    });
  }

  /** Reads what events told only in part. */
  private mend(): void {
    this.mending = undefined;
    const status = this.filter;
    const [first, last] = this.range;
    const partial = this.list.slice(first, last + 1).find((row) => row.partial);
    if (status === "" || !partial) return;
    const query = { status, after: partial.index - 1, limit: PAGE };
    void this.run(-2, query, ({ items }) => {
      for (const row of items) {
        const place = this.placeOf(row.index);
        if (this.list[place]?.index === row.index) this.list[place] = row;
      }
      this.mending ??= setTimeout(() => this.mend(), MEND_MS);
    });
  }

  private async run(name: number, query: RowsQuery, take: (page: Page<JobRow>) => void): Promise<void> {
    if (this.fetching.has(name)) return;
    const { signal } = this.round;
    this.fetching.add(name);
    try {
      const page = await this.fetch(query, signal);
      if (signal.aborted) return;
      take(page);
      this.wrong = null;
    } catch (error) {
      if (signal.aborted) return;
      this.wrong = error;
    }
    this.fetching.delete(name);
    if (this.fetching.size === 0) this.meanwhile.clear();
    this.changed();
  }

  private newest(row: JobRow): ShownRow {
    const event = this.meanwhile.get(row.index);
    return event && event.status !== row.status ? told(event, row) : row;
  }

  private changed(): void {
    this.version += 1;
    paced(this.tell);
  }

  private readonly tell = (): void => {
    if (this.shown === this.version) return;
    this.shown = this.version;
    for (const looker of [...this.lookers]) looker();
  };
}
