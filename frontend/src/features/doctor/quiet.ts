import { translate as t } from "@/lib/i18n";
import type { Check, Result, Symptom } from "./rules";
import { ask, echoPath, seconds, Socket, socketPath } from "./site";
import { connected } from "./traffic";

const margin = 1.1;
const tenths = (value: number) => Math.round(value * 10) / 10;

function ended(check: Check, since: number, wanted: number, symptom: Symptom): Result {
  return {
    check,
    outcome: "failed",
    measured: t("doctor.m_cut", { seconds: seconds(since) }),
    expected: t("doctor.m_open_for", { seconds: tenths(wanted) }),
    symptom,
  };
}

/** A socket on which nothing is said until the product's own ping. */
export async function socketIdle(signal: AbortSignal, ping: number): Promise<Result> {
  const began = performance.now();
  const socket = new Socket(socketPath, signal);
  try {
    if ((await socket.opened) && (await connected(socket)))
      for (;;) {
        const text = await socket.next((ping * 1.5 + 5) * 1000);
        if (typeof text !== "string") break;
        if ((JSON.parse(text) as { type?: string }).type === "ping")
          return {
            check: "socket_idle",
            outcome: "ok",
            measured: t("doctor.m_quiet", { seconds: seconds(began) }),
          };
      }
    return ended("socket_idle", began, ping, "idle_cut");
  } finally {
    socket.close();
  }
}

/** Whether a stream that is silent for so long goes on afterwards. */
async function streamLives(signal: AbortSignal, silent: number): Promise<boolean> {
  try {
    const response = await ask(`stream?events=2&gap_ms=${Math.round(silent * 1000)}`, { signal });
    return response.ok && (await response.text()).split("\n\n").length === 3;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

export async function streamIdle(signal: AbortSignal, comment: number): Promise<Result> {
  const began = performance.now();
  const wanted = comment * margin;
  if (!(await streamLives(signal, wanted))) return ended("stream_idle", began, wanted, "idle_cut");
  return {
    check: "stream_idle",
    outcome: "ok",
    measured: t("doctor.m_quiet", { seconds: seconds(began) }),
  };
}

export async function poll(signal: AbortSignal, wait: number): Promise<Result> {
  const began = performance.now();
  const held = await ask(`poll?wait=${wait}`, { signal }).then(
    ({ ok }) => ok,
    () => {
      signal.throwIfAborted();
      return false;
    },
  );
  if (!held) return ended("poll", began, wait, "poll_cut");
  return { check: "poll", outcome: "ok", measured: t("doctor.m_held", { seconds: seconds(began) }) };
}

/** A socket and a stream on which nobody says anything: what ends first, and when. */
export async function silence(signal: AbortSignal, silent: number, withSocket: boolean): Promise<Result> {
  const began = performance.now();
  const cut: string[] = [];
  const lived = async (name: string, work: Promise<boolean>) => {
    if (!(await work)) cut.push(t("doctor.m_name_cut", { name, seconds: seconds(began) }));
  };
  const checks = [lived(t("doctor.m_stream"), streamLives(signal, silent))];
  if (withSocket) checks.push(lived(t("doctor.m_socket"), socketLives(signal, silent)));
  await Promise.all(checks);
  signal.throwIfAborted();
  if (cut.length === 0)
    return { check: "silence", outcome: "ok", measured: t("doctor.m_quiet", { seconds: silent }) };
  return {
    check: "silence",
    outcome: "warning",
    measured: cut.join("; "),
    expected: t("doctor.m_open_for", { seconds: silent }),
    symptom: "silence_cut",
  };
}

async function socketLives(signal: AbortSignal, silent: number): Promise<boolean> {
  const socket = new Socket(echoPath, signal);
  try {
    if (!(await socket.opened) || (await socket.next(silent * 1000)) !== undefined) return false;
    socket.send("still there");
    return typeof (await socket.next(10_000)) === "string";
  } finally {
    socket.close();
  }
}
