/**
 * While an answer is being written, its last block often ends in the middle of a mark: `**bol`, `[a link](htt`, the
 * header of a table without its rule. Shown as it is, the page would flicker between signs and their meaning. `mend`
 * gives the block as it is going to look. Pure; only ever applied to what is shown, never to the text.
 */
export function mend(raw: string, type: string): string {
  if (type === "code" || type === "formulaBlock" || type === "html" || type === "hr") return raw;
  const whole = hideLoneMarker(raw);
  const table = pendingTable(whole);
  if (table !== null) return table;
  const cut = sentenceStart(whole);
  return whole.slice(0, cut) + closeMarks(whole.slice(cut));
}

/** A last line of nothing but markers may yet become a list, a rule, a fence or a heading. */
function hideLoneMarker(raw: string): string {
  const at = raw.lastIndexOf("\n") + 1;
  const line = raw.slice(at);
  if (at > 0 && /^[ \t]*(?:[-=*+#>~`_|]+|\d{1,9}[.)]?)[ \t]*$/.test(line)) return raw.slice(0, at);
  if (at === 0 && /^(?:[-*+#>~`_]{1,6}|\[)[ \t]*$/.test(line)) return "";
  return raw;
}

/** A table's header, before the rule under it is complete. */
function pendingTable(raw: string): string | null {
  const lines = raw.replace(/\n$/, "").split("\n");
  const [head = "", rule, ...more] = lines;
  if (more.length > 0 || !/^\s*\|.*[^\s|]/.test(head)) return null;
  if (rule !== undefined && !/^[\s|:-]*$/.test(rule)) return null;
  const cells = head.trim().replace(/^\|/, "").replace(/\|$/, "").split("|").length;
  return `${head}\n|${" --- |".repeat(cells)}\n`;
}

/** Where the last sentence begins: marks do not reach over items, cells, headings and blank lines. */
function sentenceStart(raw: string): number {
  let at = 0;
  for (const found of raw.matchAll(/\n[ \t]*(?:\n|[-*+>][ \t]|\d{1,9}[.)][ \t])/g))
    at = found.index + found[0].length;
  const line = raw.lastIndexOf("\n") + 1;
  if (/^\s*\|/.test(raw.slice(line))) at = Math.max(at, raw.lastIndexOf("|") + 1);
  return at;
}

function closeMarks(text: string): string {
  const open: { mark: string; at: number }[] = [];
  let i = 0;
  while (i < text.length) {
    const char = text[i] ?? "";
    if (char === "\\") {
      i += 2;
    } else if (char === "`") {
      const run = /^`+/.exec(text.slice(i))?.[0] ?? "`";
      const end = text.indexOf(run, i + run.length);
      if (end < 0) {
        const inside = text.slice(i + run.length);
        return closing(text.slice(0, i), open) + (inside.trim() ? `${run}${inside}${run}` : "") + marks(open);
      }
      i = end + run.length;
    } else if (char === "*" || char === "~") {
      const run = (char === "*" ? /^\*+/ : /^~+/).exec(text.slice(i))?.[0] ?? char;
      toggle(open, run, i, text);
      i += run.length;
    } else if (char === "[" || (char === "!" && text[i + 1] === "[")) {
      const skip = linkEnd(text, i);
      if (skip < 0) return close(text.slice(0, i) + shownOfLink(text.slice(i)), open);
      i = skip;
    } else if (char === "<" && /^<[a-z/!][^>\n]*$/i.test(text.slice(i))) {
      return close(text.slice(0, i), open);
    } else i += 1;
  }
  return close(text, open);
}

function toggle(open: { mark: string; at: number }[], run: string, at: number, text: string): void {
  if (run.startsWith("~") && run.length !== 2) return;
  const after = text[at + run.length];
  const before = text[at - 1];
  for (const mark of run.length === 3 ? ["**", "*"] : run.length > 3 ? [] : [run]) {
    const known = open.findLastIndex((one) => one.mark === mark);
    const closes = known >= 0 && before !== undefined && !/\s/.test(before);
    if (closes) open.splice(known, 1);
    else if (after === undefined || !/\s/.test(after)) open.push({ mark, at });
  }
}

/** The index after a whole `[…](…)` or `[…]`, or -1 when it is not finished. */
function linkEnd(text: string, from: number): number {
  const label = /^!?\[(?:\\[\s\S]|[^\]\\])*\]/.exec(text.slice(from));
  if (!label) return text.slice(from).includes("\n") ? from + 1 : -1;
  const after = from + label[0].length;
  if (text[after] !== "(") return after;
  const end = text.indexOf(")", after);
  return end < 0 ? -1 : end + 1;
}

/** What an unfinished link shows: its words. An unfinished image shows nothing. */
function shownOfLink(rest: string): string {
  if (rest.startsWith("!")) return "";
  return /^\[((?:\\[\s\S]|[^\]\\])*)/.exec(rest)?.[1] ?? "";
}

function close(text: string, open: { mark: string; at: number }[]): string {
  return closing(text, open) + marks(open);
}

/** The text without an opening mark at its very end, after which nothing has come. */
function closing(text: string, open: { mark: string; at: number }[]): string {
  let shown = text;
  while (open.length > 0) {
    const last = open.at(-1);
    if (!last || shown.slice(last.at + last.mark.length).trim() !== "" || !shown.endsWith(last.mark)) break;
    shown = shown.slice(0, last.at);
    open.pop();
  }
  return open.length > 0 ? shown.trimEnd() : shown;
}

function marks(open: readonly { mark: string }[]): string {
  return open
    .map(({ mark }) => mark)
    .reverse()
    .join("");
}
