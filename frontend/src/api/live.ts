import { create } from "zustand";
import { onPerson, personal } from "@/lib/person";
import { queryClient } from "./query";
import type { Conversation } from "./types";
import { isStale, removeFromLists, upsertInLists } from "./conversations";

/** Marks beside conversations: being written now, and changed since last read. Fed by the user topic. */
export const useMarks = create<{ running: ReadonlySet<string>; unread: ReadonlySet<string> }>(() => ({
  running: new Set(),
  unread: keptUnread(),
}));

/** Unread marks survive a reload and follow to other tabs. */
function keptUnread(): ReadonlySet<string> {
  try {
    return new Set(JSON.parse(personal.get("unread") ?? "[]") as string[]);
  } catch {
    return new Set();
  }
}
personal.onChange("unread", () => useMarks.setState({ unread: keptUnread() }));
onPerson(() => useMarks.setState({ unread: keptUnread(), running: new Set() }));

function mark(kind: "running" | "unread", id: string, on: boolean): void {
  const marks = useMarks.getState()[kind];
  if (marks.has(id) === on) return;
  const next = new Set(marks);
  if (on) next.add(id);
  else next.delete(id);
  useMarks.setState({ [kind]: next });
  if (kind === "unread") personal.set("unread", JSON.stringify([...next].slice(-200)));
}

export const setRunning = (id: string, on: boolean): void => mark("running", id, on);
export const setUnread = (id: string, on: boolean): void => mark("unread", id, on);

/** The snapshot of the user topic: ids of conversations. */
export function userSnapshot({ unread, running }: { unread: string[]; running: string[] }): void {
  useMarks.setState({ unread: new Set(unread), running: new Set(running) });
}

/** A `conversation.changed` event. With the conversation in it the list changes in place, without it is fetched again. */
export function conversationChanged(change: {
  id: string;
  conversation?: Conversation | null | undefined;
  deleted?: boolean | undefined;
}): void {
  if (change.deleted) removeFromLists(change.id);
  else if (change.conversation) {
    if (!isStale(change.conversation)) upsertInLists(change.conversation);
  } else void queryClient.invalidateQueries({ queryKey: ["conversations"] });
}
