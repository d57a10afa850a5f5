import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { forget, setMe } from "@/api/session";
import type { Me } from "@/api/types";
import { outbox } from "./outbox";
import { twins } from "./twins";

const me = (id: string) => ({ id, email: `${id}@example.org`, name: id }) as Me;
let cookie = "bob";
let made = 0;
let lost = false;

beforeEach(() => {
  cookie = "bob";
  made = 0;
  lost = false;
  document.cookie = "csrftoken=t";
  vi.stubGlobal("fetch", (url: string) => {
    if (lost) return Promise.reject(new TypeError("network"));
    if (url === "/api/v1/me") return Promise.resolve(Response.json(me(cookie)));
    made += 1;
    return Promise.resolve(Response.json({ id: `made${made}` }, { status: 201 }));
  });
  forget();
  setMe(me("bob"));
  outbox.add({
    key: "k",
    kind: "send",
    conversation: null,
    draft: "d",
    parent: null,
    content: "long",
    model: null,
    message: null,
    mode: "again",
    created: 0,
    state: "waiting",
    error: null,
  });
});
afterEach(() => void vi.unstubAllGlobals());

const send = (fields = {}) =>
  Promise.resolve(twins["message.send"]?.({ client_msg_id: "k", content: "long", ...fields }));

it("a second try with the key goes into the conversation that the first one made", async () => {
  const first = await send();
  expect(first).toMatchObject({
    path: "/conversations/made1/messages",
    body: { content: "long" },
    headers: { "idempotency-key": "k" },
  });
  expect(await send()).toEqual(first);
  expect(outbox.find("k")?.into).toBe("made1");
});

it("goes into its conversation where it has one, which the path names and not the body", async () => {
  expect(await send({ conversation: "C" })).toMatchObject({
    path: "/conversations/C/messages",
    body: { content: "long" },
  });
  expect(made).toBe(0);
});

it("nothing is sent with a cookie that is someone else's by now", async () => {
  cookie = "carol";
  await expect(send()).rejects.toMatchObject({ code: "offline", temporary: true });
  expect(made).toBe(0);
  expect(outbox.items.get()).toEqual([]);
});

it("waits when there is no network to ask", async () => {
  lost = true;
  await expect(send()).rejects.toMatchObject({ code: "offline", temporary: true });
});
