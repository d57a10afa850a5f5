import { describe, expect, it } from "vitest";
import { rank } from "./search";

const titles = ["Sorting algorithms", "New chat", "Notes on chat", "Open settings", "Attach a file"];
const find = (typed: string) => rank(titles, (title) => title, typed);

describe("the palette's ranking", () => {
  it("puts what begins with the words first, then words inside, then parts of words", () => {
    expect(find("no")).toEqual(["Notes on chat"]);
    expect(find("chat")).toEqual(["New chat", "Notes on chat"]);
    expect(find("tach")).toEqual(["Attach a file"]);
  });

  it("knows abbreviations and case, and finds nothing for noise", () => {
    expect(find("NC")[0]).toBe("New chat");
    expect(find("zzz")).toEqual([]);
  });

  it("keeps the order while nothing is typed", () => {
    expect(find("")).toEqual(titles);
  });
});
