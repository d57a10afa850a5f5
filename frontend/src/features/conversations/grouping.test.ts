import { describe, expect, it } from "vitest";
import type { Conversation } from "@/api/types";
import { groupByDay } from "./grouping";

const now = new Date(2026, 2, 15, 9, 30);
const at = (...when: [number, number, number, number?]) => new Date(...when).toISOString();
const chat = (id: string, updated: string, pinned = false) =>
  ({ id, updated, pinned, title: id }) as Conversation;
const ids = (list: Conversation[]) =>
  groupByDay(list, now).map((group) => [group.id, group.items.map(({ id }) => id)]);

describe("groups of the list", () => {
  it("follow the reader's own days, not spans of 24 hours", () => {
    expect(
      ids([
        chat("this morning", at(2026, 2, 15, 1)),
        chat("last night", at(2026, 2, 14, 23)),
        chat("yesterday at midnight", at(2026, 2, 14, 0)),
        chat("the day before", at(2026, 2, 13, 23)),
        chat("a fortnight ago", at(2026, 2, 1)),
        chat("in January", at(2026, 0, 20)),
        chat("in another January", at(2025, 0, 20)),
      ]),
    ).toEqual([
      ["today", ["this morning"]],
      ["yesterday", ["last night", "yesterday at midnight"]],
      ["week", ["the day before"]],
      ["month", ["a fortnight ago"]],
      ["2026-0", ["in January"]],
      ["2025-0", ["in another January"]],
    ]);
  });

  it("put pinned ones first, whatever their day", () => {
    expect(ids([chat("new", at(2026, 2, 15)), chat("old", at(2024, 1, 1), true)])).toEqual([
      ["pinned", ["old"]],
      ["today", ["new"]],
    ]);
  });

  it("call a chat of the near future today's: clocks differ", () => {
    expect(ids([chat("ahead", at(2026, 2, 15, 23))])).toEqual([["today", ["ahead"]]]);
  });
});
