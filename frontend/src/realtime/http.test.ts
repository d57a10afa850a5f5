import { expect, it, vi } from "vitest";
import { RealtimeClient } from "./client.js";
import type { HttpOptions } from "./http.js";
import { FakeClock, FakeNetwork, settle } from "./testing/fakes.js";

const TOPIC = "generation.1";
const encoder = new TextEncoder();

function event(offset: number, text: string) {
  return { topic: TOPIC, epoch: "e", offset, type: "part.delta", data: { part: 0, text } };
}

function sse(...events: ReturnType<typeof event>[]): Response {
  const body = events.map((e) => `id: e:${e.offset}\ndata: ${JSON.stringify(e)}\n\n`).join("");
  return new Response(encoder.encode(body), { headers: { "content-type": "text/event-stream" } });
}

/** A client whose sockets never open, while HTTP does as `fetch` says. */
async function detoured(fetch: HttpOptions["fetch"], probe = () => Promise.resolve(true)) {
  const clock = new FakeClock();
  const network = new FakeNetwork();
  const commands = { "message.send": () => ({ method: "POST" as const, path: "/send", body: {} }) };
  const http = { base: "/api/v1", fetch, commands, probe };
  const client = new RealtimeClient({ url: "ws://x", socket: network.make, clock, random: () => 0.5, http });
  client.start();
  let text = "";
  let ended: string | null = null;
  const handlers = {
    snapshot: (data: Record<string, unknown>) => {
      text = data["text"] as string;
    },
    event: (e: { data: Record<string, unknown> }) => {
      text += e.data["text"] as string;
    },
    ended: (error: { code: string }) => {
      ended = error.code;
    },
  };
  client.subscribe(TOPIC, handlers, { since: { epoch: "e", offset: 0 } });
  for (let i = 0; i < 2; i += 1) {
    await settle();
    network.last.die(1006);
    await clock.advance(i === 0 ? 1_000 : 0);
  }
  await real();
  return { client, clock, network, read: () => text, ended: () => ended };
}

/** Response bodies need real turns of the event loop. */
async function real(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setTimeout(resolve, 1));
}

it("goes by SSE with the same positions when sockets are blocked, and goes on after a cut", async () => {
  const asked: (string | undefined)[] = [];
  const answers = [() => sse(event(1, "a"), event(2, "b")), () => sse(event(2, "b"), event(3, "c"))];
  const fetch = vi.fn((_url: string, init: RequestInit) => {
    asked.push((init.headers as Record<string, string>)["last-event-id"]);
    const next = answers.shift();
    return Promise.resolve(next ? next() : new Response(null, { status: 204 }));
  });
  const { client, clock, read } = await detoured(fetch);
  expect(client.status.get()).toMatchObject({ state: "open", transport: "sse" });
  expect(read()).toBe("ab");
  await clock.advance(1_000);
  await real();
  await clock.advance(1_000);
  await real();
  expect(read()).toBe("abc");
  expect(asked).toEqual(["e:0", "e:2", "e:3"]);
});

it("leaves no timer behind when it stops, although the read that waits is told nothing of the abort", async () => {
  const endless = () => new ReadableStream<Uint8Array>({ pull: () => new Promise(() => undefined) });
  const fetch = vi.fn(() => Promise.resolve(new Response(endless())));
  const { client, clock } = await detoured(fetch);
  expect(clock.running).toBeGreaterThan(0);
  client.stop();
  await real();
  expect([clock.running, fetch.mock.calls.length]).toEqual([0, 1]);
});

it("polls when a proxy holds SSE back", async () => {
  const fetch = vi.fn((_url: string, init: RequestInit) => {
    if ((init.headers as Record<string, string>)["accept"] === "text/event-stream") {
      return new Promise<Response>((_resolve, reject) => {
        init.signal?.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
      });
    }
    const answer = {
      position: { epoch: "e", offset: 1 },
      recovered: true,
      events: [event(1, "polled")],
      ended: true,
    };
    return Promise.resolve(Response.json(answer));
  });
  const { client, clock, read } = await detoured(fetch);
  await clock.advance(20_000);
  await real();
  await clock.advance(1_000);
  await real();
  expect(read()).toBe("polled");
  expect(client.status.get().transport).toBe("poll");
});

it("sends by REST meanwhile, and goes back to a socket when one opens", async () => {
  const fetch = vi.fn((url: string) =>
    Promise.resolve(url.endsWith("/send") ? Response.json({ ok: 1 }) : new Response(null, { status: 204 })),
  );
  const { client, clock, network } = await detoured(fetch);
  await expect(client.call("message.send", {})).resolves.toEqual({ ok: 1 });
  await expect(client.call("typing", {})).rejects.toMatchObject({ code: "offline" });
  await clock.advance(60_000);
  await network.last.greet();
  expect(client.status.get()).toMatchObject({ state: "open", transport: "websocket" });
});

it("keeps to sockets while the server is down for HTTP too", async () => {
  const { client } = await detoured(
    () => Promise.reject(new TypeError("network")),
    () => Promise.resolve(false),
  );
  expect(client.status.get().state).toBe("waiting");
});

it("ends a topic that is not there", async () => {
  const problem = { code: "not_found", detail: "No such topic.", temporary: false };
  const { ended } = await detoured(() => Promise.resolve(Response.json(problem, { status: 404 })));
  expect(ended()).toBe("not_found");
});
