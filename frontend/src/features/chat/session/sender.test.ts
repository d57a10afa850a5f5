import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MutableCell, type Json, type TopicHandlers } from "@/realtime";

interface Call {
  cmd: string;
  fields: Json;
  follow: (result: Json) => TopicHandlers;
  resolve: () => void;
  reject: (error: unknown) => void;
}
const line = vi.hoisted(() => ({ calls: new Array<Call>(), realtime: {} }));
vi.mock("./connection", () => line);

interface Status {
  state: string;
}
let status: MutableCell<Status>;
let sender: typeof import("./sender");
let Refusal: typeof import("@/realtime").RealtimeError;
let box: typeof import("./outbox").outbox;

/** A page that was just opened: modules anew, what is kept stays. */
async function open(state = "open"): Promise<void> {
  vi.resetModules();
  line.calls.length = 0;
  status = new MutableCell<Status>({ state });
  Object.assign(line.realtime, {
    status,
    following: () => false,
    subscribe: () => ({ close: () => undefined }),
    unsubscribe: () => undefined,
    call: (cmd: string, fields: Json, { follow }: { follow: Call["follow"] }) =>
      new Promise<void>((resolve, reject) => line.calls.push({ cmd, fields, follow, resolve, reject })),
  });
  Refusal = (await import("@/realtime")).RealtimeError;
  sender = await import("./sender");
  box = (await import("./outbox")).outbox;
  (await import("@/lib/person")).becomePerson("ada");
}

const item = (content: string, parent: string | null = null) => ({
  kind: "send" as const,
  conversation: "C" as string | null,
  draft: null,
  parent,
  content,
  model: null,
  message: null,
  mode: "again" as const,
});
const at = (index: number): Call => {
  const call = line.calls[index];
  if (!call) throw new Error(`no call ${String(index)}`);
  return call;
};
async function reply(index: number, name: string): Promise<void> {
  at(index).follow({ conversation: "C", user_message: `u${name}`, message: `a${name}`, generation: name });
  at(index).resolve();
  await vi.advanceTimersByTimeAsync(0);
}
async function refuse(index: number, error: unknown): Promise<void> {
  at(index).reject(error);
  await vi.advanceTimersByTimeAsync(0);
}
const contents = () => line.calls.map(({ fields }) => fields["content"]);

beforeEach(async () => {
  vi.useFakeTimers();
  localStorage.clear();
  await open();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("what is sent", () => {
  it("leaves the box with the reply, and never goes again", async () => {
    sender.enqueue(item("hello"));
    await reply(0, "1");
    sender.pump();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(contents()).toEqual(["hello"]);
    expect(box.items.get()).toEqual([]);
  });

  it("goes in the order of its conversation, each after the reply to the one before, under its real parent", async () => {
    const first = sender.enqueue(item("one"));
    sender.enqueue(item("two", `${first.key}:a`));
    sender.pump();
    expect(contents()).toEqual(["one"]);
    await reply(0, "1");
    expect(contents()).toEqual(["one", "two"]);
    expect(at(1).fields["parent"]).toBe("a1");
  });

  it("is tried again under the same key and with the same fields, when that can help", async () => {
    sender.enqueue(item("hello"));
    await refuse(0, new Refusal("unavailable", "Come back.", true));
    expect(box.items.get()[0]).toMatchObject({ state: "waiting", error: { code: "unavailable" } });
    await vi.advanceTimersByTimeAsync(1_100);
    expect(line.calls).toHaveLength(2);
    expect(at(1).fields).toEqual(at(0).fields);
  });

  it("stays with its reason where trying again can't help, until a person asks", async () => {
    const { key } = sender.enqueue(item("hello"));
    await refuse(0, new Refusal("too_large", "Too large.", false));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(line.calls).toHaveLength(1);
    expect(box.items.get()[0]).toMatchObject({ state: "failed", error: { message: "Too large." } });
    sender.sendAgain(key);
    expect(line.calls).toHaveLength(2);
  });
});

describe("without a line", () => {
  it("it waits, and goes once when the line is there", () => {
    status.set({ state: "connecting" });
    sender.enqueue(item("hello"));
    expect(line.calls).toHaveLength(0);
    status.set({ state: "open" });
    status.set({ state: "open" });
    expect(contents()).toEqual(["hello"]);
  });

  it("what was under way when the page went is asked again under its key", async () => {
    const { key } = sender.enqueue(item("hello"));
    await open("connecting");
    status.set({ state: "open" });
    expect(line.calls.map(({ fields }) => fields["client_msg_id"])).toEqual([key]);
  });

  it("nothing older than a day goes by itself", async () => {
    status.set({ state: "away" });
    sender.enqueue(item("hello"));
    await vi.advanceTimersByTimeAsync(25 * 3600 * 1000);
    status.set({ state: "open" });
    expect(line.calls).toHaveLength(0);
    expect(box.items.get()[0]?.state).toBe("old");
  });
});

describe("the next question", () => {
  it("waits until it is let go, over a reload too, and then goes once after what it follows", async () => {
    const { key } = sender.enqueue(item("next"), "queued");
    await open();
    sender.pump();
    expect(line.calls).toHaveLength(0);
    box.release(key, "a1");
    sender.pump();
    expect(line.calls.map(({ fields }) => [fields["content"], fields["parent"]])).toEqual([["next", "a1"]]);
  });
});
