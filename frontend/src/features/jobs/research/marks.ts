import type { Citation, Source } from "@/api/research";

const code = /(```[\s\S]*?(?:```|$)|`[^`\n]*`)/;
const mark = /\[(\d{1,3})\](?!\()/g;
const target = /#cite-(\d+)$/;

/** The address of a source, with the citation that leads there. */
function addressOf(url: string, number: number): string | null {
  try {
    const found = new URL(url);
    if (!found.protocol.startsWith("http")) return null;
    found.hash = `cite-${number}`;
    return found.href;
  } catch {
    return null;
  }
}

/**
 * A report whose marks `[1]` are links to their sources: followed as any link, or opened here with the quote in its
 * place. What stands in code is left alone, and so is a number that cites nothing.
 */
export function linked(markdown: string, citations: readonly Citation[], sources: readonly Source[]): string {
  const urls = new Map(sources.map(({ number, url, title }) => [number, { url, title }]));
  const known = new Map(citations.map((citation) => [citation.number, urls.get(citation.source)]));
  const link = (whole: string, digits: string): string => {
    const source = known.get(Number(digits));
    const address = source && addressOf(source.url, Number(digits));
    if (!address) return whole;
    return `[\\[${digits}\\]](<${address}> "${source.title.replace(/["\\\n]/g, " ")}")`;
  };
  return markdown
    .split(code)
    .map((piece, at) => (at % 2 === 1 ? piece : piece.replace(mark, link)))
    .join("");
}

/** The citation that a link is for; null for any other link. */
export function citationOf(href: string): number | null {
  const found = target.exec(href);
  return found ? Number(found[1]) : null;
}

export interface Piece {
  text: string;
  /** The citations whose quote this is part of. */
  citations: number[];
}

/** A stored text, cut where passages begin and end. Places count Unicode characters. */
export function pieces(
  text: string,
  passages: readonly { citation: number; start: number; end: number }[],
): Piece[] {
  const chars = Array.from(text);
  const cuts = new Set([0, chars.length]);
  for (const { start, end } of passages) {
    cuts.add(Math.min(Math.max(0, start), chars.length));
    cuts.add(Math.min(Math.max(0, end), chars.length));
  }
  const places = [...cuts].sort((a, b) => a - b);
  return places.slice(1).map((end, at) => {
    const start = places[at] ?? 0;
    return {
      text: chars.slice(start, end).join(""),
      citations: passages.filter((one) => one.start <= start && one.end >= end).map((one) => one.citation),
    };
  });
}
