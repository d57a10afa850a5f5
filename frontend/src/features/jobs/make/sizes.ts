import { kindsKnown, useKinds } from "@/api/jobs";
import { formatNumber, type T } from "@/lib/i18n";

const MIB = 1024 * 1024;

/** Bytes of a file that this site takes, and of an export of conversations. */
export interface Limits {
  file: number;
  imports: number;
}

/** "312 B", "4.1 kB", "100 MB". */
export function sizeOf(bytes: number): string {
  if (bytes < 1e3) return `${formatNumber(bytes)} B`;
  const unit = bytes < 1e6 ? "kilobyte" : "megabyte";
  const value = bytes / (bytes < 1e6 ? 1e3 : 1e6);
  return formatNumber(value, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 1 });
}

/** The largest file, as people say it. */
export const limitOf = (bytes: number): string =>
  formatNumber(Math.floor(bytes / MIB), { style: "unit", unit: "megabyte", unitDisplay: "short" });

const STANDARD: Limits = { file: 100 * MIB, imports: 500 * MIB };

/** What this site takes; until that is known, what sites take that were not told otherwise. */
export function useLimits(): Limits {
  const { data } = useKinds();
  return data ? { file: data.max_file, imports: data.max_import } : STANDARD;
}

/** The same, waited for; null where it can't be known now. */
export const limitsKnown = (): Promise<Limits | null> =>
  kindsKnown().then(
    (data) => ({ file: data.max_file, imports: data.max_import }),
    () => null,
  );

/** Why a file of that size need not be sent at all; null where it may be. */
export function tooLarge(t: T, size: number, limits: Limits | null, isImport: boolean): string | null {
  if (!limits || size <= (isImport ? limits.imports : limits.file)) return null;
  const [most, imports] = [limitOf(limits.file), limitOf(limits.imports)];
  return t("jobs.file_too_large", { size: sizeOf(size), most, imports });
}
