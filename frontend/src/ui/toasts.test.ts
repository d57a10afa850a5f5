import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { act, expire, pauseToasts, resumeToasts, toast, useToasts } from "./toasts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  useToasts.getState().toasts.forEach(({ id }) => expire(id));
  vi.useRealTimers();
});
const shown = () => useToasts.getState().toasts;

describe("toasts with an undo", () => {
  it("make the thing real once, when they have passed", () => {
    const onExpire = vi.fn();
    toast({ text: "gone", action: { label: "Undo", run: vi.fn() }, onExpire });
    vi.advanceTimersByTime(7999);
    expect(onExpire).not.toHaveBeenCalled();
    vi.advanceTimersByTime(20_000);
    expect(onExpire).toHaveBeenCalledOnce();
    expect(shown()).toEqual([]);
  });

  it("never make it real after the undo", () => {
    const [run, onExpire] = [vi.fn(), vi.fn()];
    toast({ text: "gone", action: { label: "Undo", run }, onExpire });
    const id = shown()[0]?.id ?? 0;
    act(id);
    act(id);
    vi.advanceTimersByTime(60_000);
    window.dispatchEvent(new Event("pagehide"));
    expect(run).toHaveBeenCalledOnce();
    expect(onExpire).not.toHaveBeenCalled();
  });

  it("make it real when the page goes away, and when newer ones push them out", () => {
    const expired: string[] = [];
    for (const text of ["a", "b", "c", "d"]) toast({ text, onExpire: () => expired.push(text) });
    expect(expired).toEqual(["a"]);
    window.dispatchEvent(new Event("pagehide"));
    expect(expired).toEqual(["a", "b", "c", "d"]);
  });

  it("wait while someone reaches for them", () => {
    toast({ text: "read me" });
    pauseToasts();
    vi.advanceTimersByTime(60_000);
    expect(shown()).toHaveLength(1);
    resumeToasts();
    vi.advanceTimersByTime(4001);
    expect(shown()).toHaveLength(0);
  });
});
