import { describe, expect, it } from "vitest";
import type { Part } from "@/realtime/index";
import { citedIn, queryOf, readCall, sourcesOf } from "./call";

const source = (number: number, url: string) => ({ number, url, title: `T${number}`, snippet: "" });
const part = (kind: string, call: object | string, extra: object = {}): Part => ({
  kind,
  text: typeof call === "string" ? call : JSON.stringify(call),
  done: true,
  ...extra,
});
const search = part(
  "search",
  { id: "c", name: "web_search", arguments: '{"query":"Nile"}', step: 1, result: "[1]", ms: 40 },
  { items: [source(1, "https://a.example/x"), source(2, "javascript:alert(1)")] },
);
const page = part("tool", {
  id: "d",
  name: "read_page",
  arguments: "{}",
  result: "",
  failed: true,
  sources: [source(3, "https://www.b.example/")],
});

describe("a call", () => {
  it("is read from its part, while it is still being written too", () => {
    expect(readCall(search)).toMatchObject({ name: "web_search", result: "[1]", failed: false, ms: 40 });
    expect(queryOf(search)).toBe("Nile");
    expect(readCall(page)).toMatchObject({ result: "", failed: true });
    expect(readCall(part("tool", '{"id":"c","name":"look","argum'))).toMatchObject({
      name: "look",
      result: null,
    });
    expect(readCall(part("tool", "[1]")).name).toBe("");
  });

  it("has sources that lead to the web alone", () => {
    expect([...sourcesOf([search, page]).values()].map(({ number, host }) => [number, host])).toEqual([
      [1, "a.example"],
      [3, "b.example"],
    ]);
  });

  it("gives the same sources while nothing was added", () => {
    const before = sourcesOf([search, page]);
    expect(sourcesOf([part("text", "It"), search, page])).toBe(before);
    expect(sourcesOf([search, { ...page }])).not.toBe(before);
  });

  it("is a source under the answer where it is cited, or where nothing is", () => {
    const sources = sourcesOf([search, page]);
    expect(citedIn("So it is [3, 9].", sources).map(({ number }) => number)).toEqual([3]);
    expect(citedIn("So it is.", sources).map(({ number }) => number)).toEqual([1, 3]);
  });
});
