import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Tab, later, newBrowser, openTab, quiet, written } from "./testing/tabs";

let tab: Tab;
beforeEach(async () => {
  newBrowser();
  tab = await openTab();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("what is sent", () => {
  it("leaves the box with the reply, and never goes again", async () => {
    tab.enqueue(written("hello"));
    await quiet();
    await tab.reply(0);
    tab.pump();
    await later(60_000);
    expect(tab.contents()).toEqual(["hello"]);
    expect(tab.outbox.items.get()).toEqual([]);
  });

  it("goes in the order of its conversation, each after the reply to the one before, under its real parent", async () => {
    const first = tab.enqueue(written("one"));
    tab.enqueue(written("two", `${first.key}:a`));
    await quiet();
    expect(tab.contents()).toEqual(["one"]);
    await tab.reply(0);
    expect(tab.contents()).toEqual(["one", "two"]);
    expect(tab.call(1).fields["parent"]).toBe("a one");
  });

  it("is tried again under the same key and with the same fields, when that can help", async () => {
    tab.enqueue(written("hello"));
    await quiet();
    await tab.refuse(0, "unavailable", true);
    expect(tab.outbox.items.get()[0]).toMatchObject({ state: "waiting", error: { code: "unavailable" } });
    await later(1_100);
    expect(tab.calls).toHaveLength(2);
    expect(tab.call(1).fields).toEqual(tab.call(0).fields);
  });

  it("stays with its reason where trying again can't help, until a person asks", async () => {
    const { key } = tab.enqueue(written("hello"));
    await quiet();
    await tab.refuse(0, "too_large", false);
    await later(60_000);
    expect(tab.calls).toHaveLength(1);
    expect(tab.outbox.items.get()[0]).toMatchObject({ state: "failed", error: { message: "too_large!" } });
    tab.sendAgain(key);
    await quiet();
    expect(tab.calls).toHaveLength(2);
  });

  it("goes with the second message into the conversation that the first one made", async () => {
    tab.enqueue(written("one", null, null));
    tab.enqueue(written("two", `${tab.outbox.items.get()[0]?.key ?? ""}:a`, null));
    await quiet();
    expect(tab.contents()).toEqual(["one"]);
    expect(tab.call(0).fields).not.toHaveProperty("conversation");
    await tab.reply(0);
    expect(tab.call(1).fields).toMatchObject({ content: "two", conversation: "new", parent: "a one" });
  });
});

describe("without a line", () => {
  it("it waits, and goes once when the line is there", async () => {
    tab.set("connecting");
    tab.enqueue(written("hello"));
    await quiet();
    expect(tab.calls).toHaveLength(0);
    tab.set("open");
    tab.set("open");
    await quiet();
    expect(tab.contents()).toEqual(["hello"]);
  });

  it("what was under way when the page went is asked again under its key", async () => {
    const { key } = tab.enqueue(written("hello"));
    await quiet();
    tab.kill();
    const next = await openTab("connecting");
    next.set("open");
    await quiet();
    expect(next.calls.map(({ fields }) => fields["client_msg_id"])).toEqual([key]);
  });

  it("nothing older than a day goes by itself", async () => {
    tab.set("away");
    tab.enqueue(written("hello"));
    await later(25 * 3600 * 1000);
    tab.set("open");
    await quiet();
    expect(tab.calls).toHaveLength(0);
    expect(tab.outbox.items.get()[0]?.state).toBe("old");
  });
});

describe("the next question", () => {
  it("waits until it is let go, over a reload too, and then goes once after what it follows", async () => {
    const { key } = tab.enqueue(written("next"), "queued");
    await quiet();
    tab.kill();
    const next = await openTab();
    next.pump();
    await quiet();
    expect(next.calls).toHaveLength(0);
    next.outbox.release(key, "a1");
    next.outbox.release(key, "a1");
    await quiet();
    expect(next.calls.map(({ fields }) => [fields["content"], fields["parent"]])).toEqual([["next", "a1"]]);
  });

  it("takes more words as long as it waits, and makes another one when it has gone", () => {
    const { key } = tab.enqueue(written("one"), "queued");
    tab.enqueueNext(written("more"), key);
    expect(tab.outbox.items.get().map(({ content }) => content)).toEqual(["one\n\nmore"]);
    tab.outbox.release(key, null);
    tab.enqueueNext(written("late"), key);
    expect(tab.outbox.items.get().map(({ content, state }) => [content, state])).toEqual([
      ["one\n\nmore", "waiting"],
      ["late", "queued"],
    ]);
  });
});
