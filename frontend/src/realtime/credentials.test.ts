import { beforeEach, expect, it, vi } from "vitest";
import { Credentials } from "./credentials.js";
import { connectTo } from "./site.js";
import { settle } from "./testing/fakes.js";
import { client, clock, connected, fresh, network } from "./testing/world.js";

beforeEach(fresh);

it("a token is refreshed one at a time, and again when it is over again", async () => {
  let give: (token: string) => void = () => undefined;
  const refresh = vi.fn(() => new Promise<string>((resolve) => (give = resolve)));
  const credentials = new Credentials({ refresh });
  const both = [credentials.refresh(), credentials.refresh()];
  give("one");
  expect(await Promise.all(both)).toEqual(["one", "one"]);
  void credentials.refresh();
  expect(refresh).toHaveBeenCalledTimes(2);
});

it("the open socket gets each new token shortly before the old one is over", async () => {
  const refresh = vi.fn(() => Promise.resolve("next"));
  await connected({ refresh }, { expires_in: 600 });
  /** Time passes, with the pings that keep the line alive. */
  const pass = async (seconds: number) => {
    for (let left = seconds; left > 0; left -= 10) {
      await clock.advance(Math.min(10, left) * 1_000);
      network.last.say({ type: "ping" });
    }
  };
  await pass(569);
  expect(refresh).not.toHaveBeenCalled();
  await pass(1);
  expect(network.last.last("refresh")).toMatchObject({ token: "next" });
  network.last.reply("refresh", { expires_in: 600 });
  await pass(570);
  expect(network.last.count("refresh")).toBe(2);
});

it("requests that meet an expired token at once renew it once, and all go again with the new one", async () => {
  let token = "old";
  const refresh = vi.fn(async () => {
    await Promise.resolve();
    token = "new";
    return token;
  });
  const seen: string[] = [];
  const fetch = vi.fn((url: string | URL | Request, init?: RequestInit) => {
    const given = new Headers(init?.headers).get("authorization") ?? "";
    seen.push(`${new URL(url as string).pathname} ${given}`);
    if (given !== "Bearer new")
      return Promise.resolve(Response.json({ code: "unauthenticated" }, { status: 401 }));
    return Promise.resolve(Response.json({ status: "cancelling" }));
  });
  const rt = connectTo("http://site", { token: () => token, refresh, fetch, transports: ["poll"], clock });
  rt.start();
  expect(rt.status.get()).toMatchObject({ state: "open", transport: "poll" });
  await Promise.all(["a", "b"].map((generation) => rt.call("generation.cancel", { generation })));
  expect(refresh).toHaveBeenCalledTimes(1);
  expect(seen.filter((line) => line.endsWith("new")).length).toBe(2);
});

it("goes only the ways that it may", async () => {
  const http = {
    base: "/api/v1",
    commands: {},
    probe: () => Promise.resolve(true),
    fetch: () => new Promise<Response>(() => undefined),
  };
  const only = client({ transports: ["sse"], http });
  only.start();
  expect([only.status.get().transport, network.sockets.length]).toEqual(["sse", 0]);
  await clock.advance(120_000);
  expect(network.sockets).toHaveLength(0);
  const never = client({ transports: ["websocket"], http });
  never.start();
  for (let i = 0; i < 4; i += 1) {
    await settle();
    network.last.die();
    await clock.advance(20_000);
  }
  expect(never.status.get().transport).toBeNull();
});
