import { beforeEach, describe, expect, it, vi } from "vitest";
import { settle } from "./testing/fakes.js";
import { delta, handlers, Reader, TOPIC } from "./testing/reader.js";
import { client, clock, connected, fresh, network } from "./testing/world.js";

beforeEach(fresh);

describe("connecting", () => {
  it("offers the subprotocol and greets with version and token, ids rising from 1", async () => {
    const rt = client({ token: () => Promise.resolve("t0ken") });
    rt.start();
    await settle();
    network.last.open();
    expect(network.last.protocols).toEqual(["rivulet.v1"]);
    expect(network.last.sent).toEqual([{ id: 1, cmd: "connect", v: 1, token: "t0ken" }]);
    network.last.reply("connect", { client: "c", user: "u", ping: 25, pong_timeout: 8 });
    void rt.call("typing", { conversation: "x" });
    expect(network.last.last("typing")["id"]).toBe(2);
    expect(rt.status.get()).toMatchObject({ state: "open", transport: "websocket", user: "u" });
  });

  it("gives a socket up that does not answer connect within 10 s", async () => {
    const rt = client();
    rt.start();
    await settle();
    network.last.open();
    await clock.advance(10_000);
    expect(rt.status.get().state).toBe("waiting");
    expect(network.last.closed).not.toBeNull();
  });

  it("answers pings, and resumes elsewhere after ping + pong time-out of silence", async () => {
    const rt = await connected();
    await clock.advance(20_000);
    network.last.say({ type: "ping" });
    expect(network.last.last("pong")).toEqual({ cmd: "pong" });
    await clock.advance(32_000);
    expect(rt.status.get().state).toBe("open");
    await clock.advance(1_000);
    expect(rt.status.get().state).toBe("waiting");
  });
});

