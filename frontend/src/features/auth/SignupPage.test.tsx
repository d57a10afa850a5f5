import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { SignupPage } from "./SignupPage";

const answer = (status: number, body: object) =>
  Promise.resolve(
    new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } }),
  );

function serve(signup: () => Promise<Response>) {
  document.cookie = "csrftoken=t";
  const fetch = vi.fn(signup);
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

describe("creating an account", () => {
  it("names what is missing at its field, takes the focus there and sends nothing", async () => {
    const fetch = serve(() => answer(200, {}));
    render(<SignupPage />);
    await userEvent.click(screen.getByRole("button", { name: "Create account" }));
    const email = screen.getByRole("textbox", { name: "E-mail" });
    expect(email).toHaveFocus();
    expect(email).toBeInvalid();
    expect(email).toHaveAccessibleDescription("This is needed.");
    expect(fetch).not.toHaveBeenCalled();
  });

  it("shows the server's complaint at the field that it is about", async () => {
    serve(() =>
      answer(400, { errors: [{ code: "password_too_common", param: "password", message: "common" }] }),
    );
    render(<SignupPage />);
    await userEvent.type(screen.getByRole("textbox", { name: "E-mail" }), "ada@example.org");
    await userEvent.type(screen.getByLabelText("Password"), "password");
    await userEvent.click(screen.getByRole("button", { name: "Create account" }));
    expect(await screen.findByText(/on every guesser's list/)).toBeVisible();
    expect(screen.getByLabelText("Password")).toHaveFocus();
  });

  it.each([
    ["where sign-up is closed", { status: 403 }, /New accounts are by invitation here/],
    [
      "where the request was refused",
      { code: "forbidden", detail: "It came from elsewhere." },
      /It came from elsewhere/,
    ],
  ])("says why it is not let in %s", async (_, body, said) => {
    serve(() => answer(403, body));
    render(<SignupPage />);
    await userEvent.type(screen.getByRole("textbox", { name: "E-mail" }), "ada@example.org");
    await userEvent.type(screen.getByLabelText("Password"), "long enough");
    await userEvent.click(screen.getByRole("button", { name: "Create account" }));
    expect(await screen.findByText(said)).toBeVisible();
  });

  it("sends once, however often the button is pressed, and then asks to look into the inbox", async () => {
    let let_go: (response: Response) => void = () => undefined;
    const fetch = serve(() => new Promise((resolve) => (let_go = resolve)));
    render(<SignupPage />);
    await userEvent.type(screen.getByRole("textbox", { name: "E-mail" }), "ada@example.org");
    await userEvent.type(screen.getByLabelText("Password"), "long enough");
    const button = screen.getByRole("button", { name: "Create account" });
    await userEvent.click(button);
    await userEvent.click(button);
    await userEvent.keyboard("{Enter}");
    expect(fetch).toHaveBeenCalledOnce();
    let_go(await answer(401, { data: { flows: [{ id: "verify_email", is_pending: true }] } }));
    expect(await screen.findByText(/We sent a link to ada@example.org/)).toBeVisible();
  });
});
