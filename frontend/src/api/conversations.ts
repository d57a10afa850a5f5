import { type InfiniteData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { personal } from "@/lib/person";
import { api } from "./client";
import { queryClient } from "./query";
import type { Conversation, ConversationPatch, Page } from "./types";

export interface ListFilter {
  archived: boolean;
  /** Looks in titles and texts. */
  q: string;
}
type Pages = InfiniteData<Page<Conversation>, string | null>;

const root = ["conversations"] as const;
const isPlain = ({ archived, q }: ListFilter) => !archived && !q;
const filterOf = (key: readonly unknown[]): ListFilter => key[1] as ListFilter;

/** Deleted here: a fetch or an event that was on its way must not bring them back. */
const hidden = new Set<string>();
const withoutHidden = (page: Page<Conversation>): Page<Conversation> =>
  hidden.size === 0 ? page : { ...page, items: page.items.filter(({ id }) => !hidden.has(id)) };

function lastSeen(): Pages | undefined {
  try {
    const items = JSON.parse(personal.get("conversations") ?? "null") as Conversation[] | null;
    return items ? { pages: [{ items, next: null }], pageParams: [null] } : undefined;
  } catch {
    return undefined;
  }
}

/** Conversations, newest change first, page by page. The first page of the last visit stands until the server answers. */
export function useConversations(filter: ListFilter, enabled = true) {
  return useInfiniteQuery({
    queryKey: [...root, filter],
    enabled,
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }) => {
      const query = { cursor: pageParam, limit: 50, archived: filter.archived, q: filter.q };
      const page = withoutHidden(await api<Page<Conversation>>("conversations", { query, signal }));
      if (isPlain(filter) && pageParam === null)
        personal.set("conversations", JSON.stringify(page.items.slice(0, 40)));
      return page;
    },
    getNextPageParam: (page) => page.next,
    placeholderData: (previous) => previous ?? (isPlain(filter) ? lastSeen() : undefined),
  });
}

export function useConversation(id: string | null) {
  return useQuery({
    queryKey: ["conversation", id],
    enabled: id !== null,
    queryFn: ({ signal }) => api<Conversation>(`conversations/${id}`, { signal }),
    initialData: () => (id ? findInLists(id) : undefined),
  });
}

function lists(): [readonly unknown[], Pages][] {
  return queryClient
    .getQueriesData<Pages>({ queryKey: root })
    .filter((entry): entry is [readonly unknown[], Pages] => entry[1] !== undefined);
}

export function findInLists(id: string): Conversation | undefined {
  for (const [, data] of lists())
    for (const { items } of data.pages) for (const item of items) if (item.id === id) return item;
  return undefined;
}

function mapItems(data: Pages, change: (items: Conversation[]) => Conversation[]): Pages {
  return { ...data, pages: data.pages.map((page) => ({ ...page, items: change(page.items) })) };
}

export function removeFromLists(id: string): void {
  for (const [key, data] of lists())
    queryClient.setQueryData(
      key,
      mapItems(data, (items) => items.filter((item) => item.id !== id)),
    );
}

/** Puts a conversation where it belongs in every list that is in memory: changed in place, moved, or taken out. */
export function upsertInLists(conversation: Conversation): void {
  const { id } = conversation;
  if (hidden.has(id)) return;
  queryClient.setQueryData<Conversation>(["conversation", id], (old) => ({ ...old, ...conversation }));
  for (const [key, data] of lists()) {
    const filter = filterOf(key);
    const old = findIn(data, id);
    if (filter.q) {
      if (old) queryClient.setQueryData(key, mapItems(data, replace(conversation)));
      continue;
    }
    if (filter.archived !== conversation.archived) {
      if (old)
        queryClient.setQueryData(
          key,
          mapItems(data, (items) => items.filter((item) => item.id !== id)),
        );
    } else if (old?.updated === conversation.updated) {
      queryClient.setQueryData(key, mapItems(data, replace(conversation)));
    } else {
      const rest = mapItems(data, (items) => items.filter((item) => item.id !== id));
      const [first, ...others] = rest.pages;
      if (first)
        queryClient.setQueryData<Pages>(key, {
          ...rest,
          pages: [{ ...first, items: [conversation, ...first.items].sort(byUpdated) }, ...others],
        });
    }
  }
}

const byUpdated = (a: Conversation, b: Conversation) => b.updated.localeCompare(a.updated);
const findIn = (data: Pages, id: string) =>
  data.pages.flatMap(({ items }) => items).find((item) => item.id === id);
const replace = (conversation: Conversation) => (items: Conversation[]) =>
  items.map((item) => (item.id === conversation.id ? { ...item, ...conversation } : item));

const ECHO_MS = 3000;
const settling = new Map<string, { patch: ConversationPatch; until: number; looks?: boolean }>();

/**
 * Whether news of a conversation is older than what was just done to it here: done, undone and done again within a
 * second, its events come later, one after another. What was passed over so is looked up once they have all come.
 */
export function isStale(news: Conversation): boolean {
  const own = settling.get(news.id);
  if (!own) return false;
  if (Date.now() > own.until) {
    settling.delete(news.id);
    return false;
  }
  const stale = Object.entries(own.patch).some(
    ([name, value]) =>
      name in news && typeof value !== "object" && news[name as keyof Conversation] !== value,
  );
  if (stale && !own.looks) {
    own.looks = true;
    setTimeout(
      () => void queryClient.invalidateQueries({ queryKey: ["conversations"] }),
      own.until - Date.now() + 10,
    );
  }
  return stale;
}

/** Changes at once and tells the server; what it refuses is put back, and thrown. */
export async function patchConversation(conversation: Conversation, patch: ConversationPatch): Promise<void> {
  const before = settling.get(conversation.id)?.patch;
  settling.set(conversation.id, { patch: { ...before, ...patch }, until: Date.now() + ECHO_MS });
  upsertInLists({ ...conversation, ...patch });
  try {
    upsertInLists(
      await api<Conversation>(`conversations/${conversation.id}`, { method: "PATCH", body: patch }),
    );
  } catch (error) {
    settling.delete(conversation.id);
    upsertInLists(conversation);
    throw error;
  }
}

/** Takes a conversation off the page and tells the server; what it refuses is put back, and thrown. */
export async function deleteConversation(conversation: Conversation): Promise<void> {
  const { id } = conversation;
  hidden.add(id);
  removeFromLists(id);
  try {
    await api(`conversations/${id}`, { method: "DELETE" });
  } catch (error) {
    hidden.delete(id);
    upsertInLists(conversation);
    throw error;
  }
}

/** Brings a deleted conversation back, here at once. The server keeps it for 30 days. */
export async function restoreConversation(conversation: Conversation): Promise<void> {
  const { id } = conversation;
  hidden.delete(id);
  upsertInLists(conversation);
  try {
    upsertInLists(
      await api<Conversation>(`conversations/${id}`, { method: "PATCH", body: { deleted: false } }),
    );
    await queryClient.invalidateQueries({ queryKey: ["conversation", id] });
  } catch (error) {
    hidden.add(id);
    removeFromLists(id);
    throw error;
  }
}
