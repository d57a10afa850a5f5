/**
 * Runs callbacks together, ten times a second at most: however many events come, the page is drawn again no oftener.
 * The first after a pause waits for nothing but the end of its task.
 */
export const LEAST_MS = 100;
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

export function paced(run: () => void): void {
  waiting.add(run);
  if (scheduled) return;
  scheduled = true;
  const since = performance.now() - last;
  setTimeout(flush, Math.min(LEAST_MS, Math.max(0, LEAST_MS - since)));
}
