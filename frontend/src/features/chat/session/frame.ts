/**
 * Runs callbacks together in an animation frame, some twenty times a second at most: words come no smoother at
 * sixty, and what that costs the main thread belongs to whoever types or scrolls meanwhile. The first after a pause waits for nothing but its frame. Hidden pages have no frames; there it
 * runs now and then.
 */
const LEAST_MS = 42;
const HIDDEN_MS = 500;
const waiting = new Set<() => void>();
let scheduled = false;
let last = Number.NEGATIVE_INFINITY;

function flush(): void {
  scheduled = false;
  last = performance.now();
  const due = [...waiting];
  waiting.clear();
  for (const run of due) run();
}

export function nextFrame(run: () => void): void {
  waiting.add(run);
  if (scheduled) return;
  scheduled = true;
  const pause = LEAST_MS - (performance.now() - last);
  if (document.visibilityState === "hidden") setTimeout(flush, HIDDEN_MS);
  else if (pause <= 0) requestAnimationFrame(flush);
  // A little early, so that the frame that is due is not missed.
  else setTimeout(() => requestAnimationFrame(flush), Math.max(0, pause - 8));
}
