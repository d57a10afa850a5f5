import { describe, expect, it } from "vitest";
import { countLines, estimate, variablesOf } from "./estimate";

const model = { name: "mock", input_price: "3", output_price: "10" };

describe("an estimate", () => {
  it("is reckoned as the server sets money aside", () => {
    // 290 characters and 10 tokens more in, 1,000 tokens out.
    const found = estimate({
      models: [model],
      texts: ["", `${"x".repeat(287)}{{a}}`],
      rows: 100,
      samples: [{ a: "abc" }],
      maxTokens: null,
    });
    expect(found.row).toBeCloseTo(((290 / 3 + 10) * 3 + 1000 * 10) / 1e6);
    expect(found.all).toBeCloseTo((found.row ?? 0) * 100);
  });

  it("says which models it leaves out", () => {
    const unknown = { name: "new", input_price: null, output_price: null };
    const asked = { texts: ["x"], rows: null, samples: [], maxTokens: 10 };
    expect(estimate({ models: [model, unknown], ...asked })).toMatchObject({ all: null, unknown: ["new"] });
    expect(estimate({ models: [unknown], ...asked }).row).toBeNull();
  });
});

it("variables are found once each, in their order", () => {
  expect(variablesOf("{{b}} {{ a }}", "{{a}} {{Full name}} {{}}")).toEqual(["b", "a", "Full name"]);
});

it("lines with something in them are counted", async () => {
  const blob = { stream: () => new Response("a,b\r\n1,2\r\n\r\n3,4").body } as unknown as Blob;
  expect(await countLines(blob)).toBe(3);
});
