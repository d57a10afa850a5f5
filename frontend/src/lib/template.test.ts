import { describe, expect, it } from "vitest";
import {
  fill,
  firstEntries,
  newVariable,
  pieces,
  placeholders,
  slipIn,
  valuesOf,
  type Variable,
  wordsOf,
  wrongWith,
} from "./template";

const variable = (name: string, more: Partial<Variable> = {}): Variable => ({
  ...newVariable(name),
  ...more,
});

describe("a template in the page", () => {
  it("fills placeholders once, and leaves other braces alone", () => {
    expect(fill("{{a}} {{ a }} \\{{a}} {{{b}} {{c}}", { a: "{{b}}", b: "x" })).toBe(
      "{{b}} {{b}} {{a}} {x {{c}}",
    );
    expect(placeholders("{{b}} {{a}}", "{{b}} \\{{no}} {{1x}}")).toEqual(["b", "a"]);
  });

  it("finds the first braces that are no placeholder, while they are typed", () => {
    expect(slipIn("Dear {{name}},\n \\{{x {{ bad")).toEqual({ kind: "open", line: 2, column: 7, found: "" });
    expect(slipIn("{{a b}} {{c")).toEqual({ kind: "wrong", line: 1, column: 1, found: "{{a b}}" });
    expect(slipIn("{{a}} {{ b\t}} } \\{{")).toBeNull();
  });

  it("shows the text with what is missing marked", () => {
    expect(pieces("Hi {{a}} {{ b }}\\{{", { a: "Bo" })).toEqual([
      { text: "Hi ", missing: false },
      { text: "Bo", missing: false },
      { text: " ", missing: false },
      { text: "{{ b }}", missing: true },
      { text: "{{", missing: false },
    ]);
  });

  it("sends JSON's own types and leaves out what is empty", () => {
    const all = [
      variable("n", { type: "number" }),
      variable("yes", { type: "boolean", default: true }),
      variable("t", { default: "d" }),
      variable("empty"),
    ];
    const entries = { ...firstEntries(all), n: "2.50", t: " " };
    expect(valuesOf(all, entries)).toEqual({ n: 2.5, yes: true });
    expect(wordsOf(all, entries)).toEqual({ n: "2.5", yes: "true", t: "d", empty: "" });
  });

  it.each([
    [variable("x"), " ", "required"],
    [variable("x", { default: "d" }), "", null],
    [variable("x", { required: false }), "", null],
    [variable("x", { type: "number" }), "five", "number"],
    [variable("x", { type: "number", whole: true }), "1.5", "whole"],
    [variable("x", { type: "number", min: 1 }), "0", "least"],
    [variable("x", { type: "number", max: 1 }), "2", "most"],
    [variable("x", { type: "date" }), "23.11.2026", "date"],
    [variable("x", { type: "date", latest: "2026-01-01" }), "2026-01-02", "latest"],
    [variable("x", { max_length: 3 }), "four", "long"],
    [variable("x", { type: "choice", choices: ["a"] }), "a", null],
  ] as const)("says what is wrong with an entry", (one, entry, wrong) => {
    expect(wrongWith(one, entry)).toBe(wrong);
  });
});
