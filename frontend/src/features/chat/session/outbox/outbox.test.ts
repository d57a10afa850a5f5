import { IDBDatabase, IDBObjectStore } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Tab, later, newBrowser, openTab, quiet, written } from "../testing/tabs";

const words = (tab: Tab) => tab.outbox.items.get().map(({ content }) => content);

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe.each([
  ["with Web Locks", true],
  ["with leases in IndexedDB", false],
])("several tabs of one person, %s", (_, locks) => {
  let one: Tab;
  let two: Tab;
  beforeEach(async () => {
    newBrowser({ locks });
    one = await openTab("away");
    two = await openTab("away");
  });

  it("show the same, and send it once", async () => {
    one.enqueue(written("hello"));
    await quiet();
    expect(words(two)).toEqual(["hello"]);
    one.set("open");
    two.set("open");
    await quiet();
    await later(60);
    const [first] = [one, two].filter(({ calls }) => calls.length > 0);
    expect(one.calls.length + two.calls.length).toBe(1);
    await first?.reply(0);
    await later(15_000);
    expect(one.calls.length + two.calls.length).toBe(1);
    expect([words(one), words(two)]).toEqual([[], []]);
  });

  it("keep the order of a conversation although each wrote a part of it", async () => {
    const { key } = one.enqueue(written("first"));
    await later(5);
    two.enqueue(written("second", `${key}:a`));
    await quiet();
    two.set("open");
    await quiet();
    expect(two.contents()).toEqual(["first"]);
    await two.reply(0);
    await later(100);
    expect(two.contents()).toEqual(["first", "second"]);
    expect(two.call(1).fields["parent"]).toBe("a first");
  });

  it("take over from one that died in the middle of sending, with the same key and fields, without a reload", async () => {
    two.set("open");
    one.set("open");
    const { key } = one.enqueue(written("hello"));
    await quiet();
    expect([one.calls.length, two.calls.length]).toEqual([1, 0]);
    const { fields } = one.call(0);
    one.kill();
    await later(locks ? 0 : 11_000);
    expect(two.calls.map((call) => call.fields)).toEqual([fields]);
    expect(fields["client_msg_id"]).toBe(key);
    await two.reply(0);
    expect(words(two)).toEqual([]);
  });

  it("learn what another one sent for them, and follow its answer", async () => {
    const session = one.sessions.sessionFor(null);
    one.enqueue({ ...written("hello", null, null), draft: session.draft });
    await quiet();
    two.set("open");
    await quiet();
    await two.reply(0, { topic: "generation.g", position: { epoch: "e", offset: 0 } });
    expect(session.id).toBe("new");
    expect(one.followed).toContain("generation.g");
    session.rebuild();
    expect(session.state.get().path.map(({ id, text }) => [id, text])).toEqual([
      ["u hello", "hello"],
      ["a hello", ""],
    ]);
  });

  it("take back by Stop only what none of them has begun to send", async () => {
    const mine = one.enqueue(written("early"));
    await quiet();
    expect(await one.outbox.takeBack(mine.key)).toBe(true);
    await quiet();
    expect([words(one), words(two)]).toEqual([[], []]);
    const late = one.enqueue(written("late"));
    await quiet();
    two.set("open");
    await quiet();
    expect(two.contents()).toEqual(["late"]);
    expect(await one.outbox.takeBack(late.key)).toBe(false);
  });
});

describe("what earlier versions kept in localStorage", () => {
  const old = { ...written("from before"), key: "k", created: 1, state: "sending", error: null, tried: true };
  beforeEach(() => {
    newBrowser();
    vi.setSystemTime(1_000);
    localStorage.setItem("rivulet.of.ada.outbox", JSON.stringify([old]));
  });

  it("is taken over once, by one of two tabs, and sent under its key", async () => {
    const [one, two] = [await openTab(), await openTab()];
    await quiet();
    expect([...one.calls, ...two.calls].map(({ fields }) => fields["client_msg_id"])).toEqual(["k"]);
    expect(localStorage.getItem("rivulet.of.ada.outbox")).toBeNull();
    await one.reply(0);
    localStorage.setItem("rivulet.of.ada.outbox", JSON.stringify([old]));
    const three = await openTab();
    await quiet();
    expect([words(three), three.calls.length]).toEqual([[], 0]);
  });

  it("belongs to its person", async () => {
    const tab = await openTab("open", "carol");
    await quiet();
    expect([words(tab), tab.calls.length]).toEqual([[], 0]);
    expect(localStorage.getItem("rivulet.of.ada.outbox")).not.toBeNull();
  });
});

