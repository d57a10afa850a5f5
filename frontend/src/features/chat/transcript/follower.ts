import { type Place, readPlace, writePlace } from "./place";

/** So near to the end counts as at the end, px. */
const END = 32;
const TOP_GAP = 16;
const KEEP_MS = 250;

/**
 * Scrolling of a transcript. It follows the text only while the reader is at its end; any move up ends that, coming
 * back to the end begins it again. The place is kept for the next visit.
 */
export class Follower {
  private following = true;
  private lastTop = 0;
  private keeping = 0;
  private conversation: string | null = null;
  /** Where the last visit ended, until the reader moves: what is set late must not push it away. */
  private wanted: Place | null = null;
  private readonly watch: ResizeObserver;
  private readonly undo: (() => void)[] = [];

  constructor(
    private readonly box: HTMLElement,
    content: HTMLElement,
    /** Told when the reader leaves the end or is back. */
    private readonly onAway: (away: boolean) => void,
  ) {
    this.watch = new ResizeObserver(() => this.resized());
    this.watch.observe(content);
    this.watch.observe(box);
    const on = (type: string, run: (event: Event) => void) => {
      box.addEventListener(type, run, { passive: true });
      this.undo.push(() => box.removeEventListener(type, run));
    };
    for (const type of ["wheel", "touchmove", "keydown", "pointerdown"])
      on(type, () => {
        this.wanted = null;
      });
    on("wheel", (event) => {
      if ((event as WheelEvent).deltaY < 0) this.following = false;
    });
    on("touchmove", () => {
      this.following = false;
    });
    on("keydown", (event) => {
      const { key } = event as KeyboardEvent;
      if (key === "ArrowUp" || key === "PageUp" || key === "Home") this.following = false;
    });
    on("scroll", () => this.scrolled());
  }

  stop(): void {
    clearTimeout(this.keeping);
    this.watch.disconnect();
    for (const run of this.undo) run();
  }

  /** The conversation that is shown; a visit begins where the last one ended. */
  begin(conversation: string | null): void {
    const before = this.conversation;
    this.conversation = conversation;
    if (before !== null || conversation === null) return;
    const place = readPlace(conversation);
    const element = place ? this.find(place.key, "id") : null;
    if (place && element) {
      this.following = false;
      this.wanted = place;
      this.bring(element, place.top);
      this.scrolled();
    } else this.toEnd();
  }

  /** A new conversation got its name: it stays where it is. */
  named(conversation: string): void {
    this.conversation = conversation;
  }

  toEnd(): void {
    this.wanted = null;
    this.following = true;
    this.box.scrollTop = this.box.scrollHeight;
    this.onAway(false);
  }

  /** Brings a message near the top, as after sending; what follows grows below it. */
  toMessage(key: string): void {
    const element = this.find(key);
    if (!element) return;
    this.wanted = null;
    this.following = true;
    this.bring(element, TOP_GAP);
    this.lastTop = this.box.scrollTop;
    this.onAway(false);
  }

  private find(key: string, by: "message" | "id" = "message"): HTMLElement | null {
    return this.box.querySelector<HTMLElement>(`[data-${by}="${CSS.escape(key)}"]`);
  }

  private bring(element: HTMLElement, top: number): void {
    this.box.scrollTop += element.getBoundingClientRect().top - this.box.getBoundingClientRect().top - top;
  }

  private get left(): number {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight;
  }

  private resized(): void {
    const element = this.wanted ? this.find(this.wanted.key, "id") : null;
    if (this.wanted && element) this.bring(element, this.wanted.top);
    else if (this.following) {
      this.box.scrollTop = this.box.scrollHeight;
      this.lastTop = this.box.scrollTop;
    } else if (this.left > END) this.onAway(true);
  }

  private scrolled(): void {
    const top = this.box.scrollTop;
    const { left } = this;
    if (this.wanted) this.following = false;
    else if (left <= END && top >= this.lastTop) this.following = true;
    else if (top < this.lastTop - 1) this.following = false;
    this.lastTop = top;
    this.onAway(left > END && !this.following);
    clearTimeout(this.keeping);
    this.keeping = window.setTimeout(() => {
      if (this.conversation && !this.wanted) writePlace(this.conversation, this.box, this.left <= END);
    }, KEEP_MS);
  }
}
