import type { UsageGroup, UsageReport } from "@/api/usage";
import { formatNumber } from "@/lib/i18n";
import { money } from "@/lib/money";

export const ranges = ["7", "30", "90", "365"] as const;
export type Range = (typeof ranges)[number];
export const measures = ["cost", "tokens", "calls"] as const;
export type Measure = (typeof measures)[number];

const dayMs = 86_400_000;
export const isoDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** The last `days` days of UTC, today's among them. */
export function period(days: number, now = Date.now()): { from: string; to: string } {
  return { from: isoDay(now - (days - 1) * dayMs), to: isoDay(now) };
}

export const amount = (group: Pick<UsageGroup, "cost" | "calls" | "input_tokens" | "output_tokens">) => ({
  cost: group.cost,
  calls: group.calls,
  tokens: group.input_tokens + group.output_tokens,
});

/** All that it took has no price: what it cost is not known, rather than nothing. */
export const isUnpriced = ({ cost, unpriced }: Pick<UsageGroup, "cost" | "unpriced">): boolean =>
  cost === 0 && unpriced > 0;

/** Every day of a report in order, in seconds, with its value; 0 where nothing was used. */
export function series(report: UsageReport, measure: Measure): { days: number[]; values: number[] } {
  const known = new Map(report.items.map((item) => [item.day ?? "", amount(item)[measure]]));
  const days: number[] = [];
  for (let at = Date.parse(report.from); at <= Date.parse(report.to); at += dayMs) days.push(at / 1000);
  return { days, values: days.map((day) => known.get(isoDay(day * 1000)) ?? 0) };
}

export const short = (value: number): string =>
  formatNumber(value, { notation: value >= 10_000 ? "compact" : "standard", maximumFractionDigits: 1 });

/** A number in what it measures. */
export const shown = (value: number, measure: Measure | "requests"): string =>
  measure === "cost" ? money(value) : short(value);

export const seconds = (ms: number): string =>
  `${formatNumber(ms / 1000, { maximumFractionDigits: ms < 10_000 ? 2 : 0 })} s`;
