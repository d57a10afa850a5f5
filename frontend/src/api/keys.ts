import { api } from "./client";
import type { ApiKey, NewApiKey, Page, Scope } from "./types";

/** In the order in which they are offered. */
export const scopes = [
  "chat:read",
  "chat:write",
  "completions",
  "models:read",
  "account",
] as const satisfies Scope[];

export const keys = {
  list: (signal?: AbortSignal) => api<Page<ApiKey>>("keys", { signal }),
  create: (fields: { name: string; scopes: Scope[]; expires: string | null }) =>
    api<NewApiKey>("keys", { method: "POST", body: fields }),
  revoke: (id: string) => api(`keys/${id}`, { method: "DELETE", keepalive: true }),
};
