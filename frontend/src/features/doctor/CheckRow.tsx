import { Check, CircleAlert, Minus, TriangleAlert } from "lucide-react";
import { useEffect, useState } from "react";
import { cx } from "@/lib/cx";
import { useT } from "@/lib/i18n";
import { Spinner, VisuallyHidden } from "@/ui";
import { Advice } from "./Advice";
import styles from "./Doctor.module.css";
import type { Check as CheckName, Proxy, Result } from "./rules";
import type { Running } from "./useDoctor";

const signs = { ok: Check, warning: TriangleAlert, failed: CircleAlert, skipped: Minus };

/** Whole seconds since then, counted on. */
export function useSeconds(since: number | undefined): number {
  const [now, setNow] = useState(0);
  useEffect(() => {
    if (since === undefined) return;
    const tick = () => setNow(Math.floor((performance.now() - since) / 1000));
    tick();
    const timer = setInterval(tick, 500);
    return () => clearInterval(timer);
  }, [since]);
  return now;
}

/** One check: its state in a sign and a word, what was measured, and what to do. */
export function CheckRow({
  check,
  results,
  running,
  proxy,
  onProxy,
}: {
  check: CheckName;
  results: Result[];
  running: Running | undefined;
  proxy: Proxy;
  onProxy: (proxy: Proxy) => void;
}) {
  const t = useT();
  const now = useSeconds(running?.seconds === undefined ? undefined : running.since);
  const worst =
    results.find(({ outcome }) => outcome === "failed") ??
    results.find(({ outcome }) => outcome === "warning") ??
    results[0];
  const state = running ? "running" : (worst?.outcome ?? "waiting");
  const Sign = worst && !running ? signs[worst.outcome] : null;
  return (
    <li className={cx(styles["row"], styles[state])} data-check={check} data-state={state}>
      <span className={styles["sign"]}>
        {running ? <Spinner /> : Sign ? <Sign size={16} aria-hidden="true" /> : null}
      </span>
      <div className={styles["what"]}>
        <h2>
          {t(`symptoms.check_${check}`)}
          <VisuallyHidden>: {t(`doctor.state_${state}`)}</VisuallyHidden>
        </h2>
        {running?.seconds !== undefined ? (
          <p className={styles["measured"]}>
            {t("doctor.seconds_of", {
              now: Math.min(now, Math.ceil(running.seconds)),
              all: Math.ceil(running.seconds),
            })}
          </p>
        ) : null}
        {running
          ? null
          : results.map((result) => (
              <div key={result.symptom ?? result.measured}>
                <p className={styles["measured"]}>
                  {result.measured}
                  {result.expected && result.outcome !== "ok" ? (
                    <span>{t("doctor.expected", { what: result.expected })}</span>
                  ) : null}
                </p>
                {result.symptom ? (
                  <Advice
                    symptom={result.symptom}
                    id={`${check}-${result.symptom}`}
                    proxy={proxy}
                    onProxy={onProxy}
                  />
                ) : null}
              </div>
            ))}
      </div>
    </li>
  );
}
