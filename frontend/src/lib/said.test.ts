import { afterAll, beforeAll, expect, test } from "vitest";
import { explain, fromProblem } from "@/api/errors";
import { setLocale } from "./i18n";
import { said, saidOf } from "./said";

beforeAll(() => setLocale("de", { keep: false }));
afterAll(() => setLocale("en", { keep: false }));

const refused = {
  code: "model_unavailable",
  message: "OpenAI refused the API key. An administrator can correct it. It said: bad key.",
  sentence: "provider_key",
  params: {
    provider: "OpenAI",
    said: { text: " It said: bad key.", sentence: "provider_said", params: { detail: "bad key" } },
  },
};

test("what the server names is said in the reader's language, with what stands in it", () => {
  expect(saidOf(refused)).toBe(
    "OpenAI hat den API-Schlüssel abgelehnt. Ihre Administration kann ihn berichtigen. Die Antwort: bad key",
  );
  const problem = { code: "conflict", detail: "x", sentence: "slug_taken", params: { slug: "a" } };
  const error = fromProblem(409, { ...problem, errors: [{ field: "slug", message: "x", ...problem }] });
  expect(explain(error)).toBe("Der Kurzname a ist nicht zu haben. Wählen Sie einen anderen.");
  expect(error.fields["slug"]).toBe(explain(error));
});

test("what has no name, or one that the page does not know, is told in the server's words", () => {
  expect(said({ text: "As it is." })).toBe("As it is.");
  expect(said({ text: "From tomorrow.", sentence: "of_tomorrow", params: {} })).toBe("From tomorrow.");
  expect(explain(fromProblem(409, { code: "conflict", detail: "As it is." }))).toBe("As it is.");
});
