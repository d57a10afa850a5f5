/**
 * Lighthouse on one address in a browser that runs already: `node lighthouse.mjs PORT ADDRESS [phone]`. Prints JSON: the
 * score of each category, 0 to 100, and what cost points; `unmeasured` with Lighthouse's code when it lost its own trace of
 * the load, which says nothing of the page. What the browser remembers of the site stays, its cache goes.
 */
import lighthouse, { desktopConfig } from "lighthouse";

const TRACE_LOST = ["NO_TRACING_STARTED", "NO_NAVSTART"];
const [port, address, device] = process.argv.slice(2);
const flags = { port: Number(port), output: "json", logLevel: "error", disableStorageReset: true };
const result = await lighthouse(address, flags, device === "phone" ? undefined : desktopConfig);
if (!result) throw new Error("Lighthouse gave no result.");
const { categories, audits, runtimeError } = result.lhr;
if (runtimeError && TRACE_LOST.includes(runtimeError.code)) {
  console.log(JSON.stringify({ scores: {}, unmeasured: runtimeError.code }));
  process.exit(0);
}
if (runtimeError) throw new Error(runtimeError.message);
const scores = Object.fromEntries(
  Object.values(categories).map(({ id, score }) => [id, Math.round((score ?? 0) * 100)]),
);
const lost = Object.values(categories).flatMap(({ id, auditRefs }) =>
  auditRefs
    .filter(({ id: audit, weight }) => weight > 0 && (audits[audit]?.score ?? 1) < 0.9)
    .map(({ id: audit }) => `${id}: ${audits[audit]?.title} ${audits[audit]?.displayValue ?? ""}`.trim()),
);
console.log(JSON.stringify({ scores, lost }));
