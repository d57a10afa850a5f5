import { translate as t } from "@/lib/i18n";
import { forwarded, reach } from "./arrival";
import { poll, socketIdle, streamIdle } from "./quiet";
import type { Check, Result } from "./rules";
import { bodies, latency, sockets, streams } from "./traffic";

/** The order of the list. A browser says nothing of certificates: with a bad one this page would not be there. */
export const order = [
  "reach",
  "account",
  "forwarded",
  "http",
  "upgrade",
  "subprotocol",
  "session",
  "stream",
  "compression",
  "latency",
  "body",
  "clock",
  "socket_idle",
  "stream_idle",
  "poll",
] as const satisfies Check[];

export interface Listener {
  found: (results: Result[]) => void;
  /** These are being tested now; `seconds` is how long that takes, where it is known. */
  running: (checks: Check[], seconds?: number) => void;
}

/** All checks, in the order in which one explains the next. Rejects when `signal` ends it. */
export async function examine(signal: AbortSignal, { found, running }: Listener): Promise<void> {
  const needs = (checks: Check[], why: "doctor.m_needs_account" | "doctor.m_needs_socket") =>
    found(checks.map((check) => ({ check, outcome: "skipped", measured: t(why) })));

  running(["reach"]);
  const { results, seen } = await reach(signal);
  signal.throwIfAborted();
  found(results);
  if (seen === null) return;
  const signedIn = seen.signed_in;

  running(["upgrade", "subprotocol", "session"]);
  const strange = forwarded(seen).some(({ outcome }) => outcome === "failed");
  const line = await sockets(signal, { signedIn, strange });
  signal.throwIfAborted();
  found(line);
  const untold = (["subprotocol", "session"] as const).filter((name) =>
    line.every(({ check }) => check !== name),
  );
  needs([...untold], "doctor.m_needs_socket");
  const connected = line.every(({ outcome }) => outcome === "ok");
  if (!signedIn || !seen.times) {
    needs(
      ["stream", "compression", "latency", "body", "socket_idle", "stream_idle", "poll"],
      "doctor.m_needs_account",
    );
    return;
  }
  const { ping, comment, poll: wait } = seen.times;
  const quiet = [poll(signal, wait), streamIdle(signal, comment)];
  running(["poll"], wait);
  running(["stream_idle"], comment);
  if (connected) {
    running(["socket_idle"], ping);
    quiet.push(socketIdle(signal, ping));
  } else needs(["socket_idle"], "doctor.m_needs_socket");
  const told = Promise.all(quiet.map(async (one) => found([await one])));
  told.catch(() => undefined); // heard below

  for (const [checks, work] of [
    [["stream", "compression"], () => streams(signal)],
    [["latency"], async () => [await latency(signal, connected)]],
    [["body"], async () => [await bodies(signal, seen.max_body ?? 0)]],
  ] as [Check[], () => Promise<Result[]>][]) {
    running(checks);
    found(await work().catch((error: unknown) => broken(signal, checks, error)));
  }
  await told;
}

function broken(signal: AbortSignal, checks: Check[], error: unknown): Result[] {
  signal.throwIfAborted();
  const measured = error instanceof Error ? error.message : t("doctor.m_none");
  return checks
    .slice(0, 1)
    .map((check): Result => ({ check, outcome: "failed", measured, symptom: "failed" }));
}
