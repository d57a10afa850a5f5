import { expect, it } from "vitest";
import { editsLast, modelQuery, sends } from "./keys";

const key = (name: string, more: object = {}) => ({
  key: name,
  keyCode: 13,
  shiftKey: false,
  altKey: false,
  ctrlKey: false,
  metaKey: false,
  isComposing: false,
  ...more,
});

it("sends with Enter, and makes a line with Shift+Enter", () => {
  expect(sends(key("Enter"))).toBe(true);
  expect(sends(key("Enter", { ctrlKey: true }))).toBe(true);
  expect(sends(key("Enter", { shiftKey: true }))).toBe(false);
  expect(sends(key("Enter", { altKey: true }))).toBe(false);
});

it("never sends what an input method is still composing", () => {
  expect(sends(key("Enter", { isComposing: true }))).toBe(false);
  expect(sends(key("Enter", { keyCode: 229 }))).toBe(false);
});

it("leaves Enter to the touch keyboard", () => {
  expect(sends(key("Enter"), true)).toBe(false);
  expect(sends(key("Enter", { metaKey: true }), true)).toBe(true);
});

it("edits the last message with ↑ only where nothing is written", () => {
  expect(editsLast(key("ArrowUp"), "")).toBe(true);
  expect(editsLast(key("ArrowUp"), "x")).toBe(false);
  expect(editsLast(key("ArrowUp", { shiftKey: true }), "")).toBe(false);
});

it("takes an @ for a model only where a word begins", () => {
  expect(modelQuery("@", 1)).toEqual({ from: 0, query: "" });
  expect(modelQuery("hello @gpt-4.1 there", 14)).toEqual({ from: 6, query: "gpt-4.1" });
  expect(modelQuery("me@example.org", 3)).toBeNull();
  expect(modelQuery("plain", 5)).toBeNull();
});