describe("coming back", () => {
  it("waits random(0, min(20 s, 0.5 s · 2^n)), with n at 0 again only after 30 s connected", async () => {
    const rt = await connected();
    const waits: number[] = [];
    for (let n = 0; n < 8; n += 1) {
      network.last.die(1006);
      const { retryAt } = rt.status.get();
      waits.push((retryAt ?? 0) - clock.now());
      await clock.advance(waits.at(-1) ?? 0);
      await network.last.greet();
    }
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
    await clock.advance(30_000);
    network.last.die(4012);
    expect((rt.status.get().retryAt ?? 0) - clock.now()).toBe(250);
  });

  it.each([4500, 4502, 4507, 4510])("stops at %i and says why", async (code) => {
    const rt = await connected();
    network.last.die(code, "because");
    await clock.advance(120_000);
    expect(network.sockets).toHaveLength(1);
    expect(rt.status.get()).toMatchObject({ state: "stopped", stop: { code, reason: "because" } });
  });

  it.each([4501, 1007, 1009])("reports %i and tries once more", async (code) => {
    const report = vi.fn();
    const rt = await connected({ report });
    network.last.die(code);
    await clock.advance(20_000);
    await network.last.greet();
    expect(report).toHaveBeenCalledOnce();
    network.last.die(code);
    expect(rt.status.get().state).toBe("stopped");
  });

  it("stays away for a minute when there are too many sockets", async () => {
    await connected();
    network.last.die(4014);
    await clock.advance(59_999);
    expect(network.sockets).toHaveLength(1);
    await clock.advance(5_000);
    expect(network.sockets).toHaveLength(2);
  });

  it("refreshes the token after 4005 before it comes back, and stops when that is refused", async () => {
    const refresh = vi.fn(() => Promise.resolve("new"));
    await connected({ refresh });
    network.last.die(4005);
    await clock.advance(500);
    expect(refresh).toHaveBeenCalledOnce();
    expect(network.sockets).toHaveLength(2);
  });

  it("refreshes on the open socket before the token is over", async () => {
    const rt = client({ refresh: () => Promise.resolve("fresh") });
    rt.start();
    await settle();
    await network.last.greet({ expires_in: 100, ping: 1000 });
    await clock.advance(70_000);
    expect(network.last.last("refresh")).toMatchObject({ token: "fresh" });
  });

  it("comes back at once on waking, without backoff", async () => {
    const rt = await connected();
    network.last.die(1006);
    rt.wake();
    await settle();
    expect(network.sockets).toHaveLength(2);
  });

  it("does not trust an open socket after the network changed, and keeps it until the second has taken over", async () => {
    const rt = await connected();
    const reader = new Reader();
    rt.subscribe(TOPIC, handlers(reader), { since: { epoch: "e1", offset: 0 } });
    const first = network.last;
    first.reply("subscribe", { topic: TOPIC, recovered: true });
    first.say(delta(1, "a"));
    rt.wake(true);
    await settle();
    const second = network.last;
    expect(second).not.toBe(first);
    await second.greet();
    first.say(delta(2, "b"));
    expect(second.last("subscribe")["since"]).toEqual({ epoch: "e1", offset: 1 });
    second.reply("subscribe", { topic: TOPIC, recovered: true });
    second.say(delta(2, "b"));
    second.say(delta(3, "c"));
    await settle();
    expect(first.closed).toEqual({ code: 1000, reason: "moved" });
    expect(reader.text).toBe("abc");
  });

  it("gives an open socket up as soon as the network is gone, and comes back at once with it", async () => {
    const rt = await connected();
    const cut = rt.call("message.send", {});
    rt.offline();
    await expect(cut).rejects.toMatchObject({ code: "connection_lost", undecided: true });
    expect(rt.status.get().state).toBe("waiting");
    for (let n = 0; n < 5; n += 1) {
      await clock.advance(20_000);
      network.last.die(1006);
    }
    const before = network.sockets.length;
    rt.wake(true);
    await settle();
    expect(network.sockets).toHaveLength(before + 1);
    await network.last.greet();
    expect(rt.status.get().state).toBe("open");
  });

  it("does not wait for a handshake that began without a network", async () => {
    const rt = client();
    rt.start();
    await settle();
    const hanging = network.last;
    rt.wake(true);
    await settle();
    expect(hanging.closed).not.toBeNull();
    expect(network.sockets).toHaveLength(2);
    await network.last.greet();
    expect(rt.status.get().state).toBe("open");
  });

  it("knows while what is being written is held up on the server, and forgets it with the socket", async () => {
    const rt = await connected();
    network.last.say({ type: "delayed", delayed: true });
    expect(rt.delayed.get()).toBe(true);
    network.last.say({ type: "delayed", delayed: false });
    expect(rt.delayed.get()).toBe(false);
    network.last.say({ type: "delayed", delayed: true });
    network.last.die(1006);
    expect(rt.delayed.get()).toBe(false);
  });

  it("forgets what the node that it leaves held up", async () => {
    const rt = await connected();
    network.last.say({ type: "delayed", delayed: true });
    network.last.say({ type: "goaway", drain_ms: 0 });
    await clock.advance(10);
    await network.last.greet();
    expect([rt.status.get().state, rt.delayed.get()]).toEqual(["open", false]);
  });

  it("moves to a second socket within drain_ms of a goaway", async () => {
    await connected();
    const first = network.last;
    first.say({ type: "goaway", drain_ms: 1000 });
    await clock.advance(499);
    expect(network.sockets).toHaveLength(1);
    await clock.advance(1);
    expect(network.sockets).toHaveLength(2);
    await network.last.greet();
    expect(first.closed).toEqual({ code: 1000, reason: "moved" });
  });

  it("acknowledges and leaves with 1000 before suspension, and resumes where it stood", async () => {
    const rt = await connected();
    const reader = new Reader();
    const subscription = rt.subscribe(TOPIC, handlers(reader), { since: { epoch: "e1", offset: 0 } });
    network.last.reply("subscribe", { topic: TOPIC, recovered: true });
    network.last.say(delta(1, "a"));
    rt.suspend();
    expect(network.last.last("ack")).toMatchObject({ offset: 1 });
    expect(network.last.closed?.code).toBe(1000);
    expect(subscription.position).toEqual({ epoch: "e1", offset: 1 });
    rt.wake();
    await settle();
    await network.last.greet();
    expect(network.last.last("subscribe")["since"]).toEqual({ epoch: "e1", offset: 1 });
  });
});

describe("commands", () => {
  it("fail with the server's code, and say whether trying again can help", async () => {
    const rt = await connected();
    const call = rt.call("message.send", {});
    network.last.say({
      id: network.last.last("message.send")["id"],
      error: { code: "rate_limited", message: "Wait.", temporary: true, retry_after_ms: 1500 },
    });
    await expect(call).rejects.toMatchObject({ code: "rate_limited", temporary: true, retryAfterMs: 1500 });
  });

  it("are undecided when the line breaks or no answer comes", async () => {
    const rt = await connected();
    const cut = rt.call("message.send", {});
    network.last.die();
    await expect(cut).rejects.toMatchObject({ code: "connection_lost", undecided: true });
    await expect(rt.call("typing", {})).rejects.toMatchObject({ code: "offline", undecided: false });
    await clock.advance(1_000);
    await network.last.greet();
    const slow = rt.call("message.send", {}, { timeoutMs: 20 });
    const lost = expect(slow).rejects.toMatchObject({ code: "timeout", undecided: true });
    await clock.advance(20);
    await lost;
  });

  it("say with which code the socket closed on them", async () => {
    const rt = await connected();
    const call = rt.call("message.send", {});
    network.last.die(1009);
    await expect(call).rejects.toMatchObject({ code: "connection_lost", closed: 1009 });
  });

  it("follow the topic of their reply before anything else on the socket is read", async () => {
    const rt = await connected();
    const reader = new Reader();
    void rt.call("message.send", {}, { follow: () => handlers(reader) });
    network.last.reply("message.send", { topic: TOPIC, position: { epoch: "e1", offset: 0 } });
    network.last.say(delta(1, "first"));
    expect(reader.text).toBe("first");
    expect(rt.following(TOPIC)).toBe(true);
  });

  it("do not fall over frames, types and fields that are not known", async () => {
    const rt = await connected();
    const reader = new Reader();
    rt.subscribe(TOPIC, handlers(reader), { since: { epoch: "e1", offset: 0 } });
    network.last.reply("subscribe", { topic: TOPIC, recovered: true, news: 1 });
    network.last.say({ type: "weather", sunny: true });
    network.last.say({ id: 999, result: {} });
    network.last.say({ topic: "job.unknown", type: "x", epoch: "z", offset: 4, data: {} });
    network.last.say({ ...delta(1, "a"), type: "part.sparkle" });
    network.last.say({ ...delta(2, "b"), colour: "red" });
    network.last.onmessage?.({ data: "no json" });
    expect(reader.text).toBe("b");
  });
});

