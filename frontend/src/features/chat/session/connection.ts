import { conversationChanged, setRunning, setUnread, useMarks, userSnapshot } from "@/api/live";
import { queryClient } from "@/api/query";
import { confirmSession } from "@/api/session";
import { carryTopics, tellUserEvent } from "@/api/topics";
import type { Conversation } from "@/api/types";
import { setConnection } from "@/lib/connection";
import { translate } from "@/lib/i18n";
import { whose } from "@/lib/person";
import { navigate, paths } from "@/lib/router";
import { type Json, RealtimeClient, type Subscription, followPage } from "@/realtime/index";
import { toast } from "@/ui";
import { twins } from "./twins";

const text = (value: unknown): string => (typeof value === "string" ? value : "");

async function sameOrigin(url: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers);
  if (init.method !== "GET") {
    const token = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1];
    if (token) headers.set("X-CSRFToken", token);
  }
  return fetch(url, { ...init, headers, credentials: "same-origin" });
}

/** The page's one connection. */
export const realtime = new RealtimeClient({
  url: () => `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/ws/v1/`,
  http: {
    base: "/api/v1",
    fetch: sameOrigin,
    commands: twins,
    probe: async () => (await fetch("/health/live", { cache: "no-store" })).ok,
  },
  report: (error) => console.error(error),
});
carryTopics(realtime);

/** Which conversation is being looked at: its answers are not news. */
let looked: string | null = null;
export function lookAt(conversation: string | null): void {
  looked = conversation;
  if (conversation) setUnread(conversation, false);
}

let list: Subscription | null = null;

function followList(user: string): void {
  list ??= realtime.subscribe(
    `user.${user}`,
    {
      snapshot: (data) => {
        const running = (data["running"] ?? []) as Json[];
        userSnapshot({
          unread: [...useMarks.getState().unread],
          running: running.map((one) => text(one["conversation"])).filter(Boolean),
        });
        void conversationsAgain();
        tellUserEvent("snapshot", data);
      },
      event: ({ type, data }) => {
        if (type === "conversation.changed") changed(data);
        tellUserEvent(type, data);
        if (type === "usage") budgetWarned(data);
      },
      ended: () => {
        list = null;
      },
    },
    { urgency: "background" },
  );
}

function budgetWarned(data: Json): void {
  void queryClient.invalidateQueries({ queryKey: ["budgets"] });
  toast({
    text: translate(data["percent"] === 100 ? "chat.budget_full" : "chat.budget_near"),
    action: { label: translate("conversations.usage"), run: () => navigate(paths.usage) },
  });
}

/** Events follow a snapshot, and the list may have been fetched before it: what changed in between was in neither. */
async function conversationsAgain(): Promise<void> {
  await queryClient.invalidateQueries({ queryKey: ["conversations"] });
}

function changed(data: Json): void {
  const id = text(data["id"]);
  const kind = text(data["change"]);
  const conversation = data["conversation"] as Conversation | null | undefined;
  if (kind === "deleted") conversationChanged({ id, deleted: true });
  else if (conversation) conversationChanged({ id, conversation });
  if (kind === "started" || (kind === "created" && data["generation"])) setRunning(id, true);
  if (kind === "ended") {
    setRunning(id, false);
    if (id !== looked || document.visibilityState === "hidden") setUnread(id, true);
  }
}

let stopFollowing: (() => void) | null = null;

/** Opens the line for someone who is signed in. Calling it again does nothing. */
export function connect(): void {
  if (stopFollowing) return;
  stopFollowing = followPage(realtime);
  realtime.status.subscribe(report);
  realtime.start();
}

function report(): void {
  const { state, user, established, stop } = realtime.status.get();
  if (state === "open") setConnection("live");
  else if (state === "connecting" && !established) setConnection("connecting");
  else setConnection("away");
  if (state === "open" && user === whose() && user) followList(user);
  // The cookie is someone else's by now: the page becomes theirs.
  if (state === "open" && user && user !== whose()) void confirmSession().catch(() => undefined);
  // 4500: the session is over. Asking who we are sends the page to the sign-in.
  if (state === "stopped" && stop?.code === 4500) void confirmSession().catch(() => undefined);
}

/** Signed out: nothing of this person may come any more. */
export function disconnect(): void {
  stopFollowing?.();
  stopFollowing = null;
  list?.close();
  list = null;
  realtime.stop();
}
