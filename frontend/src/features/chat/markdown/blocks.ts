import type { Token } from "marked";
import { type Definitions, lex } from "./grammar";
import { mend } from "./mend";

export interface Block {
  /** Where it begins in the text: stays the same while text is appended. */
  readonly start: number;
  readonly token: Token;
  /** The last block of a text that is still being written. */
  readonly open: boolean;
}

/** So many blocks at the end can still change when text is appended: an unfinished line can join the block before it. */
const UNSETTLED = 2;

/**
 * Markdown of a text that grows. Blocks that can't change any more are kept; only the end is parsed again. `update`
 * gives the same blocks as parsing the whole text at once.
 */
export class BlockParser {
  private text = "";
  private settled: Block[] = [];
  private settledEnd = 0;
  private definitions: Definitions = {};
  private result: Block[] = [];
  private wasOpen = false;
  private begun = false;

  update(text: string, open: boolean): readonly Block[] {
    if (this.begun && text === this.text && open === this.wasOpen) return this.result;
    if (!text.startsWith(this.text)) this.reset();
    this.begun = true;
    this.text = text;
    this.wasOpen = open;
    const known = Object.keys(this.definitions).length;
    const tail = this.parse(this.settledEnd);
    // A reference may be defined after it was used: what stands above it has to be read again.
    if (Object.keys(this.definitions).length !== known && this.settled.length > 0) {
      const { definitions } = this;
      this.reset();
      this.text = text;
      this.definitions = definitions;
      return this.finish(this.parse(0), open);
    }
    return this.finish(tail, open);
  }

  private reset(): void {
    this.text = "";
    this.settled = [];
    this.settledEnd = 0;
    this.definitions = {};
    this.result = [];
    this.begun = false;
  }

  private parse(from: number): Block[] {
    let start = from;
    const blocks: Block[] = [];
    for (const token of lex(this.text.slice(from), this.definitions)) {
      if (token.type !== "space" && token.type !== "def") blocks.push({ start, token, open: false });
      start += token.raw.length;
    }
    return blocks;
  }

  private finish(tail: Block[], open: boolean): readonly Block[] {
    let keep = Math.max(0, tail.length - UNSETTLED);
    while (keep > 0 && !this.endsInBlankLine(tail[keep])) keep -= 1;
    const first = tail[keep];
    if (keep > 0 && first) {
      this.settled = [...this.settled, ...tail.slice(0, keep)];
      this.settledEnd = first.start;
    }
    const rest = tail.slice(keep);
    const last = rest.at(-1);
    if (open && last) rest.splice(-1, 1, ...this.mended(last));
    this.result = [...this.settled, ...rest];
    return this.result;
  }

  /** Lines without a blank one between them can still be joined by what follows, in ways that differ by kind. */
  private endsInBlankLine(next: Block | undefined): boolean {
    return (
      next !== undefined && /\n[ \t]*\n$/.test(this.text.slice(Math.max(0, next.start - 80), next.start))
    );
  }

  /** The last block as it will look when the marks that are open now have been closed. */
  private mended(last: Block): Block[] {
    const { raw } = last.token;
    const better = mend(raw, last.token.type);
    if (better === raw) return [{ ...last, open: true }];
    const tokens = lex(better, { ...this.definitions }).filter(
      ({ type }) => type !== "space" && type !== "def",
    );
    return tokens.map((token, at) => ({
      start: last.start + at,
      token,
      open: at === tokens.length - 1,
    }));
  }
}

/** Blocks of a text that is complete. */
export function parseAll(text: string): readonly Block[] {
  return new BlockParser().update(text, false);
}
