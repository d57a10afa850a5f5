import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Message, localMessage } from "./message";
import { ROOT, branchOf } from "./tree";

const message = (id: string, parent: string | null, seq: number, role: Message["role"] = "user"): Message =>
  localMessage({ id, parent, seq, role, status: "done" });
const ids = (messages: readonly Message[]) => messages.map(({ id }) => id);

describe("the branch that is shown", () => {
  const edited = [
    message("q1", null, 1),
    message("a1", "q1", 2, "assistant"),
    message("q2", "a1", 3),
    message("a2", "q2", 4, "assistant"),
    message("q2b", "a1", 5),
    message("a2b", "q2b", 6, "assistant"),
  ];

  it("leads to the newest message unless another was chosen", () => {
    expect(ids(branchOf(edited, new Map()).path)).toEqual(["q1", "a1", "q2b", "a2b"]);
    expect(ids(branchOf(edited, new Map([["a1", "q2"]])).path)).toEqual(["q1", "a1", "q2", "a2"]);
  });

  it("numbers siblings in their order", () => {
    expect(branchOf(edited, new Map()).siblings.get("q2b")).toEqual({ ids: ["q2", "q2b"], index: 1 });
    expect(branchOf(edited, new Map()).siblings.has("q1")).toBe(false);
  });

  it("has siblings at the top, too", () => {
    const both = [...edited, message("other", null, 7)];
    expect(ids(branchOf(both, new Map()).path)).toEqual(["other"]);
    expect(ids(branchOf(both, new Map([[ROOT, "q1"]])).path)).toEqual(["q1", "a1", "q2b", "a2b"]);
  });

  it("begins where what is loaded begins", () => {
    expect(ids(branchOf(edited.slice(2), new Map()).path)).toEqual(["q2b", "a2b"]);
  });

  it("forgets a choice that is not there any more", () => {
    expect(ids(branchOf(edited, new Map([["a1", "gone"]])).path)).toEqual(["q1", "a1", "q2b", "a2b"]);
  });

  it("is a chain of parents without repetition in any tree", () => {
    const trees = fc
      .array(fc.nat(40), { maxLength: 40 })
      .map((parents) =>
        parents.map((parent, at) => message(`m${at}`, parent < at ? `m${parent}` : null, at + 1)),
      );
    fc.assert(
      fc.property(trees, fc.array(fc.tuple(fc.nat(40), fc.nat(40))), (messages, chosen) => {
        const { path, siblings } = branchOf(messages, new Map(chosen.map(([a, b]) => [`m${a}`, `m${b}`])));
        expect(new Set(ids(path)).size).toBe(path.length);
        for (const [at, one] of path.entries()) expect(one.parent).toBe(path[at - 1]?.id ?? null);
        for (const [id, around] of siblings) expect(around.ids[around.index]).toBe(id);
        if (messages.length > 0) expect(path.length).toBeGreaterThan(0);
      }),
    );
  });
});
