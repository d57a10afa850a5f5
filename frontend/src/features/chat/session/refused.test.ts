import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MutableCell, RealtimeError, type Json, type TopicHandlers } from "@/realtime";
import { becomePerson } from "@/lib/person";
import { outbox } from "./outbox";
import { enqueue, pump, sendAgain } from "./sender";

interface Call {
  fields: Json;
  follow: (result: Json) => TopicHandlers;
  resolve: () => void;
  reject: (error: unknown) => void;
}
const line = vi.hoisted((): { calls: Call[]; realtime: Json } => ({ calls: [], realtime: {} }));
vi.mock("./connection", async () => {
  const { MutableCell: Cell } = await import("@/realtime");
  line.realtime["status"] = new Cell({ state: "open", user: "bob" });
  return line;
});
const status = () => line.realtime["status"] as MutableCell<{ state: string; user: string }>;

beforeEach(() => {
  vi.useFakeTimers();
  line.calls.length = 0;
  Object.assign(line.realtime, {
    following: () => false,
    subscribe: () => ({ close: () => undefined }),
    unsubscribe: () => undefined,
    start: () => status().set({ state: "open", user: "bob" }),
    call: (_cmd: string, fields: Json, { follow }: { follow: Call["follow"] }) =>
      new Promise<void>((resolve, reject) => line.calls.push({ fields, follow, resolve, reject })),
  });
  becomePerson(null);
  becomePerson("bob");
  status().set({ state: "open", user: "bob" });
});
afterEach(() => {
  vi.useRealTimers();
});

const write = (content: string, conversation: string, parent: string | null = null) =>
  enqueue({
    kind: "send",
    conversation,
    draft: null,
    parent,
    content,
    model: null,
    message: null,
    mode: "again",
  });
const contents = () => line.calls.map(({ fields }) => fields["content"]);
const state = (key: string) => outbox.find(key)?.state;

/** The socket closes with this code on all that was under way, and comes back, or stays away for good. */
async function close(code: number, then: "open" | "stopped" = "open"): Promise<void> {
  status().set({ state: then === "open" ? "waiting" : "stopped", user: "bob" });
  const cut = line.calls.splice(0);
  for (const { reject } of cut) reject(RealtimeError.local("connection_lost", code));
  await vi.advanceTimersByTimeAsync(0);
  if (then === "open") status().set({ state: "open", user: "bob" });
  await vi.advanceTimersByTimeAsync(0);
}
async function reply(index: number): Promise<void> {
  const call = line.calls[index];
  const name = String(call?.fields["content"]);
  const conversation = call?.fields["conversation"] ?? "new";
  call?.follow({ conversation, user_message: `u${name}`, message: `a${name}`, generation: name });
  call?.resolve();
  await vi.advanceTimersByTimeAsync(0);
}

describe.each([1007, 1009, 4501])("what the socket was closed on with %i", (code) => {
  it("is tried once more, then set aside, and the line is taken up again without it", async () => {
    const { key } = write("poison", "C");
    await close(code);
    expect(contents()).toEqual(["poison"]);
    await close(code, "stopped");
    expect(status().get().state).toBe("open");
    expect(outbox.find(key)).toMatchObject({ state: "failed", error: { code: "bad_frame" } });
    pump();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(line.calls).toHaveLength(0);
  });

  it("takes nothing with it that was under way beside it, and what is behind it goes on", async () => {
    const innocent = write("innocent", "A");
    const poison = write("poison", "B");
    const behind = write("behind", "B", `${poison.key}:a`);
    expect(contents()).toEqual(["innocent", "poison"]);
    await close(code);
    expect(contents()).toEqual(["innocent"]);
    await reply(0);
    expect(contents()).toEqual(["innocent", "poison"]);
    expect(outbox.find(innocent.key)).toBeUndefined();
    await close(code, "stopped");
    expect([state(poison.key), state(behind.key)]).toEqual(["failed", "sending"]);
    expect(line.calls.map(({ fields }) => [fields["content"], fields["parent"]])).toEqual([["behind", null]]);
  });
});

it("any other break is no refusal: it is tried again, and again", async () => {
  const { key } = write("hello", "C");
  for (let n = 0; n < 4; n += 1) {
    await close(1006);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(contents()).toEqual(["hello"]);
  }
  expect(state(key)).toBe("sending");
});

it("what was set aside goes once more when a person asks, and is set aside again", async () => {
  const { key } = write("poison", "C");
  await close(1009);
  await close(1009, "stopped");
  sendAgain(key);
  expect(contents()).toEqual(["poison"]);
  await close(1009);
  expect(state(key)).toBe("failed");
  expect(line.calls).toHaveLength(0);
});

it("what follows something that was not sent goes where that stood", async () => {
  const { key } = write("refused", "C", "a0");
  line.calls[0]?.reject(new RealtimeError("too_large", "Too large.", false));
  await vi.advanceTimersByTimeAsync(0);
  const next = write("next", "C", `${key}:a`);
  expect(next.parent).toBe("a0");
  expect(line.calls.at(-1)?.fields).toMatchObject({ content: "next", parent: "a0" });
});

it("nothing goes over a line that is someone else's by now", () => {
  status().set({ state: "open", user: "carol" });
  write("mine", "C");
  expect(line.calls).toHaveLength(0);
});
