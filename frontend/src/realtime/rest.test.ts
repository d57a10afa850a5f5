import { beforeEach, expect, it } from "vitest";
import type { Json } from "./types.js";
import { delta, handlers, Reader, TOPIC } from "./testing/reader.js";
import { connected as connectedWith, fresh, network } from "./testing/world.js";

const COMMAND = 64 * 1024;
let posted: { url: string; body: Json }[];
let answer: () => Promise<Response>;

beforeEach(() => {
  fresh();
  posted = [];
  answer = () =>
    Promise.resolve(Response.json({ topic: TOPIC, position: { epoch: "e1", offset: 0 } }, { status: 202 }));
});

const connected = (welcome: Json = {}) =>
  connectedWith(
    {
      http: {
        base: "/api/v1",
        probe: () => Promise.resolve(true),
        commands: { "message.send": (body) => ({ method: "POST", path: "/send", body }) },
        fetch: (url, init) => {
          posted.push({ url, body: JSON.parse(init.body as string) as Json });
          return answer();
        },
      },
    },
    welcome,
  );

it("sends by socket what fits a command, to the byte, and by REST what does not", async () => {
  const rt = await connected();
  const room = COMMAND - JSON.stringify({ id: 2, cmd: "message.send", content: "" }).length;
  void rt.call("message.send", { content: "ä".repeat((room - 32) / 2) }).catch(() => undefined);
  expect(network.last.count("message.send")).toBe(1);
  await rt.call("message.send", { content: "ä".repeat(room / 2 + 1) });
  expect(network.last.count("message.send")).toBe(1);
  expect(posted).toHaveLength(1);
});

it("keeps to a server that takes shorter frames", async () => {
  const rt = await connected({ max_frame: 1_000 });
  await rt.call("message.send", { content: "a".repeat(1_000) });
  expect(network.last.count("message.send")).toBe(0);
  expect(posted).toHaveLength(1);
});

it("follows on the socket what it sent by REST, from the position of the reply", async () => {
  const rt = await connected();
  const reader = new Reader();
  const follow = () => handlers(reader);
  await rt.call("message.send", { content: "a".repeat(COMMAND) }, { follow });
  expect(network.last.last("subscribe")).toMatchObject({ topic: TOPIC, since: { epoch: "e1", offset: 0 } });
  network.last.reply("subscribe", { topic: TOPIC, recovered: true });
  network.last.say(delta(1, "first"));
  expect(reader.text).toBe("first");
});

it("is undecided when the reply to a long one does not come", async () => {
  const rt = await connected();
  answer = () => Promise.reject(new TypeError("network"));
  const call = rt.call("message.send", { content: "a".repeat(COMMAND) });
  await expect(call).rejects.toMatchObject({ code: "connection_lost", undecided: true });
});
