import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { setConnection, useConnection } from "@/lib/connection";
import { awayAfter, backFor, useLineNote } from "./useLineNote";

beforeEach(() => {
  vi.useFakeTimers();
  useConnection.setState({ status: "live" });
});
afterEach(() => void vi.useRealTimers());
const become = (status: "connecting" | "live" | "away") => act(() => setConnection(status));
const wait = (ms: number) => act(() => void vi.advanceTimersByTime(ms));

describe("the note about the line", () => {
  it("says nothing of a break under two seconds", () => {
    const { result } = renderHook(useLineNote);
    become("away");
    wait(awayAfter - 1);
    become("live");
    wait(60_000);
    expect(result.current).toBeNull();
  });

  it("counts from the first word of the break, however often the client tries", () => {
    const { result } = renderHook(useLineNote);
    become("away");
    wait(1200);
    become("connecting");
    wait(900);
    expect(result.current).toBe("away");
  });

  it("says that all is caught up, and then nothing", () => {
    const { result } = renderHook(useLineNote);
    become("away");
    wait(awayAfter);
    become("live");
    expect(result.current).toBe("back");
    wait(backFor);
    expect(result.current).toBeNull();
  });

  it("tells a second break right after the first", () => {
    const { result } = renderHook(useLineNote);
    become("away");
    wait(awayAfter);
    become("live");
    become("away");
    wait(awayAfter);
    expect(result.current).toBe("away");
    wait(backFor * 4);
    expect(result.current).toBe("away");
  });
});