describe("subscriptions", () => {
  it("end when they are refused for good, and are asked again when not", async () => {
    const rt = await connected();
    const gone = new Reader();
    rt.subscribe(TOPIC, handlers(gone));
    const refuse = (temporary: boolean) =>
      network.last.say({
        id: network.last.last("subscribe")["id"],
        error: { code: temporary ? "unavailable" : "not_found", message: "", temporary },
      });
    refuse(true);
    await clock.advance(1_000);
    expect(network.last.count("subscribe")).toBe(2);
    refuse(false);
    await settle();
    expect(gone.ended).toBe("not_found");
    expect(rt.following(TOPIC)).toBe(false);
  });

  it("end when access ends", async () => {
    const rt = await connected();
    const reader = new Reader();
    rt.subscribe(TOPIC, handlers(reader), { since: { epoch: "e1", offset: 0 } });
    network.last.reply("subscribe", { topic: TOPIC, recovered: true });
    network.last.say({ topic: TOPIC, type: "unsubscribed", code: "forbidden", message: "" });
    expect(reader.ended).toBe("forbidden");
  });

  it("take a snapshot's pages as one, parts cut at code points, and count it at the last page", async () => {
    const rt = await connected();
    const reader = new Reader();
    const subscription = rt.subscribe(TOPIC, handlers(reader));
    network.last.reply("subscribe", { topic: TOPIC, recovered: false, position: { epoch: "e1", offset: 9 } });
    const page = (number: number, start: number, text: string, more: boolean) =>
      network.last.say({
        topic: TOPIC,
        epoch: "e1",
        offset: 9,
        type: "snapshot",
        page: number,
        ...(more ? { more } : {}),
        data: {
          ...(number === 0 ? { status: "running" } : {}),
          parts: [{ part: 0, kind: "text", start, text }],
        },
      });
    page(0, 0, "a🌊", true);
    expect(subscription.position).toBeNull();
    page(1, 2, "b", false);
    expect(reader.text).toBe("a🌊b");
    expect(reader.snapshots).toBe(1);
    network.last.say(delta(10, "!"));
    expect(reader.text).toBe("a🌊b!");
  });

  it("begin again at the snapshot of a new epoch, and count its events from 1", async () => {
    const rt = await connected();
    const reader = new Reader();
    rt.subscribe(TOPIC, handlers(reader), { since: { epoch: "e1", offset: 0 } });
    network.last.reply("subscribe", { topic: TOPIC, recovered: true });
    network.last.say(delta(1, "old"));
    network.last.say({
      topic: TOPIC,
      epoch: "e2",
      offset: 0,
      type: "snapshot",
      data: { parts: [{ text: "new" }] },
    });
    network.last.say(delta(1, "er", "e2"));
    expect(reader.text).toBe("newer");
  });

  it("ask once for what is missing when an event does not follow on", async () => {
    const rt = await connected();
    const reader = new Reader();
    rt.subscribe(TOPIC, handlers(reader), { since: { epoch: "e1", offset: 0 } });
    network.last.reply("subscribe", { topic: TOPIC, recovered: true });
    network.last.say(delta(1, "a"));
    network.last.say(delta(3, "c"));
    network.last.say(delta(4, "d"));
    expect(network.last.count("subscribe")).toBe(2);
    expect(network.last.last("subscribe")["since"]).toEqual({ epoch: "e1", offset: 1 });
    network.last.reply("subscribe", { topic: TOPIC, recovered: true });
    for (const [i, text] of ["b", "c", "d"].entries()) network.last.say(delta(i + 2, text));
    expect(reader.text).toBe("abcd");
  });
});
