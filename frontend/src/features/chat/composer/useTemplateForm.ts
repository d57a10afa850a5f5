import { useEffect, useState } from "react";
import { useSearch } from "wouter";
import { explain } from "@/api/errors";
import { prompts, type TemplateWhole } from "@/api/prompts";
import { useT } from "@/lib/i18n";
import { navigate, paths } from "@/lib/router";
import { type Entries, fill, firstEntries, valuesOf, wordsOf, wrongWith } from "@/lib/template";
import { explainWrong, toast } from "@/ui";
import type { SentPrompt } from "../session/outbox";

export interface TemplateForm {
  template: TemplateWhole;
  entries: Entries;
  errors: Readonly<Record<string, string>>;
}

/** The template that is open in the composer, with what was filled in. */
export function useTemplateForm(conversation: string | null) {
  const t = useT();
  const [form, setForm] = useState<TemplateForm | null>(null);
  const asked = new URLSearchParams(useSearch()).get("template");

  const open = (template: TemplateWhole) =>
    setForm({ template, entries: firstEntries(template.current.variables), errors: {} });
  useEffect(() => {
    if (!asked) return;
    navigate(conversation === null ? paths.home : paths.chat(conversation), { replace: true });
    prompts.get(asked).then(open, (error: unknown) => toast({ text: explain(error) }));
  }, [asked, conversation]);

  const change = (name: string, entry: string | boolean) =>
    setForm((before) => {
      if (!before) return before;
      const errors = Object.fromEntries(Object.entries(before.errors).filter(([other]) => other !== name));
      return { ...before, entries: { ...before.entries, [name]: entry }, errors };
    });
  /** What is to be sent; null: something is wrong, and stands at its field by now. */
  const finish = (): SentPrompt | null => {
    if (!form) return null;
    const { template, entries } = form;
    const { number, user, variables, model } = template.current;
    const errors: Record<string, string> = {};
    for (const variable of variables) {
      const wrong = wrongWith(variable, entries[variable.name]);
      if (wrong) errors[variable.name] = explainWrong(t, wrong, variable);
    }
    if (Object.keys(errors).length > 0) {
      setForm({ ...form, errors });
      return null;
    }
    return {
      id: template.id,
      name: template.name,
      version: number,
      variables: valuesOf(variables, entries),
      text: fill(user, wordsOf(variables, entries)),
      model,
    };
  };
  return { form, open, change, finish, close: () => setForm(null) };
}
