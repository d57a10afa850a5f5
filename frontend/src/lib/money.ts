import { formatNumber } from "./i18n";

/** US dollars; what is less than a cent is not shown as nothing. */
export function money(value: number): string {
  const digits = value > 0 && value < 0.01 ? 6 : 2;
  return formatNumber(value, { style: "currency", currency: "USD", maximumFractionDigits: digits });
}
