import { translate as t } from "@/lib/i18n";
import { numbers, type Result } from "./rules";
import { ask, echoPath, post, Socket, socketPath, subprotocol } from "./site";

const soon = 10_000;

/** Upgrade, subprotocol, and the session on the socket. `strange`: the server sees another address than the browser. */
export async function sockets(
  signal: AbortSignal,
  { signedIn, strange }: { signedIn: boolean; strange: boolean },
): Promise<Result[]> {
  const opened: Result = { check: "upgrade", outcome: "ok", measured: t("doctor.m_opened") };
  const socket = new Socket(socketPath, signal);
  try {
    if (!(await socket.opened)) {
      // A browser does not say why. Without a subprotocol it opens where only that one gets lost.
      const bare = new Socket(socketPath, signal, []);
      const opens = await bare.opened;
      bare.close();
      if (opens)
        return [
          opened,
          {
            check: "subprotocol",
            outcome: "failed",
            measured: t("doctor.m_stripped"),
            expected: subprotocol,
            symptom: "subprotocol_stripped",
          },
        ];
      const symptom = strange ? "origin_refused" : "upgrade_missing";
      return [{ check: "upgrade", outcome: "failed", measured: t("doctor.m_not_opened"), symptom }];
    }
    const results: Result[] = [opened, { check: "subprotocol", outcome: "ok", measured: subprotocol }];
    if (!signedIn)
      results.push({ check: "session", outcome: "skipped", measured: t("doctor.m_needs_account") });
    else if (await connected(socket))
      results.push({ check: "session", outcome: "ok", measured: t("doctor.m_connected") });
    else
      results.push({
        check: "session",
        outcome: "failed",
        measured: t("doctor.m_closed", { code: String(socket.code) }),
        symptom: "session_refused",
      });
    return results;
  } finally {
    socket.close();
  }
}

/** Say `connect`; whether it is accepted. */
export async function connected(socket: Socket): Promise<boolean> {
  socket.send('{"id":1,"cmd":"connect","v":1}');
  const text = await socket.next(soon);
  return typeof text === "string" && "result" in (JSON.parse(text) as object);
}

interface Arrivals {
  times: number[];
  encoding: string | null;
  status: number;
}

async function arrivals(signal: AbortSignal, hint: "on" | "off"): Promise<Arrivals> {
  const times: number[] = [];
  const query = `stream?events=${numbers.events}&gap_ms=${numbers.gap_ms}&hint=${hint}`;
  const response = await ask(query, { signal, headers: { Accept: "text/event-stream" } });
  const { status } = response;
  const encoding = response.headers.get("Content-Encoding");
  const reader = response.ok ? response.body?.getReader() : undefined;
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const chunk = await reader?.read();
    if (!chunk || chunk.done) return { times, encoding, status };
    const ended = (rest + decoder.decode(chunk.value, { stream: true })).split("\n\n");
    rest = ended.pop() ?? "";
    ended.forEach(() => times.push(performance.now()));
  }
}

const spread = (times: number[]): number => Math.round((times.at(-1) ?? 0) - (times[0] ?? 0));

/** Whether all events came, over enough of the time that the server took to send them. */
export function apart(times: number[]): boolean {
  const whole = (numbers.events - 1) * numbers.gap_ms;
  return times.length === numbers.events && spread(times) >= numbers.spread * whole;
}

/** A lump may be a hiccup of the network, or of this machine: only two of them are a finding. */
async function twice(signal: AbortSignal, hint: "on" | "off"): Promise<Arrivals> {
  const found = await arrivals(signal, hint);
  return found.status !== 200 || apart(found.times) ? found : arrivals(signal, hint);
}

