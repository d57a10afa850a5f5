import type { Clock, Timer } from "./types.js";

/** The real clock. `Date.now` and not `performance.now`, which stands still while some systems sleep. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, run): Timer => ({ id: setTimeout(run, ms) }),
  cancel: (timer) => clearTimeout(timer.id as ReturnType<typeof setTimeout>),
};
