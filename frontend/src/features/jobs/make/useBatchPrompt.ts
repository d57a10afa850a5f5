import { useState } from "react";
import type { Version } from "@/api/prompts";
import { variablesOf } from "../estimate";
import type { Stored } from "./StoredTemplate";

export type BatchWords = ReturnType<typeof useBatchPrompt>;

const shown = (value: unknown): string =>
  value === null || value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);

/**
 * What each row asks: a stored template at a version, or texts of the batch's own. A template's texts stand in the same
 * fields; whoever changes one has texts of their own from then on.
 */
export function useBatchPrompt() {
  const [texts, setTexts] = useState({ system: "", user: "" });
  const [stored, setStored] = useState<Stored | null>(null);
  const [left, setLeft] = useState<Stored | null>(null);
  const variables = stored?.version.variables;

  const take = (next: Stored): Version => {
    setStored(next);
    setLeft(null);
    setTexts({ system: next.version.system, user: next.version.user });
    return next.version;
  };
  return {
    ...texts,
    stored,
    /** The template that the texts were, until one of them was changed. */
    left,
    take,
    /** Another text; a template's is not the template's any more. */
    edit: (change: Partial<typeof texts>) => {
      setTexts({ ...texts, ...change });
      if (!stored) return;
      setLeft(stored);
      setStored(null);
    },
    remove: () => {
      setStored(null);
      setLeft(null);
      setTexts({ system: "", user: "" });
    },
    variables: variables?.map(({ name }) => name) ?? variablesOf(texts.system, texts.user),
    /** Whether a variable has to have a column. */
    needs: (name: string): boolean => {
      const found = variables?.find((variable) => variable.name === name);
      return !found || (found.required && found.default === null);
    },
    /** What an empty cell stands for. */
    preset: (name: string): string => shown(variables?.find((variable) => variable.name === name)?.default),
    maxTokens: Number(stored?.version.params["max_tokens"] ?? 0) || null,
    /** As a spec has it. */
    template: () =>
      stored
        ? { id: stored.template.id, version: stored.version.number }
        : { system: texts.system.trim(), user: texts.user },
  };
}
