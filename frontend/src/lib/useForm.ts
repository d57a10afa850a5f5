import { type SyntheticEvent, useRef, useState } from "react";

export interface FormErrors {
  /** Wrong with the whole; shown above the button. */
  general: string | null;
  /** By the field's name; shown under it. */
  fields: Record<string, string>;
}

const none: FormErrors = { general: null, fields: {} };

/**
 * One submission at a time. `work` gets the form's values; what it throws is turned into errors by `read`, and the first
 * field with one gets the focus. `required` fields are looked at before anything is sent.
 */
export function useForm({
  required,
  missing,
  work,
  read,
}: {
  required: string[];
  missing: string;
  work: (values: Record<string, string>, form: HTMLFormElement) => Promise<void>;
  read: (error: unknown) => FormErrors;
}) {
  const [busy, setBusy] = useState(false);
  const [errors, setErrors] = useState(none);
  const running = useRef(false);

  const fail = (next: FormErrors, form: HTMLFormElement) => {
    setErrors(next);
    const first = [...form.elements].find(
      (element) => element instanceof HTMLInputElement && next.fields[element.name],
    );
    if (first instanceof HTMLInputElement) first.focus();
  };

  const onSubmit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    if (running.current) return;
    const values = Object.fromEntries(
      [...new FormData(form)].map(([name, value]) => [name, typeof value === "string" ? value : ""]),
    );
    const empty = required.filter((name) => !values[name]?.trim());
    if (empty.length > 0) {
      fail({ general: null, fields: Object.fromEntries(empty.map((name) => [name, missing])) }, form);
      return;
    }
    running.current = true;
    setBusy(true);
    setErrors(none);
    work(values, form)
      .catch((error: unknown) => fail(read(error), form))
      .finally(() => {
        running.current = false;
        setBusy(false);
      });
  };
  return { busy, errors, formProps: { onSubmit, noValidate: true } };
}
