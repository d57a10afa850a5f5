/** When to come back after a socket closed (protocol §9). Pure. */

export const STABLE_MS = 30_000;
const CAP_MS = 20_000;
const BASE_MS = 500;
const CROWDED_MS = 60_000;

export const Close = {
  NORMAL: 1000,
  INVALID_DATA: 1007,
  TOO_BIG: 1009,
  SHUTTING_DOWN: 4001,
  TOKEN_EXPIRED: 4005,
  NO_PONG: 4012,
  TOO_MANY_SOCKETS: 4014,
  SIGN_IN_AGAIN: 4500,
  BAD_FRAME: 4501,
  NO_CONNECT: 4502,
  ACCOUNT_CLOSED: 4507,
  UNKNOWN_VERSION: 4510,
} as const;

/** A frame was refused before it was read: what was sent is tried at most once more. */
export function refusesFrame(code: number | null): boolean {
  return code === Close.INVALID_DATA || code === Close.TOO_BIG || code === Close.BAD_FRAME;
}

export type Verdict =
  | { kind: "again"; delayMs: number }
  | { kind: "refresh"; delayMs: number }
  | { kind: "once-more"; delayMs: number }
  | { kind: "stop" };

/** random(0, min(20 s, 0.5 s · 2^n)) in milliseconds. */
export function jitter(attempt: number, random: () => number): number {
  return random() * Math.min(CAP_MS, BASE_MS * 2 ** Math.min(attempt, 16));
}

/**
 * `attempt` is n of the protocol: how often the connection was lost since it last stood for 30 s.
 * `triedOnceMore` says that the one extra try after a refused frame is used up.
 */
export function verdict(
  code: number,
  attempt: number,
  triedOnceMore: boolean,
  random: () => number,
): Verdict {
  const delayMs = jitter(attempt, random);
  switch (code) {
    case Close.TOKEN_EXPIRED:
      return { kind: "refresh", delayMs };
    case Close.TOO_MANY_SOCKETS:
      return { kind: "again", delayMs: CROWDED_MS + delayMs };
  }
  if (refusesFrame(code)) return triedOnceMore ? { kind: "stop" } : { kind: "once-more", delayMs };
  if (code >= 4500 && code <= 4599) return { kind: "stop" };
  return { kind: "again", delayMs };
}
