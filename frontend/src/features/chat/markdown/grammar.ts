import { Lexer, Marked, type Token, type TokenizerExtension, type Tokens } from "marked";

/** TeX between `$…$`, `$$…$$`, `\(…\)` or `\[…\]`. */
export interface FormulaToken {
  type: "formula" | "formulaBlock";
  raw: string;
  tex: string;
  /** The end has not come. */
  open: boolean;
}

const inlineFormula: TokenizerExtension = {
  name: "formula",
  level: "inline",
  start: (src) => {
    const at = src.search(/\$|\\[([]/);
    return at < 0 ? undefined : at;
  },
  tokenizer(src) {
    const found =
      /^\$\$(?!\s)([^$\n]+?)\$\$/.exec(src) ??
      // A dollar sign before a space or a digit after it is money, not mathematics.
      /^\$(?![\s$])((?:\\[^\n]|[^$\\\n])*?(?:\\[A-Za-z]|[^\s\\$]))\$(?![\d$])/.exec(src) ??
      /^\\\(([\s\S]+?)\\\)/.exec(src) ??
      /^\\\[([\s\S]+?)\\\]/.exec(src);
    if (!found) return undefined;
    return { type: "formula", raw: found[0], tex: (found[1] ?? "").trim(), open: false };
  },
};

const blockFormula: TokenizerExtension = {
  name: "formulaBlock",
  level: "block",
  start: (src) => {
    const at = src.search(/^ {0,3}(?:\$\$|\\\[)/m);
    return at < 0 ? undefined : at;
  },
  tokenizer(src) {
    const found =
      /^ {0,3}\$\$([\s\S]*?)(\$\$[ \t]*(?:\n|$)|$(?![\s\S]))/.exec(src) ??
      /^ {0,3}\\\[([\s\S]*?)(\\\][ \t]*(?:\n|$)|$(?![\s\S]))/.exec(src);
    if (!found) return undefined;
    const open = found[2] === "";
    // `$$x$$ and more` on one line is a formula inside a sentence.
    if (open && /^ {0,3}\$\$[^\n]*\$\$/.test(src)) return undefined;
    return { type: "formulaBlock", raw: found[0], tex: (found[1] ?? "").trim(), open };
  },
};

/** A note's number in the text, `[^1]`, or the note itself, `[^1]: …`. */
export interface NoteToken {
  type: "note" | "noteText";
  raw: string;
  label: string;
  tokens: Token[];
}

const noteMark: TokenizerExtension = {
  name: "note",
  level: "inline",
  start: (src) => {
    const at = src.indexOf("[^");
    return at < 0 ? undefined : at;
  },
  tokenizer(src) {
    const found = /^\[\^([^\]\s]{1,40})\]/.exec(src);
    return found ? { type: "note", raw: found[0], label: found[1] ?? "", tokens: [] } : undefined;
  },
};

const noteText: TokenizerExtension = {
  name: "noteText",
  level: "block",
  start: (src) => {
    const at = src.search(/^ {0,3}\[\^[^\]\s]{1,40}\]:/m);
    return at < 0 ? undefined : at;
  },
  tokenizer(src) {
    const found = /^ {0,3}\[\^([^\]\s]{1,40})\]:[ \t]*([^\n]*)(?:\n|$)/.exec(src);
    if (!found) return undefined;
    const [raw, label = "", text = ""] = found;
    return { type: "noteText", raw, label, tokens: this.lexer.inline(text) };
  },
};

/** Numbers of sources, `[1]` or `[2, 3]`; not where the text itself says what the number refers to. */
export interface CiteToken {
  type: "cite";
  raw: string;
  numbers: number[];
}

const cite: TokenizerExtension = {
  name: "cite",
  level: "inline",
  start: (src) => {
    const at = src.search(/\[\d/);
    return at < 0 ? undefined : at;
  },
  tokenizer(src) {
    const found = /^\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\](?!\()/.exec(src);
    if (!found) return undefined;
    const [raw, list = ""] = found;
    return Object.hasOwn(this.lexer.tokens.links, list)
      ? undefined
      : { type: "cite", raw, numbers: list.split(",").map(Number) };
  },
};

const grammar = new Marked({
  gfm: true,
  extensions: [inlineFormula, blockFormula, noteMark, noteText, cite],
});

export type Definitions = Record<string, Pick<Tokens.Link | Tokens.Image, "href" | "title">>;

/** Blocks of `source` with their inline tokens. `known` are reference definitions from before; new ones are added. */
export function lex(source: string, known: Definitions): Token[] {
  const lexer = new Lexer(grammar.defaults);
  Object.assign(lexer.tokens.links, known);
  const tokens = lexer.lex(source);
  Object.assign(known, lexer.tokens.links);
  return tokens;
}
