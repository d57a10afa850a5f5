import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { JobRow, RowsQuery, RowStatus } from "@/api/jobs";
import type { Page } from "@/api/types";
import { RowStore } from "./rows";

const row = (index: number, status: RowStatus = "pending"): JobRow => ({
  index,
  line: index + 2,
  model: "mock",
  status,
  input: { word: `w${index}` },
  output: status === "done" ? `the whole answer ${index}` : "",
  error: status === "failed" ? { message: "no" } : null,
  usage: null,
  cost: null,
  attempt: 1,
  lost: 0,
  finished: null,
});

/** A server with rows, which answers when it is told to. */
function served(rows: JobRow[]) {
  const asked: RowsQuery[] = [];
  const waiting: (() => void)[] = [];
  const fetch = (query: RowsQuery, signal: AbortSignal): Promise<Page<JobRow>> => {
    asked.push(query);
    const found = rows.filter(
      ({ index, status }) => index > query.after && (!query.status || status === query.status),
    );
    const page = { items: found.slice(0, query.limit), next: found.length > query.limit ? "more" : null };
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
      waiting.push(() => resolve(structuredClone(page)));
    });
  };
  const answer = async () => {
    vi.advanceTimersByTime(60);
    waiting.splice(0).forEach((run) => run());
    await vi.advanceTimersByTimeAsync(0);
  };
  const store = new RowStore(fetch);
  store.count(rows.length);
  return { store, asked, answer };
}

const many = (count: number, status: (index: number) => RowStatus = () => "pending") =>
  Array.from({ length: count }, (_, index) => row(index, status(index)));
const done = (index: number) => ({ index, status: "done" as const, model: "mock", output: "short" });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("the rows of a job", () => {
  it("are read where one looks, and nowhere else", async () => {
    const { store, asked, answer } = served(many(10_000));
    store.show(0, 20);
    store.show(4_000, 4_020);
    store.show(7_990, 8_010);
    await answer();
    expect(asked.map(({ after }) => after)).toEqual([7_899, 7_999]);
    expect(store.at(7_990)?.input).toEqual({ word: "w7990" });
    expect(store.at(0)).toBeUndefined();
    expect(store.size).toBe(10_000);
  });

  it("change in their place when they end, once a tenth of a second", async () => {
    const { store, answer } = served(many(300));
    store.show(0, 20);
    await answer();
    vi.runAllTimers();
    const draw = vi.fn();
    store.subscribe(draw);
    for (let index = 0; index < 300; index += 1) store.apply(done(index));
    vi.advanceTimersByTime(99);
    expect(draw.mock.calls.length).toBeLessThanOrEqual(1);
    vi.runAllTimers();
    expect(draw.mock.calls.length).toBeLessThanOrEqual(2);
    expect(store.at(5)).toMatchObject({
      status: "done",
      output: "short",
      brief: true,
      input: { word: "w5" },
    });
    expect(store.at(200)).toBeUndefined();
  });

  it("are not older than what was told while they were under way", async () => {
    const { store, answer } = served(many(50));
    store.show(0, 20);
    vi.advanceTimersByTime(60);
    store.apply(done(7));
    await answer();
    expect(store.at(7)).toMatchObject({ status: "done" });
    expect(store.at(8)).toMatchObject({ status: "pending" });
  });

  it("of one status: come in order, each once, and leave when they are none of it any more", async () => {
    const { store, answer } = served(many(40, (index) => (index % 10 === 3 ? "failed" : "done")));
    store.narrow("failed");
    await answer();
    const shown = () => Array.from({ length: store.size }, (_, place) => store.at(place)?.index);
    expect(shown()).toEqual([3, 13, 23, 33]);
    const failed = { index: 20, status: "failed" as const, error: { message: "no" } };
    store.apply(failed);
    store.apply(failed);
    expect(shown()).toEqual([3, 13, 20, 23, 33]);
    expect(store.at(2)).toMatchObject({ partial: true });
    store.apply(done(13));
    expect(shown()).toEqual([3, 20, 23, 33]);
  });

  it("are read again when they may be others, and stand until then", async () => {
    const rows = many(20, () => "failed");
    const { store, answer } = served(rows);
    store.show(0, 19);
    await answer();
    rows.splice(0, 20, ...many(20));
    store.refresh();
    expect(store.at(4)?.status).toBe("failed");
    await answer();
    expect(store.at(4)?.status).toBe("pending");
  });
});
