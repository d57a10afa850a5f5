import { act, cleanup, render } from "@testing-library/react";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import type { Job } from "@/api/jobs";
import { addWords } from "@/lib/i18n";
import { Progress } from "./Progress";

const job = {
  kind: "batch",
  name: "Words",
  spec: {},
  status: "running",
  wanted: "",
  step: "",
  step_said: null,
  total: 100,
  done: 40,
  failed: 0,
  rate: 5,
  eta_s: 12,
  cost: 1.5,
  cost_cap: null,
  input_tokens: 700,
  output_tokens: 300,
  started: null,
  finished: null,
} as unknown as Job;

beforeAll(() =>
  addWords({
    jobs: { en: () => import("@/locales/en/jobs.json"), de: () => import("@/locales/de/jobs.json") },
  }),
);
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const shown = (given: Readonly<Record<string, unknown>> = {}): string => {
  cleanup();
  render(<Progress job={{ ...job, ...given }} heard={Date.now()} />);
  return document.body.textContent;
};

it("says when nothing has come for long, and then neither a time nor a rate that nothing stands for", () => {
  expect(shown()).toContain("5 a second");
  act(() => {
    vi.advanceTimersByTime(12_000);
  });
  expect(document.body.textContent).toContain("Nothing has come for 12s");
  expect(document.body.textContent).not.toContain("a second");
  expect(document.body.textContent).not.toContain("12 sec");
});

it("says what of the cost is an estimate for calls that were cut off, where a server knows that", () => {
  expect(shown()).not.toContain("estimated");
  expect(shown({ lost_calls: 10, lost_cost: 0.1 })).toContain(
    "of it $0.10 estimated for 10 calls that were cut off",
  );
  expect(shown({ lost_calls: 1, lost_cost: 0.1 })).toContain("for 1 call that was cut off");
});

it("shows the cost only of what asks a model", () => {
  expect(shown()).toContain("$1.50");
  expect(shown({ kind: "import", cost: 0 })).not.toContain("$");
});
