import "fake-indexeddb/auto";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { setUnread, useMarks } from "@/api/live";
import { forget, setMe, signOut } from "@/api/session";
import type { Me } from "@/api/types";
import { readDraft, writeDraft } from "./drafts";
import { type Outgoing, outbox } from "./outbox";
import { transact } from "./outbox/database";
import { whose } from "@/lib/person";

vi.mock("@/api/account", () => ({ account: { logout: () => Promise.resolve() } }));

const me = (id: string) => ({ id, email: `${id}@example.org`, name: id }) as Me;
const message = (content: string): Outgoing => ({
  key: `key of ${content}`,
  kind: "send",
  conversation: null,
  draft: "d",
  parent: null,
  content,
  model: null,
  message: null,
  mode: "again",
  created: Date.now(),
  state: "waiting",
  error: null,
});
const unsent = () => outbox.items.get().map(({ content }) => content);
/** All that lies in IndexedDB, whoever's it is. */
const kept = () =>
  transact("outbox", "readonly", (store) => {
    const all = store.getAll();
    return () => JSON.stringify(all.result);
  });
async function signIn(id: string): Promise<void> {
  setMe(me(id));
  await outbox.ready;
}

beforeEach(async () => {
  await transact("outbox", "readwrite", (store) => {
    store.clear();
    return () => undefined;
  });
  forget();
  setMe(me("bob"));
  outbox.add(message("bob's secret"));
  writeDraft(null, "bob's thought");
  setUnread("bob's chat", true);
});

describe("what a person left in a browser", () => {
  it("is neither shown nor there to send for whoever signs in next, and waits for them", async () => {
    forget();
    expect(unsent()).toEqual([]);
    await signIn("carol");
    expect([unsent(), readDraft(null), [...useMarks.getState().unread]]).toEqual([[], "", []]);
    outbox.add(message("carol's own"));
    forget();
    await signIn("bob");
    expect([unsent(), readDraft(null)]).toEqual([["bob's secret"], "bob's thought"]);
    expect([...useMarks.getState().unread]).toEqual(["bob's chat"]);
  });

  it("changes hands at once when the cookie turns out to be someone else's", async () => {
    await signIn("carol");
    expect([unsent(), readDraft(null)]).toEqual([[], ""]);
  });

  it("keeps what they typed last although someone else is here by now", () => {
    const writer = whose();
    setMe(me("carol"));
    writeDraft(null, "bob's last word", writer);
    expect(readDraft(null)).toBe("");
    setMe(me("bob"));
    expect(readDraft(null)).toBe("bob's last word");
  });

  it("goes with an explicit sign-out, what is typed last too", async () => {
    const writer = whose();
    await signOut();
    writeDraft(null, "late", writer);
    expect(Object.values(localStorage).join()).not.toMatch(/secret|thought|late/);
    await vi.waitFor(async () => expect(await kept()).toBe("[]"));
    await signIn("bob");
    expect([unsent(), readDraft(null)]).toEqual([[], ""]);
  });
});

it("nobody gets what an earlier version kept for nobody in particular", async () => {
  localStorage.setItem("rivulet.outbox", JSON.stringify([message("whose?")]));
  localStorage.setItem("rivulet.draft.new", "whose?");
  localStorage.setItem("rivulet.theme", "dark");
  vi.resetModules();
  await import("@/lib/person");
  expect([localStorage.getItem("rivulet.outbox"), localStorage.getItem("rivulet.draft.new")]).toEqual([
    null,
    null,
  ]);
  expect(localStorage.getItem("rivulet.theme")).toBe("dark");
});
