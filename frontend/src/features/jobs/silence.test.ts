import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { fallen, silence } from "./silence";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const told = (rate: number, seconds: number, status: "running" | "paused" = "running") => {
  const heard = Date.now();
  vi.advanceTimersByTime(seconds * 1000);
  return silence({ status, rate }, heard);
};

it("says how long nothing came once that is strange for the job's rate, and never of one that stands", () => {
  expect(told(5, 4)).toBeNull();
  expect(told(5, 12.5)).toBe(12);
  expect(told(0.1, 12)).toBeNull();
  expect(told(0.1, 31)).toBe(31);
  expect(told(0, 9)).toBeNull();
  expect(told(0, 11)).toBe(11);
  expect(told(5, 60, "paused")).toBeNull();
  expect(silence({ status: "running", rate: 5 }, null)).toBeNull();
});

it("lets the rate fall with the silence, to nothing once its window is over", () => {
  expect(fallen(5, null)).toBe(5);
  expect(fallen(5, 6)).toBe(2);
  expect(fallen(5, 16)).toBe(0);
});
