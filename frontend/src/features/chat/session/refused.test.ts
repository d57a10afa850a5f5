import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Tab, later, newBrowser, openTab, quiet, written } from "./testing/tabs";

let tab: Tab;
beforeEach(async () => {
  newBrowser();
  tab = await openTab("open", "bob");
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function write(content: string, conversation: string, parent: string | null = null) {
  const item = tab.enqueue(written(content, parent, conversation));
  await quiet();
  return item;
}
const state = (key: string) => tab.outbox.find(key)?.state;

/** The socket closes with this code on all that was under way, and comes back, or stays away for good. */
async function close(code: number, then: "open" | "stopped" = "open"): Promise<void> {
  tab.set(then === "open" ? "waiting" : "stopped");
  for (const { reject } of tab.calls.splice(0)) {
    reject(tab.RealtimeError.local("connection_lost", code));
  }
  await quiet();
  if (then === "open") tab.set("open");
  await quiet();
}

describe.each([1007, 1009, 4501])("what the socket was closed on with %i", (code) => {
  it("is tried once more, then set aside, and the line is taken up again without it", async () => {
    const { key } = await write("poison", "C");
    await close(code);
    expect(tab.contents()).toEqual(["poison"]);
    await close(code, "stopped");
    expect(tab.state()).toBe("open");
    expect(tab.outbox.find(key)).toMatchObject({ state: "failed", error: { code: "bad_frame" } });
    tab.pump();
    await later(60_000);
    expect(tab.calls).toHaveLength(0);
  });

  it("takes nothing with it that was under way beside it, and what is behind it goes on", async () => {
    const innocent = await write("innocent", "A");
    const poison = await write("poison", "B");
    const behind = await write("behind", "B", `${poison.key}:a`);
    expect(tab.contents()).toEqual(["innocent", "poison"]);
    await close(code);
    expect(tab.contents()).toEqual(["innocent"]);
    await tab.reply(0);
    expect(tab.contents()).toEqual(["innocent", "poison"]);
    expect(tab.outbox.find(innocent.key)).toBeUndefined();
    await close(code, "stopped");
    expect([state(poison.key), state(behind.key)]).toEqual(["failed", "sending"]);
    expect(tab.calls.map(({ fields }) => [fields["content"], fields["parent"]])).toEqual([["behind", null]]);
  });
});

it("any other break is no refusal: it is tried again, and again", async () => {
  const { key } = await write("hello", "C");
  for (let n = 0; n < 4; n += 1) {
    await close(1006);
    await later(30_000);
    expect(tab.contents()).toEqual(["hello"]);
  }
  expect(state(key)).toBe("sending");
});

it("what was set aside goes once more when a person asks, and is set aside again", async () => {
  const { key } = await write("poison", "C");
  await close(1009);
  await close(1009, "stopped");
  tab.sendAgain(key);
  await quiet();
  expect(tab.contents()).toEqual(["poison"]);
  await close(1009);
  expect(state(key)).toBe("failed");
  expect(tab.calls).toHaveLength(0);
});

it("what follows something that was not sent goes where that stood", async () => {
  const { key } = await write("refused", "C", "a0");
  await tab.refuse(0, "too_large", false);
  const next = await write("next", "C", `${key}:a`);
  expect(next.parent).toBe("a0");
  expect(tab.call(-1).fields).toMatchObject({ content: "next", parent: "a0" });
});

it("nothing goes over a line that is someone else's by now", async () => {
  tab.set("open", "carol");
  await write("mine", "C");
  expect(tab.calls).toHaveLength(0);
});