/** Events as the product sends them, and without the header that forbids nginx to buffer. */
export async function streams(signal: AbortSignal): Promise<Result[]> {
  const [hinted, plain] = await Promise.all([twice(signal, "on"), twice(signal, "off")]);
  if (hinted.status !== 200)
    return [
      {
        check: "stream",
        outcome: "failed",
        measured: t("doctor.m_http", { status: String(hinted.status) }),
        symptom: "failed",
      },
    ];
  const said = ({ times }: Arrivals) => ({ count: times.length, ms: spread(times) });
  const expected = t("doctor.m_over", { ms: (numbers.events - 1) * numbers.gap_ms });
  const check = "stream";
  const results: Result[] = [];
  const measured = t("doctor.m_events", said(hinted));
  if (!apart(hinted.times))
    results.push({ check, outcome: "failed", measured, expected, symptom: "stream_buffered" });
  else if (plain.status === 200 && !apart(plain.times))
    results.push({
      check,
      outcome: "warning",
      measured: t("doctor.m_events_plain", said(plain)),
      symptom: "buffering_on",
    });
  else results.push({ check, outcome: "ok", measured });
  results.push(
    hinted.encoding
      ? {
          check: "compression",
          outcome: "warning",
          measured: hinted.encoding,
          expected: t("doctor.m_uncompressed"),
          symptom: "stream_compressed",
        }
      : { check: "compression", outcome: "ok", measured: t("doctor.m_uncompressed") },
  );
  return results;
}

const rounded = (ms: number) => Math.round(ms * 10) / 10;
export function trip(times: number[]): { median: number; p95: number; jitter: number } {
  const sorted = times.toSorted((one, other) => one - other);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  const steps = times.slice(1).map((time, index) => Math.abs(time - (times[index] ?? 0)));
  const jitter = steps.reduce((sum, step) => sum + step, 0) / Math.max(1, steps.length);
  return { median: rounded(at(0.5)), p95: rounded(at(0.95)), jitter: rounded(jitter) };
}

/** Round trips over REST, and over a socket where there is one. */
export async function latency(signal: AbortSignal, socket: boolean): Promise<Result> {
  const timed = async (work: () => Promise<unknown>) => {
    const began = performance.now();
    return (await work()) === false ? null : performance.now() - began;
  };
  const rest: number[] = [];
  const over: number[] = [];
  for (let index = 0; index < numbers.pings; index++)
    rest.push((await timed(async () => (await ask("request", { signal })).text())) ?? 0);
  if (socket) {
    const echo = new Socket(echoPath, signal);
    if (await echo.opened)
      for (let index = 0; index < numbers.pings; index++) {
        echo.send("ping");
        const time = await timed(async () => typeof (await echo.next(soon)) === "string");
        if (time !== null) over.push(time);
      }
    echo.close();
  }
  const trips = [
    [t("doctor.m_rest"), rest],
    [t("doctor.m_socket"), over],
  ] as const;
  const there = trips
    .filter(([, times]) => times.length > 0)
    .map(([name, times]) => ({ name, ...trip(times) }));
  const measured = there.map((one) => t("doctor.m_trip", one)).join("; ");
  const expected = t("doctor.m_under", { ms: numbers.slow_ms });
  return there.some(({ median }) => median > numbers.slow_ms)
    ? { check: "latency", outcome: "warning", measured, expected, symptom: "slow" }
    : { check: "latency", outcome: "ok", measured };
}

/** Whether a megabyte gets through and, where that is quick, the most that the site takes. */
export async function bodies(signal: AbortSignal, most: number): Promise<Result> {
  const failed = (measured: string, symptom: "body_refused" | "write_refused" | "failed"): Result => ({
    check: "body",
    outcome: "failed",
    measured,
    symptom,
  });
  let taken = 0;
  for (const size of [Math.min(numbers.body_bytes, most), most]) {
    const mib = Math.round(size / 1024 / 1024);
    const began = performance.now();
    try {
      const { status } = await post(size, signal);
      const measured = t("doctor.m_size_http", { mib, status: String(status) });
      if (status === 413) return failed(measured, "body_refused");
      if (status === 403) return failed(measured, "write_refused");
      if (status !== 200) return failed(measured, "failed");
    } catch {
      signal.throwIfAborted();
      return failed(t("doctor.m_size_cut", { mib }), "body_refused");
    }
    taken = mib;
    if (performance.now() - began > 1000) break;
  }
  return { check: "body", outcome: "ok", measured: t("doctor.m_size", { mib: taken }) };
}
