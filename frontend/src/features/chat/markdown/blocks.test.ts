import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Block, BlockParser, parseAll } from "./blocks";

const fragment = fc.constantFrom(
  "# Head\n",
  "## ",
  "para ",
  "word\n",
  "\n",
  "\n\n",
  "- item\n",
  "* ",
  "1. one\n",
  "  - deep\n",
  "    code\n",
  "> quote\n",
  ">",
  "```js\n",
  "```\n",
  "`",
  "`code`",
  "~~~\n",
  "| a | b |\n",
  "|---|---|\n",
  "| 1 | 2 |\n",
  "|",
  "---\n",
  "-",
  "=",
  "===\n",
  "**",
  "*",
  "_x_",
  "~~",
  "[a](http://x)",
  "[a",
  "](",
  ")",
  "[r][1]",
  "[1]: http://r\n",
  "![i](http://x)",
  "$$\n",
  "$x$",
  "$$",
  "\\[",
  "\\]\n",
  "\\(a\\)",
  "<div>\n",
  "</div>\n",
  "<b>",
  "<!-- c -->\n",
  "- [ ] t\n",
  "🌊",
  "\t",
  "  ",
  "\\",
  "&amp;",
  "http://auto.link ",
  "+ plus\n",
  "10) ten\n",
  "***\n",
);
const source = fc.array(fragment, { maxLength: 30 }).map((parts) => parts.join(""));

const shape = (blocks: readonly Block[]) => blocks.map(({ start, token }) => [start, token.type, token.raw]);

describe("a text that grows", () => {
  it("has, wherever it is cut, the blocks of the whole text", () => {
    fc.assert(
      fc.property(source, fc.array(fc.nat(200), { maxLength: 12 }), (text, cuts) => {
        const parser = new BlockParser();
        for (const cut of cuts.map((at) => Math.min(at, text.length)).sort((a, b) => a - b)) {
          parser.update(text.slice(0, cut), true);
        }
        expect(shape(parser.update(text, false))).toEqual(shape(parseAll(text)));
      }),
      { numRuns: 1500 },
    );
  });

  it("has them token by token, too", () => {
    fc.assert(
      fc.property(source, (text) => {
        const parser = new BlockParser();
        for (let at = 0; at <= text.length; at += 1) parser.update(text.slice(0, at), true);
        expect(shape(parser.update(text, false))).toEqual(shape(parseAll(text)));
      }),
      { numRuns: 400 },
    );
  });

  it("keeps what is settled: the very same blocks, not equal ones", () => {
    const parser = new BlockParser();
    const before = parser.update("one\n\ntwo\n\nthree\n\nfour", true);
    const after = parser.update("one\n\ntwo\n\nthree\n\nfour and more", true);
    expect(after[0]).toBe(before[0]);
    expect(after[1]).toBe(before[1]);
  });

  it("reads again what stands above a reference once it is defined", () => {
    const parser = new BlockParser();
    parser.update("see [here][1]\n\nb\n\nc\n\nd\n\n", true);
    const [first] = parser.update("see [here][1]\n\nb\n\nc\n\nd\n\n[1]: https://x.org\n", false);
    expect(first?.token).toMatchObject({
      tokens: [{ type: "text" }, { type: "link", href: "https://x.org" }],
    });
  });

  it("begins again when the text is another one", () => {
    const parser = new BlockParser();
    parser.update("one\n\ntwo\n\nthree\n\nfour", true);
    expect(shape(parser.update("# other", false))).toEqual(shape(parseAll("# other")));
  });

  it("grows by thousands of tokens in little time", () => {
    const text = "Some **bold** words and `code`.\n\n- a\n- b\n\n```js\nlet x = 1;\n```\n\n".repeat(120);
    const parser = new BlockParser();
    const started = performance.now();
    for (let at = 0; at < text.length; at += 4) parser.update(text.slice(0, at), true);
    expect((performance.now() - started) / (text.length / 4)).toBeLessThan(2);
  });
});
