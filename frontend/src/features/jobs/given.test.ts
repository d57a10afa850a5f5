import { beforeAll, expect, test } from "vitest";
import { addWords, translate as t } from "@/lib/i18n";
import { given } from "./given";
import { sizeOf, tooLarge } from "./make/sizes";
import { aboutOf, asksModel } from "./words";

beforeAll(() =>
  addWords({
    jobs: { en: () => import("@/locales/en/jobs.json"), de: () => import("@/locales/de/jobs.json") },
  }),
);

test("a row of an import is known by its title, and never by where it lies in the file", () => {
  const place = { entry: "", at: 30, size: 1, line: 1, depth: 0, id: "", part: "", source: null };
  expect(given(t, { index: 0, input: { ...place, title: "Rain" } }, "import", [])).toBe("Rain");
  expect(given(t, { index: 29, input: { ...place, title: "" } }, "import", [])).toBe("Conversation 30");
  expect(given(t, { index: 1, input: { ...place, title: "", part: "templates" } }, "import", [])).toBe(
    "Part “templates”",
  );
  expect(given(t, { index: 0, input: { step: "usage" } }, "maintenance", [])).toBe("usage");
  expect(given(t, { index: 0, input: { a: "1", b: "2" } }, "batch", ["b", "a"])).toBe("2 · 1");
});

test("a job that nobody named is what it asks, on one short line", () => {
  const job = (spec: Record<string, unknown>, kind = "batch") => aboutOf(t, { name: "", kind, spec });
  expect(job({ template: { user: "Greet {{who}}\n warmly" } })).toBe("Batch, Greet {{who}} warmly");
  expect(job({ template: { slug: "reply", id: "1" } })).toBe("Batch, reply");
  expect(job({ question: "Why?" }, "research")).toBe("Research, Why?");
  expect(job({}, "export")).toBe("Export");
  expect(job({ template: { user: "x".repeat(300) } })).toHaveLength("Batch, ".length + 80);
  expect(["batch", "research", "import", "export", "maintenance"].filter(asksModel)).toEqual([
    "batch",
    "research",
  ]);
});

test("sizes are those that people know, and a file over the limit is refused with the limit", () => {
  expect([312, 4_100, 2_500_000].map(sizeOf)).toEqual(["312 B", "4.1 kB", "2.5 MB"]);
  const limits = { file: 100 * 1024 ** 2, imports: 500 * 1024 ** 2 };
  expect(tooLarge(t, 101 * 1024 ** 2, limits, true)).toBeNull();
  expect(tooLarge(t, 101 * 1024 ** 2, limits, false)).toContain("at most 100 MB; for imports 500 MB");
  expect(tooLarge(t, 101 * 1024 ** 2, null, false)).toBeNull();
});
