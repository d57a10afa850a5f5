import { RealtimeClient } from "./client.js";
import { Credentials } from "./credentials.js";
import type { ClientOptions } from "./options.js";
import { restCommands } from "./rest.js";

export interface SiteOptions extends Omit<ClientOptions, "url" | "http" | "token"> {
  /** An API key or an access token; asked before each connection and each request. Leave out where a cookie does it. */
  token?: string | (() => string | undefined | Promise<string | undefined>);
  fetch?: typeof globalThis.fetch;
}

/**
 * A client of the site at `site`, e.g. `https://chat.example.org`: by WebSocket, else by SSE, else by long poll. Call
 * `start()`.
 */
export function connectTo(site: string | URL, options: SiteOptions = {}): RealtimeClient {
  const { token: given, fetch: fetcher = globalThis.fetch, ...rest } = options;
  const base = new URL(site);
  const address = (path: string) => new URL(path, base).href;
  const token = async () => (typeof given === "function" ? await given() : given);
  const tokens = new Credentials({ refresh: rest.refresh });
  const send = async (url: string, init: RequestInit) => {
    const headers = new Headers(init.headers);
    const value = await token();
    if (value !== undefined) headers.set("authorization", `Bearer ${value}`);
    return fetcher(url, { ...init, headers });
  };
  return new RealtimeClient({
    ...rest,
    ...(given === undefined ? {} : { token }),
    ...(rest.refresh ? { refresh: () => tokens.refresh() } : {}),
    url: address("/ws/v1/").replace(/^http/, "ws"),
    http: {
      base: address("/api/v1"),
      commands: restCommands,
      probe: async () => (await fetcher(address("/health/live"), { cache: "no-store" })).ok,
      // A token that is over is renewed once, for all requests together.
      fetch: async (url, init) => {
        const reply = await send(url, init);
        if (reply.status !== 401 || !tokens.renewable) return reply;
        await tokens.refresh();
        return send(url, init);
      },
    },
  });
}
