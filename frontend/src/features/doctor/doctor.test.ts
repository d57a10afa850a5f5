import { beforeAll, describe, expect, it } from "vitest";
import { translate } from "@/lib/i18n";
import { clock, forwarded } from "./arrival";
import { order } from "./examine";
import { load } from "./load";
import { linesOf, numbers, type Result } from "./rules";
import { apart, trip } from "./traffic";
import { report, summary } from "./useDoctor";

const here = { protocol: "https:", host: "chat.example.org" };
const seen = {
  signed_in: true,
  reason: null,
  time: 1000,
  scheme: "https",
  host: "chat.example.org",
  client: "203.0.113.9",
  forwarded: ["x-forwarded-for", "x-forwarded-proto"],
  trusted: true,
};
const symptoms = (results: Result[]) => results.map(({ symptom }) => symptom);

beforeAll(async () => {
  await load();
});

describe("the address that the server sees", () => {
  it("is right when it is the one in the address bar, with or without its default port", () => {
    expect(symptoms(forwarded(seen, here))).toEqual([undefined]);
    expect(symptoms(forwarded({ ...seen, host: "Chat.example.org:443" }, here))).toEqual([undefined]);
  });
  it("is wrong by scheme, by host, or both", () => {
    expect(symptoms(forwarded({ ...seen, scheme: "http", host: "rivulet" }, here))).toEqual([
      "scheme_wrong",
      "host_wrong",
    ]);
    expect(symptoms(forwarded({ ...seen, host: "chat.example.org:8000" }, here))).toEqual(["host_wrong"]);
  });
  it("says nothing of the caller where a proxy forgets them, and is not believed from an unknown proxy", () => {
    expect(symptoms(forwarded({ ...seen, forwarded: ["x-forwarded-proto"] }, here))).toEqual([
      "address_missing",
    ]);
    expect(symptoms(forwarded({ ...seen, trusted: false }, here))).toEqual(["proxy_untrusted"]);
  });
});

describe("measures", () => {
  const gap = numbers.gap_ms;
  const times = (step: number) => Array.from({ length: numbers.events }, (_, index) => index * step);
  it("tell events that come one by one from a lump, and from a part of them", () => {
    expect(apart(times(gap))).toBe(true);
    expect(apart(times(1))).toBe(false);
    expect(apart(times(gap).slice(1))).toBe(false);
  });
  it("give median, p95 and jitter", () => {
    expect(trip([1, 2, 3, 4, 10])).toEqual({ median: 3, p95: 10, jitter: 2.3 });
  });
  it("allow clocks to be a little apart", () => {
    expect(clock(seen, 1_000_400).outcome).toBe("ok");
    expect(clock(seen, 1_060_000).symptom).toBe("clock_off");
  });
});

describe("what is said", () => {
  const results: Result[] = [
    { check: "stream", outcome: "failed", measured: "6 events over 3 ms", symptom: "stream_buffered" },
    { check: "reach", outcome: "ok", measured: "3 ms" },
  ];
  it("has words for every check, and lines for what a proxy can mend", () => {
    for (const check of order) expect(translate(`symptoms.check_${check}`)).not.toContain("check_");
    expect(linesOf("stream_buffered").nginx).toContain("proxy_buffering off;");
    expect(linesOf("slow")).toEqual({});
  });
  it("is a sentence, and a report in the order of the page", () => {
    expect(summary(results)).toBe("1 thing to mend.");
    expect(summary(results.slice(1))).toBe("All is well. Nothing between you and Rivulet is in the way.");
    expect(report(results)).toMatch(/\[ok\] The site answers: 3 ms\n\[failed\] Events arrive one by one/);
  });
});
