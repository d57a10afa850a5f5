import "@testing-library/jest-dom/vitest";
import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { queryClient } from "@/api/query";
import { addWords } from "@/lib/i18n";
import { Editor } from "./Editor";

beforeAll(() =>
  addWords({
    prompts: { en: () => import("@/locales/en/prompts.json"), de: () => import("@/locales/de/prompts.json") },
  }),
);
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const problem = {
  code: "bad_request",
  detail: "model: There is no model m.",
  errors: [{ field: "name", message: "It may not be that." }],
};

function open(answer: (path: string) => [number, object]) {
  vi.stubGlobal("fetch", (input: string | URL | Request) => {
    const [status, body] = answer(input instanceof Request ? input.url : input.toString());
    return Promise.resolve(
      new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } }),
    );
  });
  render(
    <QueryClientProvider client={queryClient}>
      <Editor template={null} newest={null} />
    </QueryClientProvider>,
  );
}
const type = (label: string, value: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value } });

test("braces are told of at their field while they are typed, and no more once they are mended", () => {
  open(() => [200, { items: [] }]);
  type("Prompt", "Dear {{ bad");
  expect(screen.getByLabelText("Prompt")).toHaveAccessibleDescription(
    /Line 1, column 6: these braces are not closed/,
  );
  type("Prompt", "Dear {{bad}}");
  expect(screen.getByLabelText("Prompt")).not.toHaveAccessibleDescription(/Line 1/);
  const missing = screen.getByText("{{bad}}", { selector: "mark" });
  expect(missing.parentElement).toHaveTextContent("Dear {{bad}}");
});

test("what was refused stands at its field until that is changed", async () => {
  open((path) => (path.endsWith("/prompts") ? [422, problem] : [200, { items: [] }]));
  type("Name", "x");
  type("Prompt", "Hello");
  fireEvent.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() =>
    expect(screen.getByLabelText("Name")).toHaveAccessibleDescription("It may not be that."),
  );
  type("Name", "xy");
  expect(screen.getByLabelText("Name")).not.toHaveAccessibleDescription("It may not be that.");
});
