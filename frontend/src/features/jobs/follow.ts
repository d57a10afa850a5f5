import { useEffect, useSyncExternalStore } from "react";
import { type Job, jobAgain } from "@/api/jobs";
import { followTopic } from "@/api/topics";
import type { JobSnapshot, Log, RowEnded } from "@/realtime/generated/frames";
import type { Json, Position, TopicEvent, TopicHandlers } from "@/realtime/index";
import { paced } from "./pace";

export type Line = Log;

type Live = Pick<
  Job,
  | "status"
  | "reason"
  | "error"
  | "done"
  | "failed"
  | "total"
  | "rate"
  | "eta_s"
  | "cost"
  | "input_tokens"
  | "output_tokens"
  | "step"
  | "step_said"
>;

export interface Followed {
  /** Null until the first snapshot. */
  live: Live | null;
  log: readonly Line[];
  at: Position | null;
  /** When it told something last, by the clock of `Date.now`; null: not yet. */
  heard: number | null;
  /** Access ended, or there is no such job. */
  ended: string | null;
}

const LINES = 500;
const LINGER_MS = 2_000;
const nothing: Followed = { live: null, log: [], at: null, heard: null, ended: null };
const { isArray } = Array;

/** What a kind tells beside the events that all have, such as the steps of a research. */
export interface Listener {
  row?(row: RowEnded): void;
  /** Everything may be another: rows that were read before are old. */
  reset?(): void;
  other?(event: TopicEvent): void;
  snapshot?(data: Json): void;
}

/**
 * One job as its topic tells it. Counts come whole with each event, so that none is ever added twice; events change it
 * at once, those who look are told ten times a second at most.
 */
export class JobFollow {
  private state = nothing;
  private shown = nothing;
  private readonly lookers = new Set<() => void>();
  private readonly listeners = new Set<Listener>();
  private last: Json | null = null;
  private held = 0;
  private stop: (() => void) | null = null;

  constructor(
    readonly id: string,
    private readonly again: (id: string) => unknown = jobAgain,
  ) {}

  /** As last shown. */
  get = (): Followed => this.shown;

  subscribe = (looker: () => void): (() => void) => {
    this.lookers.add(looker);
    return () => this.lookers.delete(looker);
  };

  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    if (this.last) listener.snapshot?.(this.last);
    return () => this.listeners.delete(listener);
  }

  /** Follows it while somebody holds it, and for a moment after. */
  hold(): () => void {
    this.held += 1;
    this.stop ??= followTopic(`job.${this.id}`, this.handlers);
    return () => {
      this.held -= 1;
      setTimeout(() => {
        if (this.held > 0 || !this.stop) return;
        this.stop();
        this.stop = null;
        this.last = null;
        this.state = this.shown = nothing;
      }, LINGER_MS);
    };
  }

  readonly handlers: TopicHandlers = {
    snapshot: (data, at) => {
      const { log, ...live } = data as unknown as JobSnapshot;
      this.last = data;
      this.become({ live, log: isArray(log) ? log : [], at, heard: Date.now(), ended: null });
      for (const listener of this.listeners) {
        listener.snapshot?.(data);
        listener.reset?.();
      }
      this.again(this.id);
    },
    event: (event) => this.take(event),
    ended: ({ code }) => {
      this.stop = null;
      this.become({ ...this.state, ended: code });
    },
  };

  private take(event: TopicEvent): void {
    const { type, data, position: at } = event;
    const { live, log } = this.state;
    if (!live) return;
    this.state = { ...this.state, heard: Date.now() };
    switch (type) {
      case "progress":
        this.become({ ...this.state, at, live: { ...live, ...(data as unknown as Partial<Live>) } });
        return;
      case "log":
        this.become({ ...this.state, at, log: [...log.slice(1 - LINES), data as unknown as Line] });
        return;
      case "status": {
        const now = { ...live, reason: "", error: null, ...(data as unknown as Partial<Live>) };
        if (now.status !== "running") {
          now.rate = 0;
          now.eta_s = null;
        }
        this.become({ ...this.state, at, live: now });
        // Begun again, rows that had failed are as good as new.
        if (now.status === "queued") for (const listener of this.listeners) listener.reset?.();
        this.again(this.id);
        return;
      }
      case "row":
        this.state = { ...this.state, at };
        for (const listener of this.listeners) listener.row?.(data as unknown as RowEnded);
        return;
      default:
        this.become({ ...this.state, at });
        for (const listener of this.listeners) listener.other?.(event);
    }
  }

  private become(state: Followed): void {
    this.state = state;
    paced(this.show);
  }

  private readonly show = (): void => {
    if (this.shown === this.state) return;
    this.shown = this.state;
    for (const looker of [...this.lookers]) looker();
  };
}

const known = new Map<string, JobFollow>();

/** The one store of a job, whoever looks. */
export function followOf(id: string): JobFollow {
  const found = known.get(id) ?? new JobFollow(id);
  known.set(id, found);
  return found;
}

const idle = () => () => undefined;
const none = () => nothing;

/** A job as its topic tells it; of an `id` that is null, nothing. */
export function useFollowed(id: string | null): Followed {
  const follow = id === null ? null : followOf(id);
  useEffect(() => follow?.hold(), [follow]);
  return useSyncExternalStore(follow?.subscribe ?? idle, follow?.get ?? none);
}

/** What REST told of a job, brought up to what its topic has told since. */
export function merged(job: Job, { live, at }: Followed): Job {
  if (!live || !at) return job;
  const { epoch, offset } = job.position;
  if (epoch === at.epoch && offset > at.offset) return job;
  const wanted = live.status === "running" ? job.wanted : "";
  return { ...job, ...live, wanted };
}
