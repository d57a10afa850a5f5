import { readFailure, RealtimeError } from "./errors.js";
import type { HttpOptions } from "./http.js";
import type { Clock, Json } from "./types.js";

/** Where a command goes when there is no socket, or when it does not fit one: its REST twin. */
export interface RestCall {
  method: "POST" | "PATCH" | "DELETE" | "GET";
  path: string;
  body?: Json;
  headers?: Record<string, string>;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** The REST twins of the protocol's commands. Bodies and keys are those of the socket, word for word. */
export const restCommands = {
  "message.send": ({ client_msg_id, ...body }: Json): RestCall => ({
    method: "POST",
    path: "/messages",
    body,
    headers: { "idempotency-key": text(client_msg_id) },
  }),
  "generation.retry": ({ client_msg_id, message, ...body }: Json): RestCall => ({
    method: "POST",
    path: `/messages/${text(message)}/retry`,
    body,
    headers: { "idempotency-key": text(client_msg_id) },
  }),
  "generation.cancel": ({ generation }: Json): RestCall => ({
    method: "POST",
    path: `/generations/${text(generation)}/cancel`,
    body: {},
  }),
};

/** What is long takes long on a slow line. */
const REST_MS = 60_000;

/** One command by its REST twin. Rejects with RealtimeError, as on a socket. */
export async function callByRest(
  options: HttpOptions,
  clock: Clock,
  cmd: string,
  fields: Json,
): Promise<Json> {
  const twin = await options.commands[cmd]?.(fields);
  if (!twin) throw RealtimeError.local("offline");
  const abort = new AbortController();
  const timer = clock.after(REST_MS, () => abort.abort());
  try {
    const response = await options.fetch(options.base + twin.path, {
      method: twin.method,
      headers: { "content-type": "application/json", accept: "application/json", ...twin.headers },
      body: twin.body === undefined ? null : JSON.stringify(twin.body),
      signal: abort.signal,
    });
    const body = (await response.json().catch(() => ({}))) as Json;
    if (!response.ok) throw problem(response, body);
    return body;
  } catch (error) {
    if (error instanceof RealtimeError) throw error;
    throw RealtimeError.local(abort.signal.aborted ? "timeout" : "connection_lost");
  } finally {
    clock.cancel(timer);
  }
}

/** What a reply that is no success says. */
export function problem(response: Response, body: Json): RealtimeError {
  const word = (name: string) => text(body[name]) || null;
  const retryAfter = Number(response.headers.get("retry-after"));
  const fallback =
    response.status >= 500 ? "unavailable" : response.status === 404 ? "not_found" : "bad_request";
  const temporary =
    typeof body["temporary"] === "boolean"
      ? body["temporary"]
      : response.status >= 500 || response.status === 429;
  return new RealtimeError(
    word("code") ?? fallback,
    word("detail") ?? word("title") ?? `The server answered ${response.status}.`,
    temporary,
    Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter * 1000 : null,
    null,
    readFailure(body),
  );
}
