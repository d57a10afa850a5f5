import type { InfiniteData } from "@tanstack/react-query";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { deleteConversation, patchConversation, restoreConversation, upsertInLists } from "./conversations";
import { conversationChanged } from "./live";
import { queryClient } from "./query";
import type { Conversation, Page } from "./types";

const chat = (id: string, more: Partial<Conversation> = {}): Conversation => ({
  id,
  title: id,
  model: "",
  folder: "",
  pinned: false,
  archived: false,
  created: "2026-01-01T00:00:00Z",
  updated: `2026-01-0${id}T00:00:00Z`,
  ...more,
});
const plain = ["conversations", { archived: false, q: "" }];
const archive = ["conversations", { archived: true, q: "" }];
const fill = (key: unknown[], ...pages: Conversation[][]) =>
  queryClient.setQueryData<InfiniteData<Page<Conversation>>>(key, {
    pages: pages.map((items) => ({ items, next: null })),
    pageParams: pages.map(() => null),
  });
const titles = (key: unknown[]) =>
  queryClient
    .getQueryData<InfiniteData<Page<Conversation>>>(key)
    ?.pages.flatMap(({ items }) => items.map(({ title }) => title));

/** Answers the next calls of fetch, one each. */
function answers(...replies: (object | { status: number; body: object } | null)[]) {
  const mock = vi.fn();
  for (const reply of replies) {
    const { status = reply === null ? 204 : 200, body = reply } = (reply ?? {}) as {
      status?: number;
      body?: object;
    };
    mock.mockResolvedValueOnce(
      new Response(status === 204 ? null : JSON.stringify(body), {
        status,
        headers: { "Content-Type": "application/json" },
      }),
    );
  }
  document.cookie = "csrftoken=t";
  vi.stubGlobal("fetch", mock);
  return mock;
}

beforeEach(() => {
  queryClient.clear();
  fill(plain, [chat("3"), chat("2")], [chat("1")]);
  fill(archive, []);
});

describe("the list of chats", () => {
  it("moves a chat up when it has news, and takes in a new one", () => {
    upsertInLists(chat("1", { title: "one", updated: "2026-02-01T00:00:00Z" }));
    upsertInLists(chat("4"));
    expect(titles(plain)).toEqual(["one", "4", "3", "2"]);
  });

  it("renames in place, without moving", () => {
    conversationChanged({ id: "2", conversation: chat("2", { title: "two" }) });
    expect(titles(plain)).toEqual(["3", "two", "1"]);
  });

  it("passes over news that are older than what was just done here, and looks again once all have come", async () => {
    vi.useFakeTimers({ now: new Date("2026-03-01T00:00:00Z") });
    try {
      answers(chat("2", { archived: true }), chat("2"), chat("2", { archived: true }));
      for (const archived of [true, false, true])
        await patchConversation(chat("2", { archived: !archived }), { archived });
      const looked = vi.spyOn(queryClient, "invalidateQueries");
      for (let times = 0; times < 3; times++) conversationChanged({ id: "2", conversation: chat("2") });
      expect(titles(plain)).toEqual(["3", "1"]);
      expect(titles(archive)).toEqual(["2"]);
      expect(looked).not.toHaveBeenCalled();
      vi.advanceTimersByTime(4000);
      expect(looked).toHaveBeenCalledTimes(1);
      conversationChanged({ id: "2", conversation: chat("2") });
      expect(titles(archive)).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("takes what another device deleted out", () => {
    conversationChanged({ id: "2", deleted: true });
    expect(titles(plain)).toEqual(["3", "1"]);
  });

  it("shows a change before the server has answered, and puts back what it refuses", async () => {
    answers({ status: 409, body: { code: "conflict" } });
    const patching = patchConversation(chat("2"), { title: "two" });
    expect(titles(plain)).toEqual(["3", "two", "1"]);
    await expect(patching).rejects.toMatchObject({ code: "conflict" });
    expect(titles(plain)).toEqual(["3", "2", "1"]);
  });

  it("moves an archived chat to the archive", async () => {
    answers(chat("2", { archived: true }));
    await patchConversation(chat("2"), { archived: true });
    expect([titles(plain), titles(archive)]).toEqual([["3", "1"], ["2"]]);
  });

  it("keeps a deleted chat away, even when an event about it arrives late, until it is restored", async () => {
    const mock = answers(null, chat("2"));
    await deleteConversation(chat("2"));
    conversationChanged({ id: "2", conversation: chat("2", { updated: "2026-03-01T00:00:00Z" }) });
    expect(titles(plain)).toEqual(["3", "1"]);
    await restoreConversation(chat("2"));
    expect(titles(plain)).toEqual(["3", "2", "1"]);
    expect(
      (mock.mock.calls as [string, RequestInit][]).map(([url, init]) => [init.method, url, init.body]),
    ).toEqual([
      ["DELETE", "/api/v1/conversations/2", undefined],
      ["PATCH", "/api/v1/conversations/2", '{"deleted":false}'],
    ]);
  });

  it("brings back a chat whose deletion failed", async () => {
    answers({ status: 503, body: {} });
    await expect(deleteConversation(chat("2"))).rejects.toMatchObject({ temporary: true });
    expect(titles(plain)).toEqual(["3", "2", "1"]);
  });
});
