import { afterAll, beforeAll, expect, test } from "vitest";
import { addWords, setLocale, translate as t } from "@/lib/i18n";
import { errorSaid, problemSaid, said, stepSaid } from "./said";

beforeAll(async () => {
  await addWords({
    jobs: { en: () => import("@/locales/en/jobs.json"), de: () => import("@/locales/de/jobs.json") },
  });
  await setLocale("de", { keep: false });
});
afterAll(() => setLocale("en", { keep: false }));

test("a sentence with a name is said in the reader's language, with its numbers and what stands in it", () => {
  const line = { text: "2 rows are done again.", sentence: "rows_again", params: { count: 2 } };
  expect(said(t, line)).toBe("2 Zeilen werden noch einmal gemacht.");
  expect(said(t, { ...line, params: { count: 1 } })).toBe("1 Zeile wird noch einmal gemacht.");
  const error = {
    code: "internal",
    message: "Every row failed. The first: It took too long.",
    sentence: "every_row_failed",
    params: { reason: { text: "It took too long.", sentence: "too_long", params: {} } },
  };
  expect(errorSaid(t, error)).toBe("Jede Zeile ist misslungen. Die erste: Es dauerte zu lange.");
  const step = { step: "Reading a", step_said: { sentence: "reading", params: { url: "a" } } };
  expect(stepSaid(t, step)).toBe("Liest a");
});

test("what has no name, or one that the page does not know, is told in the server's words", () => {
  expect(said(t, { text: "The model said no." })).toBe("The model said no.");
  expect(said(t, { text: "From a newer server.", sentence: "of_tomorrow" })).toBe("From a newer server.");
  expect(stepSaid(t, { step: "", step_said: null })).toBe("");
  expect(errorSaid(t, null)).toBe("");
});

test("what is wrong with a table is said in the reader's language, with its line", () => {
  const reason = "There are 3 cells; the header has 2 columns.";
  const named = { sentence: "cells", params: { count: 3, columns: 2 } };
  expect(problemSaid(t, { line: 3, reason, said: named })).toBe(
    "Zeile 3: Es sind 3 Zellen; die Kopfzeile hat 2 Spalten.",
  );
  expect(problemSaid(t, { line: 3, reason, said: { ...named, params: { count: 1, columns: 2 } } })).toBe(
    "Zeile 3: Es ist 1 Zelle; die Kopfzeile hat 2 Spalten.",
  );
  expect(problemSaid(t, { line: null, reason: "Whatever.", said: null })).toBe("Whatever.");
});

test("a cell that does not fit its field is said with the field's own name", () => {
  const message = "Count: a number is needed, not “x”.";
  const why = { text: "a number is needed, not “x”.", sentence: "unfit_number", params: { value: "“x”" } };
  const error = { code: "bad_request", message, sentence: "unfit", params: { name: "Count", reason: why } };
  expect(errorSaid(t, error)).toBe("Count: eine Zahl wird gebraucht, nicht “x”.");
});
