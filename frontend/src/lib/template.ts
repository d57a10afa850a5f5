/** Prompt templates as the page fills them in. The server's grammar (backend/prompts/grammar.py) decides; this shows the same at once. */

export type VariableType = "text" | "long" | "number" | "choice" | "boolean" | "date";

export interface Variable {
  name: string;
  type: VariableType;
  label: string;
  help: string;
  required: boolean;
  default: unknown;
  choices: string[] | null;
  min: number | null;
  max: number | null;
  whole: boolean;
  earliest: string | null;
  latest: string | null;
  max_length: number | null;
}

/** What stands in a form, by the variable's name. */
export type Entries = Readonly<Record<string, string | boolean>>;
export type Wrong =
  "required" | "number" | "whole" | "least" | "most" | "date" | "earliest" | "latest" | "long";

const mark = /\\\{\{|\{\{[ \t]*([A-Za-z_]\w{0,39})[ \t]*\}\}/g;

const whole = /^\{\{[ \t]*[A-Za-z_]\w{0,39}[ \t]*\}\}$/;

export const newVariable = (name: string): Variable => ({
  name,
  type: "text",
  label: "",
  help: "",
  required: true,
  default: null,
  choices: null,
  min: null,
  max: null,
  whole: false,
  earliest: null,
  latest: null,
  max_length: null,
});

/** The names of the placeholders, each once, in their order. */
export function placeholders(...texts: string[]): string[] {
  const found = texts.flatMap((text) => [...text.matchAll(mark)].map((match) => match[1] ?? ""));
  return [...new Set(found)].filter(Boolean);
}

/** The text with its values; a placeholder without one stays as it stands. */
export function fill(text: string, words: Readonly<Record<string, string>>): string {
  return text.replace(mark, (whole, name: string | undefined) =>
    name === undefined ? "{{" : (words[name] ?? whole),
  );
}

export interface Slip {
  kind: "open" | "wrong";
  line: number;
  column: number;
  found: string;
}

/** The first braces of a text that are no placeholder, as the server finds them; null: all are well. */
export function slipIn(text: string): Slip | null {
  for (const opening of text.matchAll(/\\\{\{|\{\{/g)) {
    const at = opening.index;
    if (opening[0] !== "{{") continue;
    const end = text.indexOf("}}", at + 2);
    const found = end < 0 ? "" : text.slice(at, end + 2);
    if (end >= 0 && whole.test(found)) continue;
    const before = text.slice(0, at).split("\n");
    const column = (before.at(-1)?.length ?? 0) + 1;
    return { kind: end < 0 ? "open" : "wrong", line: before.length, column, found };
  }
  return null;
}

export interface Piece {
  text: string;
  missing: boolean;
}

/** The text with its values; placeholders without one stand for themselves, marked. */
export function pieces(text: string, words: Readonly<Record<string, string>>): Piece[] {
  const found: Piece[] = [];
  let last = 0;
  for (const match of text.matchAll(mark)) {
    const name = match[1];
    const value = name === undefined ? "{{" : words[name];
    found.push({ text: text.slice(last, match.index), missing: false });
    found.push({ text: value ?? match[0], missing: value === undefined });
    last = match.index + match[0].length;
  }
  found.push({ text: text.slice(last), missing: false });
  return found.filter((piece) => piece.text !== "");
}

/** A form as it stands before anybody typed. */
export function firstEntries(variables: readonly Variable[]): Entries {
  return Object.fromEntries(
    variables.map(({ name, type, default: value }) => [
      name,
      type === "boolean"
        ? value === true
        : typeof value === "string" || typeof value === "number"
          ? `${value}`
          : "",
    ]),
  );
}

/** What is sent: JSON's own types; what is empty is left out, so that the default counts. */
export function valuesOf(variables: readonly Variable[], entries: Entries): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const { name, type } of variables) {
    const entry = entries[name] ?? "";
    if (typeof entry === "boolean") values[name] = entry;
    else if (type === "boolean") values[name] = false;
    else if (entry.trim() !== "") values[name] = type === "number" ? Number(entry) : entry;
  }
  return values;
}

/** What stands in the text for each variable. */
export function wordsOf(variables: readonly Variable[], entries: Entries): Record<string, string> {
  const values = valuesOf(variables, entries);
  return Object.fromEntries(
    variables.map(({ name, default: value }) => {
      const found = values[name] ?? value ?? "";
      return [name, typeof found === "string" ? found : JSON.stringify(found)];
    }),
  );
}

/** How long a text may be. */
export const mostCharacters = ({ max_length, type }: Variable): number =>
  max_length ?? (type === "long" ? 500_000 : 10_000);

/** What is wrong with an entry; null: nothing. */
export function wrongWith(variable: Variable, entry: string | boolean | undefined): Wrong | null {
  if (typeof entry === "boolean" || variable.type === "boolean") return null;
  const text = entry?.trim() ?? "";
  if (text === "") return variable.required && variable.default === null ? "required" : null;
  switch (variable.type) {
    case "number": {
      const value = Number(text);
      if (!Number.isFinite(value)) return "number";
      if (variable.whole && !Number.isInteger(value)) return "whole";
      if (variable.min !== null && value < variable.min) return "least";
      return variable.max !== null && value > variable.max ? "most" : null;
    }
    case "date":
      if (!/^\d{4}-\d\d-\d\d$/.test(text)) return "date";
      if (variable.earliest !== null && text < variable.earliest) return "earliest";
      return variable.latest !== null && text > variable.latest ? "latest" : null;
    case "choice":
      return variable.choices?.includes(text) ? null : "required";
    default: {
      return text.length > mostCharacters(variable) ? "long" : null;
    }
  }
}
