import "@testing-library/jest-dom/vitest";
import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { Status } from "./Status";
import { Switched } from "./Switched";
import type { Answer } from "./useAnswer";

const answer: Answer = {
  status: "queued",
  parts: [],
  usage: null,
  model: "c",
  failure: null,
  reason: "",
  resumed: false,
  place: null,
  insteadOf: [],
  live: null,
};
const gaveUp = (model: string, at: number) => ({ model, provider: "p", code: "provider_error", at });

it("says which model broke off and which went on, and nothing of a switch before the first word", () => {
  render(
    <Switched answer={{ ...answer, insteadOf: [gaveUp("a", 0), gaveUp("b", 12)] }} models={undefined} />,
  );
  expect(screen.getByText("b broke off; c went on with the answer.")).toBeInTheDocument();
  expect(screen.queryByText(/^a /)).toBeNull();
});

it("says the place in line, where it is known", () => {
  const { rerender } = render(<Status answer={answer} item={undefined} modelLabel="c" />);
  expect(screen.getByText("Waiting for a free place")).toBeInTheDocument();
  rerender(<Status answer={{ ...answer, place: 3 }} item={undefined} modelLabel="c" />);
  expect(screen.getByText("Waiting in line, place 3")).toBeInTheDocument();
});
