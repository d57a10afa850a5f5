import { describe, expect, it } from "vitest";
import { isTyping, matches } from "./shortcuts";

const press = (key: string, init: KeyboardEventInit = {}) => new KeyboardEvent("keydown", { key, ...init });

describe("shortcuts", () => {
  it("need exactly their keys", () => {
    expect(matches(press("k", { ctrlKey: true }), "Mod+K")).toBe(true);
    expect(matches(press("K", { ctrlKey: true, shiftKey: true }), "Mod+K")).toBe(false);
    expect(matches(press("O", { ctrlKey: true, shiftKey: true }), "Mod+Shift+O")).toBe(true);
    expect(matches(press("o", { ctrlKey: true }), "Mod+Shift+O")).toBe(false);
    expect(matches(press("k"), "Mod+K")).toBe(false);
  });

  it("take a sign as typed, with Shift or without, as keyboards differ", () => {
    expect(matches(press("?", { shiftKey: true }), "?")).toBe(true);
    expect(matches(press("?"), "?")).toBe(true);
    expect(matches(press("?", { ctrlKey: true }), "?")).toBe(false);
  });

  it("know who types", () => {
    expect(isTyping(document.createElement("textarea"))).toBe(true);
    expect(isTyping(document.createElement("button"))).toBe(false);
  });
});
