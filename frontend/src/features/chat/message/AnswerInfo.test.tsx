import { QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { queryClient } from "@/api/query";
import { readMessage } from "../model/message";
import { Facts } from "./AnswerInfo";

test("what a template was filled with, and what the model was asked with, stand at the answer", () => {
  const message = readMessage({
    id: "m",
    role: "assistant",
    prompt: {
      template: "t",
      slug: "reply",
      name: "Reply",
      number: 3,
      variables: { tone: "kind", urgent: true },
    },
    params: { temperature: 0.2 },
  });
  if (!message) throw new Error("no message");
  render(
    <QueryClientProvider client={queryClient}>
      <Facts message={message} model="m-1" />
    </QueryClientProvider>,
  );
  const rows = screen
    .getAllByRole("term")
    .map((term) => `${term.textContent}: ${term.nextElementSibling?.textContent}`);
  expect(rows).toEqual([
    "Model: m-1",
    "Template: Reply v3",
    "tone: kind",
    "urgent: true",
    "Temperature: 0.2",
  ]);
});
