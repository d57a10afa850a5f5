import { useState } from "react";
import type { Content, Version } from "@/api/prompts";
import { newVariable, placeholders, type Variable } from "@/lib/template";
import { personal } from "@/lib/person";

/** What is being written: the texts, and the version that it was made from (0: a template that is not saved yet). */
export interface Draft extends Content {
  name: string;
  base: number;
}

const fresh: Draft = { name: "", base: 0, system: "", user: "", variables: [], model: "", params: {} };
const place = (id: string) => `template:${id}`;

const whole = (given: Partial<Variable> & { name: string }): Variable => ({
  ...newVariable(given.name),
  ...given,
});

export function contentOf(version: Version): Content {
  const { system, user, variables, model } = version;
  const params = Object.fromEntries(Object.entries(version.params).filter(([, value]) => value !== null));
  return { system, user, variables: variables.map(whole), model, params };
}

/** What stands in the texts belongs to the variables, declared or not; what stands nowhere stays until it is removed. */
export function variablesOf({ system, user, variables }: Content): Variable[] {
  const known = new Set(variables.map(({ name }) => name));
  const found = placeholders(system, user).filter((name) => !known.has(name));
  return [...variables, ...found.map(newVariable)];
}

export function isSame(one: Content, other: Content): boolean {
  const bare = (content: Content) =>
    JSON.stringify([
      content.system,
      content.user,
      variablesOf(content),
      content.model,
      Object.entries(content.params).sort(),
    ]);
  return bare(one) === bare(other);
}

function kept(id: string): Draft | null {
  try {
    const found = JSON.parse(personal.get(place(id)) ?? "null") as Draft | null;
    return found && typeof found.user === "string" ? { ...fresh, ...found } : null;
  } catch {
    return null;
  }
}

/** The draft of a template: it survives a reload, until it is saved or thrown away. */
export function useTemplateDraft(id: string, newest: Version | null) {
  const saved: Draft = newest ? { ...fresh, ...contentOf(newest), base: newest.number } : fresh;
  const [draft, setDraft] = useState<Draft | null>(() => kept(id));
  const now = draft ?? saved;
  const change = (fields: Partial<Draft>) => {
    const next = { ...now, ...fields };
    setDraft(next);
    personal.set(place(id), JSON.stringify(next));
  };
  const drop = () => {
    setDraft(null);
    personal.set(place(id), null);
  };
  const changed = draft !== null && (!isSame(draft, saved) || draft.name !== "");
  return { draft: now, changed, change, drop, behind: draft !== null && draft.base < saved.base };
}
