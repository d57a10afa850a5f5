import { expect, it } from "vitest";
import { highlight, prepare } from "./highlight";
import { grammarFor, languageName, loaders } from "./languages";

it("colours code without changing a character, line by line", async () => {
  const code = 'def f(x):\n    """two\n    lines"""\n    return x + 1  # done\n\n<script>alert(1)</script>';
  const grammar = await prepare("py");
  expect(grammar).toBe("python");
  const lines = highlight(code, "python");
  expect(lines.map((line) => line.map(([, text]) => text).join("")).join("\n")).toBe(code);
  expect(lines[0]).toContainEqual(["keyword", "def"]);
  expect(lines[3]?.some(([scope, text]) => scope === "comment" && text === "# done")).toBe(true);
});

it("knows no language by a name from the prototype", () => {
  expect(grammarFor("constructor")).toBeNull();
  expect(grammarFor("__proto__")).toBeNull();
  expect(grammarFor("TSX")).toBe("typescript");
  expect(languageName("c++")).toBe("C++");
  expect(languageName("text")).toBe("");
});

it("loads every grammar that it offers", async () => {
  for (const name of Object.keys(loaders)) await expect(prepare(name)).resolves.toBe(name);
});
