import { expect, test } from "vitest";
import { folded, type Line } from "./folds";

const same = (number: number): Line => ({ op: "same", old: number, new: number, spans: [] });
const added = (number: number): Line => ({ op: "added", old: null, new: number, spans: [] });
const shape = (lines: Line[]) => folded(lines).map((one) => [one.folded, one.lines.length]);
const run = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => same(from + at));

test("what is far from a change is folded, before, between and behind", () => {
  const lines = [...run(1, 10), added(11), ...run(12, 30), added(31), ...run(32, 40)];
  expect(shape(lines)).toEqual([
    [true, 7],
    [false, 7],
    [true, 13],
    [false, 7],
    [true, 6],
  ]);
  expect(folded(lines).flatMap((one) => one.lines)).toEqual(lines);
});

test("a single line is not worth a mark", () => {
  expect(shape([added(1), ...run(2, 5)])).toEqual([
    [false, 4],
    [false, 1],
  ]);
  expect(shape([added(1), ...run(2, 8), added(9)]).filter(([away]) => away)).toEqual([]);
});
