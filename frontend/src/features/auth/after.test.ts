import { describe, expect, it } from "vitest";
import { nextPath } from "./after";

describe("where a sign-in leads", () => {
  it("is where one was going", () => {
    expect(nextPath("?next=%2Fc%2F1")).toBe("/c/1");
    expect(nextPath("")).toBe("/");
  });

  it("is never another site", () => {
    for (const bad of ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
      expect(nextPath(`?next=${encodeURIComponent(bad)}`)).toBe("/");
  });
});
