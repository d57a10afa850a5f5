import { expect, test } from "vitest";
import { translate as t } from "@/lib/i18n";
import { newVariable } from "@/lib/template";
import { explainWrong } from "./VariableFields";

test("a limit is said with its number", () => {
  const name = newVariable("name");
  expect(explainWrong(t, "long", { ...name, max_length: 20 })).toBe("At most 20 characters are allowed.");
  expect(explainWrong(t, "long", name)).toBe("At most 10,000 characters are allowed.");
  expect(explainWrong(t, "most", { ...name, max: 5 })).toBe("At most 5 is allowed.");
  expect(explainWrong(t, "earliest", { ...name, earliest: "2026-01-01" })).toBe("Not before 2026-01-01.");
});
