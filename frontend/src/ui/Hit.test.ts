import { describe, expect, it } from "vitest";
import { split } from "./Hit";

describe("the words that a search found", () => {
  it("are those that begin like a word of the query, in any case", () => {
    expect(split("Der Kolibri, kolibrigleich; Unkolibri", "KOLIB der")).toEqual([
      "",
      "Der",
      " ",
      "Kolib",
      "ri, ",
      "kolib",
      "rigleich; Unkolibri",
    ]);
  });

  it("are none in a query without words", () => {
    expect(split("a.*b", ".*")).toEqual(["a.*b"]);
  });
});
