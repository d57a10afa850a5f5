import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { forget, setMe } from "@/api/session";
import type { Me } from "@/api/types";
import { twins } from "./twins";

const me = (id: string) => ({ id, email: `${id}@example.org`, name: id }) as Me;
let cookie = "bob";
let made = 0;

beforeEach(() => {
  cookie = "bob";
  made = 0;
  document.cookie = "csrftoken=t";
  vi.stubGlobal("fetch", (url: string) => {
    if (url === "/api/v1/me") return Promise.resolve(Response.json(me(cookie)));
    made += 1;
    return Promise.resolve(Response.json({ id: `made${made}` }, { status: 201 }));
  });
  forget();
  setMe(me("bob"));
});
afterEach(() => void vi.unstubAllGlobals());

const send = (fields = {}) =>
  Promise.resolve(twins["message.send"]?.({ client_msg_id: "k", content: "long", ...fields }));

it("is the socket's command word for word, so that its key means the same, in a new conversation too", async () => {
  expect(await send({ model: "m" })).toEqual({
    method: "POST",
    path: "/messages",
    body: { content: "long", model: "m" },
    headers: { "idempotency-key": "k" },
  });
  expect(await send({ conversation: "C", parent: null })).toMatchObject({
    body: { content: "long", conversation: "C", parent: null },
  });
  expect(made).toBe(0);
});

it("nothing is sent with a cookie that is someone else's by now", async () => {
  cookie = "carol";
  await expect(send()).rejects.toMatchObject({ code: "offline", temporary: true });
  expect(made).toBe(0);
});
