import { expect, it } from "vitest";
import { afterEvent, fromSnapshot, isTerminal, newGeneration, textOf } from "./generation.js";

const play = (...events: [string, object][]) =>
  events.reduce(
    (state, [type, data]) => afterEvent(state, { type, data: data as Record<string, unknown> }),
    newGeneration,
  );

it("builds an answer of reasoning, search and text, and closes every part at the end", () => {
  const state = play(
    ["created", { model: "m" }],
    ["started", { model: "m", provider: "p" }],
    ["part.added", { part: 0, kind: "reasoning" }],
    ["part.delta", { part: 0, text: "hm" }],
    ["part.done", { part: 0 }],
    ["part.added", { part: 1, kind: "search" }],
    ["search.started", { part: 1, query: "q" }],
    ["search.results", { part: 1, items: [{ title: "t" }] }],
    ["part.added", { part: 2, kind: "text" }],
    ["part.delta", { part: 2, text: "Hello" }],
    ["part.delta", { part: 2, text: " there" }],
    ["usage", { input_tokens: 3, output_tokens: 2, cost: 0.1 }],
    ["done", { finish_reason: "stop" }],
  );
  expect(state.parts.map((part) => [part.kind, part.done])).toEqual([
    ["reasoning", true],
    ["search", true],
    ["text", true],
  ]);
  expect(state.parts[1]).toMatchObject({ query: "q", items: [{ title: "t" }] });
  expect(textOf(state.parts)).toBe("Hello there");
  expect(state).toMatchObject({ status: "done", finishReason: "stop", provider: "p", usage: { cost: 0.1 } });
});

it("a reset replaces all that was shown", () => {
  const state = play(
    ["part.added", { part: 0, kind: "text" }],
    ["part.delta", { part: 0, text: "wrong" }],
    ["reset", { status: "running", parts: [{ kind: "text", text: "right" }], usage: null }],
    ["part.delta", { part: 0, text: "!" }],
  );
  expect(textOf(state.parts)).toBe("right!");
});

it("says how it was resumed, and why it ended", () => {
  expect(play(["resumed", { attempt: 2, exact: false }])).toMatchObject({
    attempt: 2,
    resumed: { exact: false },
  });
  expect(play(["error", { code: "provider_error", message: "No." }])).toMatchObject({
    status: "error",
    failure: { code: "provider_error", message: "No." },
  });
  expect(play(["incomplete", { reason: "stalled" }])).toMatchObject({
    status: "incomplete",
    finishReason: "stalled",
  });
  expect(["done", "incomplete", "error", "cancelled"].every(isTerminal)).toBe(true);
});

it("says its place in line until it is asked", () => {
  const waits = play(["created", { model: "a" }], ["queued", { place: 3 }], ["queued", { place: 1 }]);
  expect(waits).toMatchObject({ status: "queued", place: 1 });
  expect(fromSnapshot({ status: "queued", place: 2 })).toMatchObject({ status: "queued", place: 2 });
  const asked = afterEvent(waits, { type: "started", data: { model: "a", provider: "p" } });
  expect(asked).toMatchObject({ status: "running", place: null });
  expect(afterEvent(waits, { type: "cancelled", data: {} }).place).toBeNull();
});

it("knows which models were given up, and where", () => {
  const silent = [{ model: "a", provider: "p", code: "rate_limited" }];
  const declared = [{ model: "b", provider: "q", code: "provider_error" }];
  const state = play(
    ["started", { model: "b", provider: "q", instead_of: silent }],
    ["part.added", { part: 0, kind: "text" }],
    ["part.delta", { part: 0, text: "a 𝄞" }],
    ["resumed", { attempt: 1, exact: true }],
    ["started", { model: "c", provider: "r", instead_of: declared }],
  );
  expect(state).toMatchObject({ model: "c", provider: "r", resumed: { exact: true } });
  const known = [
    { ...silent[0], at: 0 },
    { ...declared[0], at: 3 },
  ];
  expect(state.insteadOf).toEqual(known);
  expect(fromSnapshot({ status: "done", instead_of: known }).insteadOf).toEqual(known);
});

it("leaves the state alone for what it does not know", () => {
  const before = play(["part.added", { part: 0, kind: "text" }]);
  expect(afterEvent(before, { type: "part.sparkle", data: { part: 0 } })).toBe(before);
  expect(afterEvent(before, { type: "part.delta", data: { part: 7, text: "x" } })).toBe(before);
});

it("reads a snapshot in mid-answer: all parts but the last are done", () => {
  const state = fromSnapshot({
    status: "running",
    model: "m",
    attempt: 2,
    parts: [
      { kind: "reasoning", text: "a" },
      { kind: "text", text: "b" },
    ],
  });
  expect(state.parts.map((part) => part.done)).toEqual([true, false]);
  expect(state.attempt).toBe(2);
});
