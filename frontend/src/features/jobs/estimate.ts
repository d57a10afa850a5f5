/** What a batch may cost, reckoned as the server does before it sets money aside: on the safe side. */
const CHARS_PER_TOKEN = 3;
const ANSWER_TOKENS = 1000;
const MILLION = 1_000_000;

export interface Priced {
  name: string;
  /** US dollars for a million tokens; null where nobody knows. */
  input_price: string | null;
  output_price: string | null;
}

export interface Estimate {
  /** US dollars, for the dearest row and for all of them; null: no price is known. */
  row: number | null;
  all: number | null;
  /** Models whose prices nobody knows. */
  unknown: string[];
}

const mark = /\{\{\s*([^{}\s][^{}]*?)\s*\}\}/g;

/** The names that stand in braces, each once, in their order. */
export function variablesOf(...texts: string[]): string[] {
  return [...new Set(texts.flatMap((text) => [...text.matchAll(mark)].map((found) => found[1] ?? "")))];
}

/** The text with the values of a row. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(mark, (whole, name: string) => values[name] ?? whole);
}

export function estimate({
  models,
  texts,
  rows,
  samples,
  maxTokens,
}: {
  models: readonly Priced[];
  texts: readonly string[];
  /** How many rows the table has; null: not known. */
  rows: number | null;
  /** The first rows, by variable. */
  samples: readonly Readonly<Record<string, string>>[];
  maxTokens: number | null;
}): Estimate {
  const lengths = samples.map((row) => texts.reduce((sum, text) => sum + fill(text, row).length, 0));
  const fixed = texts.reduce((sum, text) => sum + text.length, 0);
  const mean = lengths.length > 0 ? lengths.reduce((sum, one) => sum + one, 0) / lengths.length : fixed;
  const cost = (model: Priced, chars: number) =>
    ((chars / CHARS_PER_TOKEN + 10) * Number(model.input_price ?? 0) +
      (maxTokens ?? ANSWER_TOKENS) * Number(model.output_price ?? 0)) /
    MILLION;
  const known = models.filter((model) => model.input_price !== null || model.output_price !== null);
  const unknown = models.filter((model) => !known.includes(model)).map(({ name }) => name);
  if (known.length === 0) return { row: null, all: null, unknown };
  return {
    row: Math.max(...known.map((model) => cost(model, Math.max(mean, ...lengths)))),
    all: rows === null ? null : known.reduce((sum, model) => sum + cost(model, mean) * rows, 0),
    unknown,
  };
}

const NEWLINE = 10;

/** The lines of a text file that have something in them, counted as it is read; an estimate where cells have line breaks. */
export async function countLines(file: Blob): Promise<number> {
  let lines = 0;
  let filled = false;
  const reader = file.stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return lines + (filled ? 1 : 0);
    for (const byte of value) {
      if (byte !== NEWLINE) filled ||= byte !== 13;
      else {
        if (filled) lines += 1;
        filled = false;
      }
    }
  }
}
