import { useEffect, useState } from "react";
import type { Job } from "@/api/jobs";

/** Seconds that the server's rate is of. */
const WINDOW = 10;
const LEAST = 5;

/** Seconds of silence that are nothing strange in a job of this rate: three rows late, and a moment at the least. */
const patience = (rate: number): number => (rate > 0 ? Math.max(LEAST, 3 / rate) : WINDOW);

/** How long a running job has told nothing, in whole seconds, once that is strange; else null. */
export function silence({ status, rate }: Pick<Job, "status" | "rate">, heard: number | null): number | null {
  if (status !== "running" || heard === null) return null;
  const silent = (Date.now() - heard) / 1000;
  return silent > patience(rate) ? Math.floor(silent) : null;
}

/** The rate as it is after so much silence: what ended longer ago than its window does not count. */
export const fallen = (rate: number, silent: number | null): number =>
  silent === null ? rate : (rate * Math.max(0, WINDOW - silent)) / WINDOW;

/** The same, looked at once a second while the job runs. */
export function useSilence(job: Pick<Job, "status" | "rate">, heard: number | null): number | null {
  const [, look] = useState(0);
  const running = job.status === "running";
  useEffect(() => {
    if (!running) return;
    const clock = setInterval(() => look((times) => times + 1), 1000);
    return () => clearInterval(clock);
  }, [running]);
  return silence(job, heard);
}
