import { describe, expect, it } from "vitest";
import { place } from "./place";

const view = { width: 400, height: 600 };
const box = (left: number, top: number) => ({ left, top, right: left + 40, bottom: top + 20 });

describe("floating boxes", () => {
  it("stand under their anchor, and above it where there is no room", () => {
    const size = { width: 100, height: 200 };
    expect(place(box(20, 50), size, view)).toEqual({ left: 20, top: 74, side: "bottom" });
    expect(place(box(20, 500), size, view)).toEqual({ left: 20, top: 296, side: "top" });
  });

  it("never leave the window, however wide or tall", () => {
    for (const size of [
      { width: 100, height: 200 },
      { width: 390, height: 590 },
      { width: 900, height: 900 },
    ])
      for (const anchor of [box(0, 0), box(370, 580), box(180, 290)])
        for (const align of ["start", "center", "end"] as const) {
          const at = place(anchor, size, view, { align });
          expect(at.left).toBeGreaterThanOrEqual(8);
          expect(at.top).toBeGreaterThanOrEqual(8);
          if (size.width < 380) expect(at.left + size.width).toBeLessThanOrEqual(392);
        }
  });
});
