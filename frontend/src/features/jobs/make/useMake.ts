import { type SyntheticEvent, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { ApiError, explain } from "@/api/errors";
import { jobIs, jobs } from "@/api/jobs";
import { newId } from "@/lib/id";
import { navigate, paths } from "@/lib/router";

export interface Wrong {
  /** By the name of a control, as the server names it. */
  fields: Readonly<Record<string, string>>;
  general: string | null;
}
const none: Wrong = { fields: {}, general: null };

export interface Wanted {
  kind: string;
  name: string;
  spec: Record<string, unknown>;
}

/**
 * Starts a job, once however often the button is pressed. What `ask` throws and what the server refuses stands at the
 * control of that name (the nearest one that there is), which gets the focus.
 */
export function useMake(ask: () => Wanted) {
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState(none);
  const running = useRef(false);
  const sent = useRef({ body: "", key: "" });

  const fail = (error: unknown, form: HTMLFormElement) => {
    const given = error instanceof ApiError ? Object.entries(error.fields) : [];
    const fields: Record<string, string> = {};
    let general: string | null = given.length === 0 ? explain(error) : null;
    let first: HTMLElement | null = null;
    for (const [name, sentence] of given) {
      const place = placeOf(form, name);
      if (place) {
        fields[place.name] ??= sentence;
        first ??= place.control;
      } else general ??= sentence;
    }
    // Where it is shown is known once it is: in the middle, clear of the foot that stands over the form's end.
    flushSync(() => setWrong({ fields, general }));
    first?.focus({ preventScroll: true });
    first?.scrollIntoView({ block: "center" });
  };

  const onSubmit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    if (running.current) return;
    running.current = true;
    setBusy(true);
    setWrong(none);
    const work = async () => {
      const { kind, name, spec } = ask();
      const body = JSON.stringify([kind, name, spec]);
      // The same wish again is the same job; another one is another.
      if (body !== sent.current.body) sent.current = { body, key: newId() };
      const made = await jobs.create(kind, name, spec, sent.current.key);
      jobIs(made);
      navigate(paths.job(made.id));
    };
    work()
      .catch((error: unknown) => fail(error, form))
      .finally(() => {
        running.current = false;
        setBusy(false);
      });
  };
  return { busy, wrong, formProps: { onSubmit, noValidate: true } };
}

/** The control that a field's name belongs to: `spec.template.user.0` is at home in `spec.template.user`. */
function placeOf(form: HTMLFormElement, field: string): { name: string; control: HTMLElement } | null {
  const parts = field.split(".");
  for (let length = parts.length; length > 0; length -= 1) {
    const name = parts.slice(0, length).join(".");
    const control = form.querySelector<HTMLElement>(`[name="${CSS.escape(name)}"]`);
    if (control) return { name, control };
  }
  return null;
}
