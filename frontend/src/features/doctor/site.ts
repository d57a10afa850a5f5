import { csrfToken } from "@/api/client";

/** What `GET /api/v1/doctor/request` said; what follows `host` only to who is signed in. */
export interface Seen {
  signed_in: boolean;
  reason: string | null;
  time: number;
  scheme: string;
  host: string;
  client?: string | null;
  http_version?: string;
  forwarded?: string[];
  trusted?: boolean;
  max_body?: number;
  times?: { ping: number; comment: number; poll: number };
}

const base = "/api/v1/doctor/";
export const socketPath = "/ws/v1/";
export const echoPath = "/ws/v1/doctor/";
export const subprotocol = "rivulet.v1";

export function ask(probe: string, init: RequestInit = {}): Promise<Response> {
  return fetch(base + probe, { credentials: "same-origin", cache: "no-store", ...init });
}

/** A body of so many bytes, with what a page needs to be believed. */
export async function post(bytes: number, signal: AbortSignal): Promise<Response> {
  if (!csrfToken()) await fetch("/_allauth/browser/v1/config", { credentials: "same-origin" });
  return ask("body", {
    method: "POST",
    body: new Blob([new Uint8Array(bytes)]),
    headers: { "X-CSRFToken": csrfToken() ?? "" },
    signal,
  });
}

/** Which HTTP the browser spoke on its last request for a probe: h3, h2, http/1.1. */
export function spoken(): string {
  const entries = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
  return entries.findLast(({ name }) => name.includes(`${base}request`))?.nextHopProtocol || "HTTP";
}

export const seconds = (since: number): number => Math.round((performance.now() - since) / 100) / 10;

/** A socket as a queue of what came; `null` is its end. */
export class Socket {
  readonly opened: Promise<boolean>;
  code = 0;
  private readonly raw: WebSocket;
  private readonly came: (string | null)[] = [];
  private wake: (() => void) | null = null;

  constructor(path: string, signal: AbortSignal, protocols: string[] = [subprotocol]) {
    this.raw = new WebSocket(
      `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}${path}`,
      protocols,
    );
    this.opened = new Promise((resolve) => {
      this.raw.onopen = () => resolve(true);
      this.raw.onclose = ({ code }) => {
        this.code = code;
        resolve(false);
        this.take(null);
      };
    });
    this.raw.onmessage = ({ data }) => this.take(String(data));
    signal.addEventListener("abort", () => this.close());
  }

  send(text: string): void {
    if (this.raw.readyState === WebSocket.OPEN) this.raw.send(text);
  }

  /** The next text; null at the end; undefined when nothing came within `ms`. */
  async next(ms: number): Promise<string | null | undefined> {
    if (this.came.length === 0)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.wake = null;
    return this.came.shift();
  }

  close(): void {
    this.raw.close(1000);
  }

  private take(text: string | null): void {
    this.came.push(text);
    this.wake?.();
  }
}
