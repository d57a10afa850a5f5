import { expect, test } from "vitest";
import { translate as t } from "@/lib/i18n";
import { toolTitle } from "./Steps";

const part = (call: object) => ({ kind: "tool", text: JSON.stringify(call), done: true });

test("nothing is said to be used that has not run", () => {
  const call = { id: "c", name: "nope_tool", arguments: "{}" };
  expect(toolTitle(t, part(call))).toBe("Asked for nope_tool");
  const told = { ...call, result: "There is no tool of that name; there are web_search.", failed: true };
  expect(toolTitle(t, part({ ...told, unknown: true }))).toBe(
    "The model asked for a tool that is not there: nope_tool",
  );
  expect(toolTitle(t, part({ ...call, result: "7" }))).toBe("Used nope_tool");
});
