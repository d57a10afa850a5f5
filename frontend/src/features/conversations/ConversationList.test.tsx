import { QueryClientProvider } from "@tanstack/react-query";
import { act, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { setRunning, setUnread, useMarks } from "@/api/live";
import { queryClient } from "@/api/query";
import type { Conversation } from "@/api/types";
import { useToasts } from "@/ui/toasts";
import { ConversationList } from "./ConversationList";

const chat = (id: string, title: string): Conversation => ({
  id,
  title,
  model: "",
  folder: "",
  pinned: false,
  archived: false,
  created: new Date().toISOString(),
  updated: new Date().toISOString(),
});

const calls: [string, string, unknown][] = [];
function serve(items: Conversation[]) {
  document.cookie = "csrftoken=t";
  calls.length = 0;
  vi.stubGlobal(
    "fetch",
    vi.fn((url: string, init: RequestInit) => {
      const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : null;
      if (init.method !== "GET") calls.push([init.method ?? "", url, body]);
      const reply = init.method === "PATCH" ? { ...items[0], ...(body as object) } : { items, next: null };
      return Promise.resolve(
        new Response(init.method === "DELETE" ? null : JSON.stringify(reply), {
          status: init.method === "DELETE" ? 204 : 200,
          headers: { "Content-Type": "application/json" },
        }),
      );
    }),
  );
}

async function show(props: Partial<Parameters<typeof ConversationList>[0]> = {}) {
  render(
    <QueryClientProvider client={queryClient}>
      <ConversationList current={null} archived={false} q="" onOpen={vi.fn()} {...props} />
    </QueryClientProvider>,
  );
  await screen.findByRole("link", { name: /Tides/ });
}

beforeEach(() => {
  queryClient.clear();
  useToasts.setState({ toasts: [] });
  useMarks.setState({ running: new Set(), unread: new Set() });
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      observe() {
        return undefined;
      }
      disconnect() {
        return undefined;
      }
    },
  );
  serve([chat("1", "Tides"), chat("2", "Ghent"), chat("3", "Probes")]);
});

describe("marks in the list", () => {
  it("are said, not only shown, and the open chat is never unread", async () => {
    await show({ current: "2" });
    act(() => {
      setRunning("1", true);
      setUnread("2", true);
      setUnread("3", true);
    });
    const list = within(screen.getByRole("navigation", { name: "Your chats" }));
    expect(list.getByRole("link", { name: "Tides, being written" })).toBeVisible();
    expect(list.getByRole("link", { name: "Ghent" })).toHaveAttribute("aria-current", "page");
    expect(list.getByRole("link", { name: "Probes, unread" })).toBeVisible();
  });
});

describe("the list of chats by keyboard", () => {
  it("is one stop of Tab, with arrows inside", async () => {
    await show();
    await userEvent.tab();
    expect(screen.getByRole("link", { name: "Tides" })).toHaveFocus();
    await userEvent.keyboard("{ArrowDown}{ArrowDown}");
    expect(screen.getByRole("link", { name: "Probes" })).toHaveFocus();
    await userEvent.keyboard("{Home}");
    expect(screen.getByRole("link", { name: "Tides" })).toHaveFocus();
    expect(screen.getAllByRole("link").filter((link) => link.tabIndex === 0)).toHaveLength(1);
  });

  it("renames in place with F2, and Escape leaves the title as it was", async () => {
    await show();
    await userEvent.tab();
    await userEvent.keyboard("{F2}");
    await userEvent.keyboard("Moon{Escape}");
    expect(calls).toEqual([]);
    await userEvent.tab();
    screen.getByRole("link", { name: "Tides" }).focus();
    await userEvent.keyboard("{F2}");
    await userEvent.keyboard("Moon{Enter}");
    expect(screen.getByRole("link", { name: "Moon" })).toBeVisible();
    expect(calls).toEqual([["PATCH", "/api/v1/conversations/1", { title: "Moon" }]]);
  });

  it("deletes at once and offers the way back", async () => {
    await show();
    await userEvent.tab();
    await userEvent.keyboard("{Delete}");
    expect(screen.queryByRole("link", { name: "Tides" })).not.toBeInTheDocument();
    expect(useToasts.getState().toasts[0]).toMatchObject({
      text: "“Tides” deleted",
      action: { label: "Undo" },
    });
    expect(calls).toEqual([["DELETE", "/api/v1/conversations/1", null]]);
  });
});
