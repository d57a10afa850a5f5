import type { FormErrors } from "@/lib/useForm";
import { ApiError, explain } from "./errors";

/** An API error as a form shows it: at its fields where it names some the form has, else as a whole. */
export function formErrors(names: string[]): (error: unknown) => FormErrors {
  return (error) => {
    const given = error instanceof ApiError ? error.fields : {};
    const fields = Object.fromEntries(Object.entries(given).filter(([name]) => names.includes(name)));
    const elsewhere = Object.entries(given).filter(([name]) => !names.includes(name));
    if (Object.keys(fields).length > 0) return { general: null, fields };
    return { general: elsewhere[0]?.[1] ?? explain(error), fields: {} };
  };
}
