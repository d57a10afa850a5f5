import { formatNumber } from "./i18n";

const dollars = (value: number, least: number, most: number): string =>
  formatNumber(value, {
    style: "currency",
    currency: "USD",
    minimumFractionDigits: least,
    maximumFractionDigits: most,
  });

/** US dollars; what is less than a cent is not shown as nothing. */
export function money(value: number): string {
  return dollars(value, 2, value > 0 && value < 0.01 ? 6 : 2);
}

/** The same for the values of one column: as many decimals in each as the smallest of them needs. */
export function moneyColumn(values: readonly number[]): (value: number) => string {
  const smallest = Math.min(...values.filter((value) => value > 0));
  const digits = smallest < 0.01 ? Math.min(6, 1 - Math.floor(Math.log10(smallest))) : 2;
  return (value) => dollars(value, digits, digits);
}
