import { QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import { beforeEach, expect, it, vi } from "vitest";
import { queryClient } from "@/api/query";
import { Empty } from "./Empty";
import { GUIDE, type Model, type Problem } from "./models";

const guide: Model = {
  name: GUIDE,
  label: "Rivulet guide",
  provider: "Rivulet",
  default: true,
  context: null,
  continuation: "prefix",
};

function show(problems: Problem[]) {
  vi.stubGlobal("fetch", () =>
    Promise.resolve(
      new Response(JSON.stringify({ items: [guide], next: null, problems }), {
        headers: { "Content-Type": "application/json" },
      }),
    ),
  );
  render(
    <QueryClientProvider client={queryClient}>
      <Empty model={guide} onAsk={vi.fn()} />
    </QueryClientProvider>,
  );
}

beforeEach(() => {
  queryClient.clear();
});

it("says why a provider's models are not there, and that it is tried again", async () => {
  show([{ provider: "OpenAI", message: "OpenAI refused the API key." }]);
  const told = await screen.findByText(/The models of OpenAI can’t be listed\. OpenAI refused the API key\./);
  expect(told).toHaveTextContent("It is tried again by itself.");
  expect(screen.queryByText(/No model is connected yet/)).toBeNull();
});

it("says that no model is connected where none was named", async () => {
  show([]);
  expect(await screen.findByText(/No model is connected yet/)).toBeVisible();
});
