import type { Conversation } from "@/api/types";
import { formatDate, type Key } from "@/lib/i18n";

export interface Group {
  id: string;
  /** A word of ours, or a month in the reader's language. */
  label: { key: Key } | { text: string };
  items: Conversation[];
}

const day = 86_400_000;

/** Pinned first, then by the reader's own days: today, yesterday, the last 7 and 30, then by month. Keeps the order within a group. */
export function groupByDay(conversations: Conversation[], now = new Date()): Group[] {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  const groups = new Map<string, Group>();
  const groupOf = (conversation: Conversation): Omit<Group, "items"> => {
    if (conversation.pinned) return { id: "pinned", label: { key: "conversations.pinned" } };
    const when = new Date(conversation.updated);
    const age = midnight - when.getTime();
    if (age <= 0) return { id: "today", label: { key: "conversations.today" } };
    if (age <= day) return { id: "yesterday", label: { key: "conversations.yesterday" } };
    if (age <= 7 * day) return { id: "week", label: { key: "conversations.week" } };
    if (age <= 30 * day) return { id: "month", label: { key: "conversations.month" } };
    const id = `${when.getFullYear()}-${when.getMonth()}`;
    return { id, label: { text: formatDate(when, { month: "long", year: "numeric" }) } };
  };
  for (const conversation of conversations) {
    const { id, label } = groupOf(conversation);
    const group = groups.get(id) ?? { id, label, items: [] };
    group.items.push(conversation);
    groups.set(id, group);
  }
  const pinned = groups.get("pinned");
  groups.delete("pinned");
  return pinned ? [pinned, ...groups.values()] : [...groups.values()];
}
