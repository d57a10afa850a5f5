import { expect, it } from "vitest";
import type { Part } from "@/realtime/index";
import type { Model } from "../models";
import { spentSoFar } from "./LiveCost";

const model: Model = {
  name: "m",
  label: "M",
  provider: "p",
  default: true,
  context: null,
  continuation: "none",
  output_price: "10.000000",
};
const parts = [{ kind: "text", text: "x".repeat(400), done: false } as Part];

it("reckons by the text until the provider counts", () => {
  expect(spentSoFar({ usage: null, parts }, model)).toEqual({ tokens: 100, cost: 0.001, counted: false });
  const usage = { input_tokens: 5, output_tokens: 7, cost: 0.25 };
  expect(spentSoFar({ usage, parts }, model)).toEqual({ tokens: 7, cost: 0.25, counted: true });
});

it("says nothing where there is nothing to say", () => {
  expect(spentSoFar({ usage: null, parts: [] }, model)).toBeNull();
  expect(spentSoFar({ usage: null, parts }, { ...model, output_price: null })).toBeNull();
  expect(spentSoFar({ usage: null, parts }, undefined)).toBeNull();
  expect(spentSoFar({ usage: { input_tokens: 5, output_tokens: 7, cost: 0 }, parts }, model)).toBeNull();
});
