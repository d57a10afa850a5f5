import { expect, test } from "vitest";
import { isUnbroken } from "./unbroken";

test("a long word is known from long texts of short ones", () => {
  expect(isUnbroken("а".repeat(2_000))).toBe(true);
  expect(isUnbroken(`${"word ".repeat(1_000)}${"а".repeat(2_000)} end`)).toBe(true);
  expect(isUnbroken("а".repeat(1_999))).toBe(false);
  expect(isUnbroken(`${"а".repeat(1_999)}\n`.repeat(500))).toBe(false);
});
