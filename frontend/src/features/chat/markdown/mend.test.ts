import { expect, it } from "vitest";
import { mend } from "./mend";

it.each([
  ["a **bol", "a **bol**"],
  ["a **", "a "],
  ["a *it", "a *it*"],
  ["a ***both", "a ***both***"],
  ["**bold and *it", "**bold and *it***"],
  ["**done** and", "**done** and"],
  ["~~gone", "~~gone~~"],
  ["run `npm i", "run `npm i`"],
  ["run `", "run "],
  ["2 * 3 and 4", "2 * 3 and 4"],
  ["see [the do", "see the do"],
  ["see [the docs](https://exa", "see the docs"],
  ["see [the docs](https://x.org)", "see [the docs](https://x.org)"],
  ["![pic](https://x", ""],
  ["`a[0` and **b", "`a[0` and **b**"],
  ["code `**` and", "code `**` and"],
  ["- one\n- **two", "- one\n- **two**"],
  ["Here:\n-", "Here:\n"],
  ["Title\n==", "Title\n"],
  ["text <sp", "text "],
  ["a < b", "a < b"],
  ["| a | b", "| a | b\n| --- | --- |\n"],
  ["| a | b |\n|--", "| a | b |\n| --- | --- |\n"],
  ["| a |\n|---|\n| **x", "| a |\n|---|\n| **x**"],
])("shows %j as %j", (raw, shown) => {
  expect(mend(raw, "paragraph")).toBe(shown);
});

it("leaves code and formulas alone", () => {
  expect(mend("```\n**", "code")).toBe("```\n**");
  expect(mend("$$\n**", "formulaBlock")).toBe("$$\n**");
});
