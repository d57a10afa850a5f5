import { describe, expect, it, vi } from "vitest";
import { account } from "./account";
import { api, onSignedOut } from "./client";
import { ApiError, explain, fromProblem } from "./errors";
import { formErrors } from "./formErrors";

const reply = (status: number, body: unknown, type = "application/json") =>
  vi.stubGlobal(
    "fetch",
    vi.fn().mockImplementation(() =>
      Promise.resolve(
        new Response(typeof body === "string" ? body : JSON.stringify(body), {
          status,
          headers: { "Content-Type": type },
        }),
      ),
    ),
  );
document.cookie = "csrftoken=t";

describe("errors", () => {
  it("keep the code, the fields and whether trying again helps (RFC 9457)", () => {
    const error = fromProblem(422, {
      code: "bad_request",
      detail: "The name is too long.",
      temporary: false,
      request_id: "r1",
      errors: [{ field: "name", message: "At most 120 characters." }],
    });
    expect(error).toMatchObject({ code: "bad_request", temporary: false, requestId: "r1" });
    expect(error.fields).toEqual({ name: "At most 120 characters." });
    expect(explain(error)).toBe("The name is too long.");
  });

  it("have words even when a proxy answers in HTML", async () => {
    reply(502, "<h1>Bad Gateway</h1>", "text/html");
    const error: unknown = await api("models").catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "unavailable", temporary: true });
    expect(explain(error)).toMatch(/busy or restarting/);
  });

  it("say that the line is down when it is", async () => {
    vi.stubGlobal("fetch", vi.fn().mockRejectedValue(new TypeError("Failed to fetch")));
    await expect(api("me")).rejects.toMatchObject({ code: "offline", temporary: true });
  });

  it("tell the page when the session is over", async () => {
    reply(401, { code: "unauthenticated" }, "application/problem+json");
    const listener = vi.fn();
    const stop = onSignedOut(listener);
    await expect(api("me")).rejects.toBeInstanceOf(ApiError);
    stop();
    expect(listener).toHaveBeenCalledOnce();
  });

  it("of the account API stand at their field, in the reader's words", async () => {
    reply(400, {
      status: 400,
      errors: [{ code: "email_password_mismatch", param: "password", message: "x" }],
    });
    const error: unknown = await account.login("a@b.c", "nope").catch((caught: unknown) => caught);
    expect(formErrors(["email", "password"])(error)).toEqual({
      general: null,
      fields: { password: "This address and password do not belong together." },
    });
  });

  it("at a field that the form does not have are shown for the whole form", () => {
    const error = new ApiError("bad_request", "", { fields: { token: "It has expired." } });
    expect(formErrors(["name"])(error)).toEqual({ general: "It has expired.", fields: {} });
  });
});

describe("signing in", () => {
  it("knows what the server still waits for", async () => {
    reply(401, {
      status: 401,
      data: { flows: [{ id: "login" }, { id: "mfa_authenticate", is_pending: true }] },
    });
    expect(await account.login("a@b.c", "right")).toBe("mfa_authenticate");
    reply(401, { status: 401, data: { flows: [{ id: "verify_email", is_pending: true }] } });
    expect(await account.signup({ email: "a@b.c", password: "right" })).toBe("verify_email");
  });

  it("goes on with a session that is there already", async () => {
    reply(409, { status: 409 });
    expect(await account.login("a@b.c", "right")).toBe("in");
  });
});
