import { api } from "./client";
import type { Page, Session } from "./types";

/** The sign-ins of the person, of browsers and apps. */
export const sessions = {
  list: (signal?: AbortSignal) => api<Page<Session>>("sessions", { signal }),
  end: (id: number) => api(`sessions/${id}`, { method: "DELETE" }),
};
