import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Job } from "@/api/jobs";
import type { Json } from "@/realtime/index";
import { JobFollow, merged } from "./follow";

const snapshot = {
  status: "running",
  reason: "",
  error: null,
  wanted: "",
  done: 0,
  failed: 0,
  total: 10_000,
  rate: 0,
  eta_s: null,
  cost: 0,
  step: "",
  log: [{ level: "info", text: "Begun." }],
};

function followed(again: (id: string) => unknown = () => undefined) {
  const follow = new JobFollow("1", again);
  let offset = 10;
  follow.handlers.snapshot(snapshot, { epoch: "e", offset });
  vi.runAllTimers();
  const tell = (type: string, data: Json) =>
    follow.handlers.event({ topic: "job.1", type, data, position: { epoch: "e", offset: (offset += 1) } });
  return { follow, tell };
}

const progress = (done: number, failed = 0) => ({
  done,
  failed,
  total: 10_000,
  rate: 300,
  eta_s: 1,
  cost: done / 100,
  step: "",
});

const job = (offset: number, more: Partial<Job> = {}): Job =>
  ({ ...snapshot, id: "1", kind: "batch", position: { epoch: "e", offset }, ...more }) as unknown as Job;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a job that is followed", () => {
  it("is drawn ten times a second at most, however many events come, and ends at the last of them", () => {
    const { follow, tell } = followed();
    const draw = vi.fn();
    follow.subscribe(draw);
    for (let row = 0; row < 10_000; row += 1) {
      tell("row", { index: row, status: "done", output: "ok" });
      if (row % 30 === 29) tell("progress", progress(row + 1));
      if (row % 10 === 9) vi.advanceTimersByTime(10);
    }
    vi.runAllTimers();
    // 10,000 rows in ten seconds.
    expect(draw.mock.calls.length).toBeLessThanOrEqual(101);
    expect(draw.mock.calls.length).toBeGreaterThan(50);
    expect(follow.get().live).toMatchObject({ done: 9_990, total: 10_000 });
  });

  it("counts nothing twice: counts come whole, and rows do not add to them", () => {
    const { follow, tell } = followed();
    tell("progress", progress(5, 1));
    tell("row", { index: 3, status: "done" });
    tell("row", { index: 3, status: "done" });
    tell("progress", progress(6, 1));
    vi.runAllTimers();
    expect(follow.get().live).toMatchObject({ done: 6, failed: 1 });
  });

  it("begins anew at a snapshot, and tells who shows rows that theirs are old", () => {
    const { follow, tell } = followed();
    const reset = vi.fn();
    const row = vi.fn();
    follow.listen({ row, reset });
    tell("log", { level: "info", text: "Half of it." });
    follow.handlers.snapshot({ ...snapshot, done: 7_000, log: [] }, { epoch: "f", offset: 1 });
    vi.runAllTimers();
    expect(follow.get()).toMatchObject({ live: { done: 7_000 }, log: [], at: { epoch: "f", offset: 1 } });
    expect(reset).toHaveBeenCalledTimes(1);
    expect(row).not.toHaveBeenCalled();
  });

  it("asks for the rest of the job when its status changes", () => {
    const again = vi.fn();
    const { follow, tell } = followed(again);
    again.mockClear();
    tell("status", { status: "done", reason: "" });
    vi.runAllTimers();
    expect(again).toHaveBeenCalledWith("1");
    expect(follow.get().live).toMatchObject({ status: "done", rate: 0, eta_s: null });
  });

  it("tells tokens as they are paid for, and knows when it was told something last", () => {
    const { follow, tell } = followed();
    const begun = follow.get().heard;
    vi.advanceTimersByTime(3_000);
    expect(follow.get().heard).toBe(begun);
    tell("progress", { ...progress(50), input_tokens: 700, output_tokens: 90 });
    vi.runAllTimers();
    expect(merged(job(3), follow.get())).toMatchObject({ input_tokens: 700, output_tokens: 90 });
    expect(Number(follow.get().heard) - Number(begun)).toBeGreaterThanOrEqual(3_000);
  });

  it("is brought up to whatever is newer: what was read, or what was told since", () => {
    const { follow, tell } = followed();
    tell("progress", progress(50));
    vi.runAllTimers();
    expect(merged(job(3), follow.get()).done).toBe(50);
    expect(merged(job(99, { done: 80 }), follow.get()).done).toBe(80);
    expect(merged(job(3, { wanted: "pause" }), follow.get()).wanted).toBe("pause");
    tell("status", { status: "paused", reason: "" });
    vi.runAllTimers();
    expect(merged(job(3, { wanted: "pause" }), follow.get())).toMatchObject({ wanted: "", status: "paused" });
  });
});
