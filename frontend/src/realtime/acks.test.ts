import { beforeEach, describe, expect, it } from "vitest";
import { delta, handlers, Reader, TOPIC } from "./testing/reader.js";
import { clock, connected, fresh, network } from "./testing/world.js";

beforeEach(fresh);

describe("acknowledging", () => {
  async function following() {
    const rt = await connected();
    rt.subscribe(TOPIC, handlers(new Reader()), { since: { epoch: "e1", offset: 0 } });
    network.last.reply("subscribe", { topic: TOPIC, recovered: true });
    return rt;
  }

  it("happens after 64 events", async () => {
    await following();
    for (let i = 1; i <= 63; i += 1) network.last.say(delta(i, "x"));
    expect(network.last.count("ack")).toBe(0);
    network.last.say(delta(64, "x"));
    expect(network.last.last("ack")).toEqual({ cmd: "ack", topic: TOPIC, epoch: "e1", offset: 64 });
  });

  it("happens after 16 KiB of UTF-8", async () => {
    await following();
    network.last.say(delta(1, "ä".repeat(7 * 1024)));
    expect(network.last.count("ack")).toBe(0);
    network.last.say(delta(2, "ä".repeat(1024)));
    expect(network.last.last("ack")["offset"]).toBe(2);
  });

  it("happens after 5 s", async () => {
    await following();
    network.last.say(delta(1, "x"));
    await clock.advance(4_999);
    expect(network.last.count("ack")).toBe(0);
    await clock.advance(1);
    expect(network.last.count("ack")).toBe(1);
  });

  it("never runs ahead of a cursor that a new subscribe has set back", async () => {
    await following();
    network.last.say(delta(1, "a"));
    network.last.say(delta(3, "c"));
    network.last.say(delta(4, "d"));
    await clock.advance(5_000);
    expect(network.last.count("ack")).toBe(0);
    network.last.reply("subscribe", { topic: TOPIC, recovered: true });
    network.last.say(delta(2, "b"));
    await clock.advance(5_000);
    expect(network.last.last("ack")["offset"]).toBe(2);
  });

  it("names the page of a snapshot in pages", async () => {
    await following();
    const text = "x".repeat(17 * 1024);
    network.last.say({
      topic: TOPIC,
      epoch: "e2",
      offset: 0,
      type: "snapshot",
      page: 0,
      more: true,
      data: { parts: [{ text }] },
    });
    expect(network.last.last("ack")).toEqual({ cmd: "ack", topic: TOPIC, epoch: "e2", offset: 0, page: 0 });
  });
});
