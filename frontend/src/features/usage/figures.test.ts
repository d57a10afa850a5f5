import { describe, expect, it } from "vitest";
import type { UsageReport } from "@/api/usage";
import { money, moneyColumn } from "@/lib/money";
import { isUnpriced, period, series, short } from "./figures";

const report = (items: object[]) =>
  ({ from: "2026-02-27", to: "2026-03-02", items }) as unknown as UsageReport;

describe("figures", () => {
  it("have every day of the period, also those without use", () => {
    const { days, values } = series(
      report([
        { day: "2026-02-28", cost: 2, calls: 1, input_tokens: 3, output_tokens: 4 },
        { day: "2026-03-02", cost: 1, calls: 5, input_tokens: 0, output_tokens: 9 },
      ]),
      "tokens",
    );
    expect(days).toHaveLength(4);
    expect(days[0]).toBe(Date.parse("2026-02-27") / 1000);
    expect(values).toEqual([0, 7, 0, 9]);
  });

  it("begin as many days ago as are asked for, by UTC", () => {
    const now = Date.parse("2026-03-01T23:30:00Z");
    expect(period(7, now)).toEqual({ from: "2026-02-23", to: "2026-03-01" });
    expect(period(1, now)).toEqual({ from: "2026-03-01", to: "2026-03-01" });
  });

  it("do not show a part of a cent as nothing", () => {
    expect(money(0.000123)).toContain("0.000123");
    expect(money(0)).toContain("0.00");
    expect(money(1234.5)).toContain("1,234.50");
    const column = moneyColumn([12.3, 0.0075, 0]);
    expect([12.3, 0.0075, 0].map(column)).toEqual(["$12.3000", "$0.0075", "$0.0000"]);
    expect(moneyColumn([12.3, 0])(12.3)).toBe("$12.30");
    expect(moneyColumn([])(0)).toBe("$0.00");
    expect(isUnpriced({ cost: 0, unpriced: 2 })).toBe(true);
    expect(isUnpriced({ cost: 0, unpriced: 0 })).toBe(false);
    expect(isUnpriced({ cost: 0.1, unpriced: 2 })).toBe(false);
    expect(short(1_234_567)).toBe("1.2M");
    expect(short(9_999)).toBe("9,999");
  });
});
