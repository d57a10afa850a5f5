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
      const most = variable.max_length ?? (variable.type === "long" ? 500_000 : 10_000);
      return text.length > most ? "long" : null;
    }
  }
}
