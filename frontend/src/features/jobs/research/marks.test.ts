import { describe, expect, it } from "vitest";
import type { Citation, Source } from "@/api/research";
import { citationOf, linked, pieces } from "./marks";

const source = (number: number, url: string, title = `T${number}`) => ({ number, url, title }) as Source;
const citation = (number: number, of: number) => ({ number, source: of }) as Citation;
const sources = [
  source(1, "https://a.example/x#top"),
  source(2, "javascript:alert(1)"),
  source(3, "https://c.example/(b)", 'Say "hi"'),
];
const citations = [citation(1, 1), citation(2, 2), citation(3, 3)];
const link = (text: string) => linked(text, citations, sources);

describe("marks in a report", () => {
  it("lead to their source, and know which citation they are", () => {
    expect(link("So [1].")).toBe('So [\\[1\\]](<https://a.example/x#cite-1> "T1").');
    expect(citationOf("https://a.example/x#cite-1")).toBe(1);
    expect(citationOf("https://a.example/x#top")).toBeNull();
  });

  it("stay text where they cite nothing, are code, are links already, or lead nowhere safe", () => {
    for (const text of ["[9]", "[?]", "`a[1]`", "```\na[1]\n```", "[1](https://x.example)", "[2]"])
      expect(link(text)).toBe(text);
  });

  it("break out of nothing", () => {
    expect(link("[3]")).toBe('[\\[3\\]](<https://c.example/(b)#cite-3> "Say  hi ")');
  });
});

it("a stored text is cut where quotes begin and end, in characters as people count them", () => {
  expect(pieces("a😀bcd", [{ citation: 1, start: 1, end: 3 }])).toEqual([
    { text: "a", citations: [] },
    { text: "😀b", citations: [1] },
    { text: "cd", citations: [] },
  ]);
  const both = [
    { citation: 1, start: 0, end: 3 },
    { citation: 2, start: 2, end: 4 },
  ];
  expect(pieces("abcd", both).map(({ text, citations: of }) => [text, of])).toEqual([
    ["ab", [1]],
    ["c", [1, 2]],
    ["d", [2]],
  ]);
});
