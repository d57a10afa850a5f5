import { getLocale } from "@/lib/i18n";
import { ApiError, fromProblem } from "./errors";

export interface CallOptions {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  body?: unknown;
  query?: Record<string, string | number | boolean | null | undefined>;
  signal?: AbortSignal | undefined;
  /** Sends it even while the page goes away. */
  keepalive?: boolean;
  idempotencyKey?: string;
}

/** The cookie that any answer of the account API leaves; null where the server was not met yet. */
export function csrfToken(): string | null {
  return /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? null;
}

let fetchingToken: Promise<unknown> | null = null;

/** Any answer of the account API brings the cookie; asked for only when it is missing. */
async function csrf(): Promise<string> {
  const there = csrfToken();
  if (there) return there;
  fetchingToken ??= fetch("/_allauth/browser/v1/config", { credentials: "same-origin" }).finally(() => {
    fetchingToken = null;
  });
  await fetchingToken;
  return csrfToken() ?? "";
}

/** One request to our own origin; the parsed reply and its status. Only a network failure throws. */
export async function send(
  path: string,
  options: CallOptions = {},
): Promise<{ status: number; body: unknown }> {
  const { method = "GET", body, query, signal, keepalive, idempotencyKey } = options;
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {}))
    if (value !== null && value !== undefined && value !== "") params.set(name, String(value));
  const url = params.size > 0 ? `${path}?${params}` : path;
  const headers = new Headers({ Accept: "application/json", "Accept-Language": getLocale() });
  try {
    if (method !== "GET") headers.set("X-CSRFToken", await csrf());
    if (idempotencyKey) headers.set("Idempotency-Key", idempotencyKey);
    if (body !== undefined) headers.set("Content-Type", "application/json");
    const init: RequestInit = { method, headers, credentials: "same-origin" };
    if (body !== undefined) init.body = JSON.stringify(body);
    if (signal) init.signal = signal;
    if (keepalive) init.keepalive = true;
    const response = await fetch(url, init);
    const json = response.status !== 204 && response.headers.get("Content-Type")?.includes("json");
    return { status: response.status, body: json ? ((await response.json()) as unknown) : null };
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError("offline", "", { temporary: true });
  }
}

const signedOutListeners = new Set<() => void>();

/** Called when the server no longer knows our session. */
export function onSignedOut(listener: () => void): () => void {
  signedOutListeners.add(listener);
  return () => signedOutListeners.delete(listener);
}

/** A call to /api/v1; throws ApiError for anything but success. */
export async function api<T>(path: string, options: CallOptions = {}): Promise<T> {
  const { status, body } = await send(`/api/v1/${path}`, options);
  if (status >= 200 && status < 300) return body as T;
  if (status === 401) signedOutListeners.forEach((listener) => listener());
  throw fromProblem(status, body);
}
