import { beforeEach, describe, expect, it } from "vitest";
import { RealtimeError } from "./errors.js";
import { Session } from "./session.js";
import { settle } from "./testing/fakes.js";
import { clock, fresh, network } from "./testing/world.js";
import type { TopicFrame } from "./types.js";

let told: string[];
let frames: TopicFrame[];

function open(token?: string): Session {
  return new Session(
    network.make("ws://x", ["rivulet.v1"]),
    clock,
    {
      ready: (_, { user }) => told.push(`ready ${user}`),
      frame: (_, frame) => frames.push(frame),
      goaway: (_, drainMs) => told.push(`goaway ${drainMs}`),
      delayed: (_, delayed) => told.push(`delayed ${delayed}`),
      lost: (_, code, reason) => told.push(`lost ${code} ${reason}`),
    },
    token,
  );
}

async function greeted(): Promise<Session> {
  const session = open();
  await network.last.greet();
  return session;
}

const outcome = (call: Promise<unknown>) =>
  call.then(
    () => "done",
    (error: unknown) => (error as RealtimeError).code,
  );

beforeEach(() => {
  fresh();
  told = [];
  frames = [];
});

describe("the greeting", () => {
  it("comes first, with the token where there is one, and nothing else goes before its answer", async () => {
    const session = open("t0ken");
    expect(await outcome(session.request("typing", {}, 1_000))).toBe("offline");
    network.last.open();
    expect(network.last.sent).toEqual([{ id: 1, cmd: "connect", v: 1, token: "t0ken" }]);
    expect(session.ready).toBe(false);
    network.last.reply("connect", { client: "c", user: "ada", ping: 25, pong_timeout: 8 });
    await settle();
    expect([session.ready, told]).toEqual([true, ["ready ada"]]);
  });

  it("that is refused for good waits for the close code that says more, and else counts as 4500", async () => {
    open("bad");
    network.last.open();
    network.last.say({ id: 1, error: { code: "unauthenticated", message: "No.", temporary: false } });
    await clock.advance(999);
    expect(told).toEqual([]);
    await clock.advance(1);
    expect(told).toEqual(["lost 4500 No."]);
  });

  it("that is refused for now counts as a break", async () => {
    open();
    network.last.open();
    network.last.say({ id: 1, error: { code: "unavailable", message: "Later.", temporary: true } });
    await clock.advance(1_000);
    expect(told).toEqual(["lost 1006 Later."]);
  });

  it("that is not answered in 10 s is given up, once", async () => {
    open();
    await clock.advance(10_000);
    network.last.die(1006);
    expect(told).toEqual(["lost 1006 no answer to connect"]);
  });
});

describe("requests", () => {
  it("have rising ids, and replies find theirs in any order", async () => {
    const session = await greeted();
    const replies: string[] = [];
    for (const name of ["one", "two"]) {
      void session.request(name, {}, 1_000).then((result) => replies.push(String(result["said"])));
    }
    expect(network.last.sent.map(({ id }) => id)).toEqual([1, 2, 3]);
    network.last.say({ id: 3, result: { said: "two" } });
    network.last.say({ id: 2, result: { said: "one" } });
    network.last.say({ id: 2, result: { said: "again" } });
    network.last.say({ id: 77, result: {} });
    await settle();
    expect(replies).toEqual(["two", "one"]);
  });

  it("are told apart: timed out, cut off with the close code, refused with when to come back", async () => {
    const session = await greeted();
    const late = outcome(session.request("a", {}, 500));
    await clock.advance(500);
    expect(await late).toBe("timeout");
    const refused = session.request("b", {}, 500).catch((error: unknown) => error as RealtimeError);
    const { id } = network.last.last("b");
    network.last.say({
      id,
      error: { code: "rate_limited", message: "", temporary: true, retry_after_ms: 9 },
    });
    expect(await refused).toMatchObject({ code: "rate_limited", temporary: true, retryAfterMs: 9 });
    const cut = session.request("c", {}, 500).catch((error: unknown) => error as RealtimeError);
    network.last.die(4001, "moving");
    expect(await cut).toMatchObject({ code: "connection_lost", closed: 4001, undecided: true });
    expect(told.at(-1)).toBe("lost 4001 moving");
    expect(await outcome(session.request("d", {}, 500))).toBe("offline");
  });

  it("are not written to a socket that is closing", async () => {
    const session = await greeted();
    network.last.closed = { code: 1000, reason: "" };
    const lost = outcome(session.request("a", {}, 500));
    expect(network.last.count("a")).toBe(0);
    network.last.die();
    expect(await lost).toBe("connection_lost");
  });
});

describe("what comes unasked", () => {
  it("pings are answered, a goaway is passed on, events are passed on and acknowledged", async () => {
    await greeted();
    const event = { topic: "t", epoch: "e", offset: 1, type: "x", data: {} };
    network.last.say({ type: "ping" });
    network.last.say({ type: "goaway", drain_ms: 50 });
    network.last.say(event);
    network.last.say({ topic: "t", type: "typing", data: {} });
    expect([network.last.count("pong"), told.at(-1)]).toEqual([1, "goaway 50"]);
    expect(frames.map(({ type }) => type)).toEqual(["x", "typing"]);
    await clock.advance(5_000);
    expect(network.last.last("ack")).toEqual({ cmd: "ack", topic: "t", epoch: "e", offset: 1 });
  });

  it("what is no JSON, no text, or after the end is left alone", async () => {
    const session = await greeted();
    const hear = network.last.onmessage;
    hear?.({ data: "{" });
    hear?.({ data: new ArrayBuffer(1) });
    session.close(1000, "");
    hear?.({ data: JSON.stringify({ topic: "t", epoch: "e", offset: 1, type: "x" }) });
    expect(frames).toEqual([]);
  });
});

describe("the end", () => {
  it("comes after ping + pong time-out of silence, and not while anything is heard", async () => {
    await greeted();
    await clock.advance(30_000);
    network.last.say({ type: "ping" });
    await clock.advance(32_900);
    expect(told).toEqual(["ready u"]);
    await clock.advance(100);
    expect(told.at(-1)).toBe("lost 1006 silence");
  });

  it("from here acknowledges first, and is not told back", async () => {
    const session = await greeted();
    network.last.say({ topic: "t", epoch: "e", offset: 3, type: "x", data: {} });
    session.close(1000, "bye");
    expect(network.last.last("ack")["offset"]).toBe(3);
    expect(network.last.closed).toEqual({ code: 1000, reason: "bye" });
    network.last.die(1000);
    expect(told).toEqual(["ready u"]);
  });
});
