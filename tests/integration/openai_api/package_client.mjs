// Uses the installed package as a program would: node package_client.mjs SITE KEY CASE ID WS. Prints lines of JSON.
import { createRequire } from "node:module";
import { ask, connectTo, textOf } from "@rivulet/client";

const [site, key, how, id, ws] = process.argv.slice(2);
const { WebSocket } = createRequire(import.meta.url)(ws);
const say = (line) => console.log(JSON.stringify(line));
const ways = { websocket: ["websocket"], sse: ["sse"], poll: ["poll"] };

// Twenty times as fast, so that what a client waits for comes soon.
const quick = {
  now: () => Date.now(),
  after: (ms, run) => ({ id: setTimeout(run, ms / 20) }),
  cancel: (timer) => clearTimeout(timer.id),
};
let blocked = false;
class Blockable extends WebSocket {
  constructor(url, protocols) {
    super(blocked ? "ws://127.0.0.1:9/" : url, protocols);
    Blockable.last = this;
  }
}
/** A proxy that holds server-sent events back. */
const held = async (url, init) => {
  if (new Headers(init?.headers).get("accept") !== "text/event-stream") return fetch(url, init);
  const body = new ReadableStream({
    start: (stream) => init.signal.addEventListener("abort", () => stream.error(new Error("aborted"))),
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
};

const client = connectTo(site, {
  token: key,
  ...(how === "falls"
    ? { WebSocket: Blockable, clock: quick, fetch: held }
    : { WebSocket, transports: ways[how] }),
});
const seen = [];
client.status.subscribe(() => {
  const { transport } = client.status.get();
  if (transport && transport !== seen.at(-1)) seen.push(transport);
  if (transport === "poll") blocked = false;
});
client.start();

const answer = ask(client, { content: `n=${how === "falls" ? 300 : 120} rate=60 id=${id}` });
const ids = await answer.sent;
let begun = false;
let pieces = 0;
for await (const state of answer) {
  pieces += 1;
  const text = textOf(state.parts);
  if (begun || text.length < 300) continue;
  begun = true;
  say({ begun: text.length });
  if (how === "falls") {
    blocked = true;
    Blockable.last.terminate();
  }
}
const { status, parts } = await answer.done;
say({ status, text: textOf(parts), pieces, seen, message: ids.message });
client.stop();
