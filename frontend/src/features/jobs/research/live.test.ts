import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { LiveResearch } from "./live";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.runAllTimers();
  vi.useRealTimers();
});

it("steps stand there while they are done, and what they found is read once a second at most", () => {
  const again = vi.fn();
  const live = new LiveResearch(again);
  live.other({ type: "search", data: { row: 1, state: "begun", query: "rivers" } });
  live.other({ type: "read", data: { row: 2, state: "begun", url: "https://a.example" } });
  vi.advanceTimersByTime(200);
  expect(live.get().doing.map(({ what }) => what)).toEqual(["rivers", "https://a.example"]);
  for (const row of [1, 2]) live.other({ type: "read", data: { row, state: "done" } });
  vi.advanceTimersByTime(1_000);
  expect(live.get().doing).toEqual([]);
  expect(again).toHaveBeenCalledTimes(1);
});

it("the report grows as it is written, anew from its start, and never with a hole", () => {
  const live = new LiveResearch(() => undefined);
  const write = (offset: number, text: string) =>
    live.other({ type: "write", data: { row: 5, state: "writing", offset, text } });
  const text = () => {
    vi.advanceTimersByTime(100);
    return live.get().text;
  };
  write(4, "came late");
  expect(text()).toBeNull();
  write(0, "a😀");
  write(2, "b");
  write(2, "b");
  expect(text()).toBe("a😀b");
  write(9, "after a hole");
  expect(text()).toBeNull();
  write(0, "Again");
  expect(text()).toBe("Again");
});