describe("a tab that is closed in the moment of a key", () => {
  const noted = () => Object.keys(localStorage).filter((name) => name.startsWith("rivulet.of.ada.outbox"));
  /** IndexedDB that is asked and has not answered when the tab is gone. */
  const stall = () => {
    const endless = { objectStore: () => ({ getAll: () => ({}) }) } as unknown as IDBTransaction;
    return vi.spyOn(IDBDatabase.prototype, "transaction").mockReturnValue(endless);
  };
  beforeEach(() => newBrowser());

  it("has lost nothing of what was just sent or queued", async () => {
    const tab = await openTab("away");
    const first = tab.enqueue(written("first"));
    tab.outbox.queue({ ...first, key: "q", state: "queued", parent: `${first.key}:a` }, null);
    await quiet();
    expect(noted()).toEqual([]);
    const stalled = stall();
    tab.enqueue(written("in the last moment", null, "E"));
    tab.outbox.queue({ ...first, key: "unused", content: "and more" }, "q");
    await quiet();
    expect(stalled).toHaveBeenCalledOnce();
    tab.kill();
    stalled.mockRestore();
    const next = await openTab("away");
    await quiet();
    expect(words(next)).toEqual(["first", "first\n\nand more", "in the last moment"]);
    expect(noted()).toEqual([]);
    next.set("open");
    await quiet();
    expect(next.contents()).toEqual(["first", "in the last moment"]);
  });

  it("does not bring back what another one that lives took out again", async () => {
    await openTab("away");
    const { leftovers } = await import("./journal");
    localStorage.setItem("rivulet.of.ada.outbox.living", JSON.stringify([{ ...written("x"), key: "x" }]));
    const left = leftovers();
    expect(left.change([])).toHaveLength(1);
    localStorage.removeItem("rivulet.of.ada.outbox.living");
    expect(left.change([])).toEqual([]);
  });

  it("leaves nothing behind for somebody who signed out", async () => {
    const tab = await openTab("away");
    stall();
    tab.enqueue(written("secret"));
    expect(noted()).toHaveLength(1);
    const { clearPerson } = await import("@/lib/person");
    clearPerson("ada");
    tab.enqueue(written("later"));
    expect(noted()).toEqual([]);
  });
});

describe("a browser that keeps nothing", () => {
  it("sends from memory, once, and says so", async () => {
    newBrowser({ database: false });
    const tab = await openTab("away");
    tab.enqueue(written("hello"));
    await quiet();
    expect(tab.outbox.lasting.get()).toBe(false);
    tab.set("open");
    await quiet();
    await tab.reply(0);
    await later(60_000);
    expect([tab.contents(), words(tab)]).toEqual([["hello"], []]);
  });

  it("is told from one that is full: what fits later is kept then, and until then it is sent from here", async () => {
    newBrowser();
    const tab = await openTab("away");
    const put = vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    tab.enqueue(written("too much"));
    await quiet();
    expect([words(tab), tab.outbox.lasting.get()]).toEqual([["too much"], false]);
    put.mockRestore();
    tab.enqueue(written("more", null, "E"));
    await quiet();
    expect(tab.outbox.lasting.get()).toBe(true);
    tab.kill();
    expect(words(await openTab("away"))).toEqual(["too much", "more"]);
  });

  it("sends what could not be kept, once", async () => {
    newBrowser();
    vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    const tab = await openTab();
    tab.enqueue(written("hello"));
    await quiet();
    expect(tab.contents()).toEqual(["hello"]);
    await tab.reply(0);
    await later(60_000);
    expect([tab.contents(), words(tab)]).toEqual([["hello"], []]);
  });
});
