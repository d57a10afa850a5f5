import { ApiError } from "@/api/errors";
import { translate } from "@/lib/i18n";

/** A number as people write it, with a point or a comma; null for nothing, NaN for anything else. */
export function decimal(text: string): number | null {
  const given = text.trim().replace(",", ".");
  return given === "" ? null : Number(given);
}

/** The error of a field, as the server would tell it. */
export const wrongField = (name: string, sentence: string): ApiError =>
  new ApiError("bad_request", sentence, { fields: { [name]: sentence } });

/** An amount of money above nothing, or none. Throws what a form shows at the field. */
export function amountOf(text: string, field: string): number | null {
  const value = decimal(text);
  if (value !== null && !(value > 0)) throw wrongField(field, translate("jobs.need_amount"));
  return value;
}
