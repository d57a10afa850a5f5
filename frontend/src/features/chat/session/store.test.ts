import { beforeEach, describe, expect, it } from "vitest";
import { readMessage } from "../model/message";
import type { Outgoing } from "./outbox";
import { MessageStore } from "./store";

const raw = (id: string, parent: string | null, seq: number, role = "user", more: object = {}) => ({
  id,
  parent,
  seq,
  role,
  conversation: "c",
  status: "done",
  text: id,
  parts: [{ kind: "text", text: id }],
  model: "",
  created: "",
  ...more,
});
const out = (more: Partial<Outgoing> = {}): Outgoing => ({
  key: "k1",
  kind: "send",
  conversation: "c",
  draft: null,
  parent: null,
  content: "hello",
  model: null,
  message: null,
  mode: "again",
  created: 0,
  state: "sending",
  error: null,
  ...more,
});

let store: MessageStore;
beforeEach(() => {
  store = new MessageStore();
});

const keys = (outgoing: readonly Outgoing[] = []) => store.branch(outgoing).path.map(({ key }) => key);
const idsOf = (outgoing: readonly Outgoing[] = []) => store.branch(outgoing).path.map(({ id }) => id);

function put(value: object, outgoing: readonly Outgoing[] = []): void {
  const message = readMessage(value);
  if (!message) throw new Error("no message");
  store.recognise(message, outgoing);
  store.put(message);
}

describe("a message that was just sent", () => {
  it("stands there with its answer before the network answers", () => {
    store.replaceNewest([raw("q0", null, 1), raw("a0", "q0", 2, "assistant")]);
    expect(keys([out({ parent: "a0" })])).toEqual(["q0", "a0", "k1", "k1:a"]);
  });

  it("stays the same one when the reply names it, and when its event comes after", () => {
    store.confirm(out(), { conversation: "c", user_message: "U", message: "A", generation: "G" });
    expect(keys()).toEqual(["k1", "k1:a"]);
    expect(idsOf()).toEqual(["U", "A"]);
    put(raw("U", null, 1, "user", { text: "hello" }));
    put(raw("A", "U", 2, "assistant", { status: "running" }));
    expect(keys()).toEqual(["k1", "k1:a"]);
  });

  it("is recognised when its event overtakes the reply", () => {
    const sent = [out()];
    put(raw("U", null, 1, "user", { text: "hello" }), sent);
    put(raw("A", "U", 2, "assistant", { status: "queued" }), sent);
    expect(keys(sent)).toEqual(["k1", "k1:a"]);
    expect(idsOf(sent)).toEqual(["U", "A"]);
    store.confirm(out(), { conversation: "c", user_message: "U", message: "A", generation: "G" });
    expect(keys()).toEqual(["k1", "k1:a"]);
  });

  it("is recognised, and keeps its words, when it was too long for its event", () => {
    const content = "long ".repeat(20_000);
    const sent = [out({ content })];
    put(raw("U", null, 1, "user", { text: "", parts: [], truncated: true }), sent);
    expect(keys(sent)).toEqual(["k1", "k1:a"]);
    expect(store.get("U")).toMatchObject({ text: content, truncated: false });
  });

  it("is not mistaken for the same words of someone else's tab elsewhere in the tree", () => {
    store.replaceNewest([raw("q0", null, 1), raw("a0", "q0", 2, "assistant")]);
    const sent = [out({ parent: "a0" })];
    put(raw("other", "q0", 3, "user", { text: "hello" }), sent);
    expect(store.branch(sent).path.some(({ key }) => key === "k1")).toBe(true);
  });

  it("says at the message that it failed", () => {
    const failed = out({ state: "failed", error: { code: "too_large", message: "Too large." } });
    expect(store.branch([failed]).path.at(-1)).toMatchObject({
      status: "error",
      error: { message: "Too large." },
    });
  });

  it("can be followed by another before it is confirmed", () => {
    const first = out();
    const two = [first, out({ key: "k2", parent: "k1:a", content: "and?" })];
    expect(keys(two)).toEqual(["k1", "k1:a", "k2", "k2:a"]);
    store.confirm(first, {
      conversation: "c",
      user_message: "U",
      message: "A",
      generation: "G",
    });
    expect(keys(two.slice(1))).toEqual(["k1", "k1:a", "k2", "k2:a"]);
  });
});

describe("a retry", () => {
  beforeEach(() => store.replaceNewest([raw("q0", null, 1), raw("a0", "q0", 2, "assistant")]));

  it("stands beside the old answer at once", () => {
    const retry = out({ kind: "retry", message: "a0", parent: "q0", content: "" });
    const { path, siblings } = store.branch([retry]);
    expect(path.map(({ key }) => key)).toEqual(["q0", "k1:a"]);
    expect(siblings.get("k1:a")).toMatchObject({ index: 1 });
  });

  it("that continues begins with what was there", () => {
    const retry = out({ kind: "retry", message: "a0", parent: "q0", content: "", mode: "continue" });
    expect(store.branch([retry]).path.at(-1)?.parts[0]?.text).toBe("a0");
  });

  it("keeps being chosen when the server names it", () => {
    const retry = out({ kind: "retry", message: "a0", parent: "q0", content: "" });
    store.choose("q0", "k1:a");
    store.confirm(retry, { conversation: "c", user_message: null, message: "B", generation: "G" });
    expect(idsOf()).toEqual(["q0", "B"]);
    store.choose("q0", "a0");
    expect(idsOf()).toEqual(["q0", "a0"]);
  });
});

describe("what the server tells again", () => {
  it("replaces the stretch that it tells of, and keeps what is older", () => {
    store.putAll([raw("q0", null, 1), raw("a0", "q0", 2, "assistant")]);
    store.replaceNewest([raw("q1", "a0", 3), raw("gone", "q1", 4, "assistant")]);
    store.replaceNewest([raw("q1", "a0", 3), raw("a1", "q1", 5, "assistant")]);
    expect(idsOf()).toEqual(["q0", "a0", "q1", "a1"]);
    expect(store.get("gone")).toBeUndefined();
  });

  it("does not lose a whole text to a shortened one", () => {
    put(raw("a", null, 1, "assistant", { parts: [{ kind: "text", text: "whole" }] }));
    put(raw("a", null, 1, "assistant", { parts: [], truncated: true }));
    expect(store.get("a")?.parts[0]?.text).toBe("whole");
  });
});
