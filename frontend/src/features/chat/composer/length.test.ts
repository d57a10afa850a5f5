import { expect, it } from "vitest";
import { MOST_CHARS, tooMany } from "./length";

it("counts characters, not the units they are made of", () => {
  expect(tooMany("a".repeat(MOST_CHARS))).toBeNull();
  expect(tooMany("🦀".repeat(MOST_CHARS))).toBeNull();
  expect(tooMany("🦀".repeat(MOST_CHARS + 1))).toBe(MOST_CHARS + 1);
});
