import { useCallback, useEffect, useRef, useState } from "react";
import { announce } from "@/lib/announce";
import { translate } from "@/lib/i18n";
import { examine, order } from "./examine";
import { silence } from "./quiet";
import type { Check, Result } from "./rules";

export interface Running {
  since: number;
  /** How long it takes, where that is known. */
  seconds: number | undefined;
}

export interface Doctor {
  results: Result[];
  running: Partial<Record<Check, Running>>;
  busy: boolean;
  again: () => void;
  silent: (seconds: number) => void;
  stopSilence: () => void;
}

/** How many things are to mend, and how many remarks there are. */
export function counts(results: Result[]): { failed: number; noted: number } {
  const of = (outcome: Result["outcome"]) => results.filter((result) => result.outcome === outcome).length;
  return { failed: of("failed"), noted: of("warning") };
}

/** The tests: they run by themselves, again on demand, and end with the page. */
export function useDoctor(): Doctor {
  const [results, setResults] = useState<Result[]>([]);
  const [running, setRunning] = useState<Doctor["running"]>({});
  const [busy, setBusy] = useState(true);
  const [turn, setTurn] = useState(0);
  const quiet = useRef<AbortController | null>(null);

  const found = useCallback((more: Result[]) => {
    const done = new Set(more.map(({ check }) => check));
    setResults((before) => [...before.filter(({ check }) => !done.has(check)), ...more]);
    setRunning((before) =>
      Object.fromEntries(Object.entries(before).filter(([check]) => !done.has(check as Check))),
    );
  }, []);
  const begin = useCallback((checks: Check[], seconds?: number) => {
    const since = performance.now();
    setRunning((before) => ({
      ...before,
      ...Object.fromEntries(checks.map((check) => [check, { since, seconds }])),
    }));
  }, []);

  useEffect(() => {
    const control = new AbortController();
    const all: Result[] = [];
    const listener = {
      found: (more: Result[]) => {
        if (control.signal.aborted) return;
        all.push(...more);
        found(more);
      },
      running: (checks: Check[], seconds?: number) => {
        if (!control.signal.aborted) begin(checks, seconds);
      },
    };
    examine(control.signal, listener)
      .then(() => {
        if (control.signal.aborted) return;
        setRunning({});
        setBusy(false);
        announce(summary(all));
      })
      .catch((error: unknown) => {
        if (!control.signal.aborted) throw error;
      });
    return () => {
      control.abort();
      quiet.current?.abort();
    };
  }, [turn, found, begin]);

  return {
    results,
    running,
    busy,
    again: () => {
      setResults([]);
      setRunning({});
      setBusy(true);
      setTurn(turn + 1);
    },
    silent: (seconds) => {
      const control = new AbortController();
      quiet.current = control;
      begin(["silence"], seconds);
      const socket = results.some(({ check, outcome }) => check === "session" && outcome === "ok");
      silence(control.signal, seconds, socket)
        .then((result) => {
          found([result]);
          announce(result.measured);
        })
        .catch((error: unknown) => {
          if (!control.signal.aborted) throw error;
        });
    },
    stopSilence: () => {
      quiet.current?.abort();
      setRunning((before) =>
        Object.fromEntries(Object.entries(before).filter(([check]) => check !== "silence")),
      );
    },
  };
}

/** All of it in a sentence. */
export function summary(results: Result[]): string {
  const { failed, noted } = counts(results);
  if (failed + noted === 0) return translate("doctor.well");
  const parts = [];
  if (failed > 0) parts.push(translate("doctor.found", { count: failed }));
  if (noted > 0) parts.push(translate("doctor.noted", { count: noted }));
  return `${parts.join(", ")}.`;
}

/** For who is asked for help: what was found, without addresses of people, keys or cookies. */
export function report(results: Result[]): string {
  const place = (check: Check) => [...order, "silence"].indexOf(check);
  const lines = results
    .toSorted((one, other) => place(one.check) - place(other.check))
    .map(({ check, outcome, measured, expected, symptom }) =>
      [
        `[${outcome}] ${translate(`symptoms.check_${check}`)}: ${measured}`,
        expected && outcome !== "ok" ? ` (${translate("doctor.expected", { what: expected })})` : "",
        symptom ? ` · ${symptom}: ${translate(`symptoms.${symptom}`)}` : "",
      ].join(""),
    );
  return [`Rivulet, ${location.origin}`, new Date().toISOString(), navigator.userAgent, ...lines, ""].join(
    "\n",
  );
}
