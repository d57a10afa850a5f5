import { keepPreviousData, queryOptions, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api } from "./client";
import { queryClient } from "./query";
import type { components } from "./schema";
import type { Page } from "./types";

type Schemas = components["schemas"];

export type Job = Schemas["JobOut"];
export type JobRow = Schemas["RowOut"];
export type JobStatus = Job["status"];
export type RowStatus = JobRow["status"];
export type ResultFormat = "csv" | "jsonl" | "json" | "zip" | "md";

export interface JobFilters {
  kind: string;
  status: string;
}

export interface RowsQuery {
  status?: RowStatus | undefined;
  /** The index that the page comes after. */
  after: number;
  limit: number;
}

const act = (id: string, verb: string, body?: unknown) =>
  api<Job>(`jobs/${id}/${verb}`, body === undefined ? { method: "POST" } : { method: "POST", body });

export const jobs = {
  list: ({ kind, status }: JobFilters, cursor: string | null, signal?: AbortSignal) =>
    api<Page<Job>>("jobs", {
      query: { kind, cursor, limit: 50, ...(status === "dead" ? { dead: true } : { status }) },
      signal,
    }),
  get: (id: string, signal?: AbortSignal) => api<Job>(`jobs/${id}`, { signal }),
  create: (kind: string, name: string, spec: Record<string, unknown>, idempotencyKey: string) =>
    api<Job>("jobs", { method: "POST", body: { kind, name, spec }, idempotencyKey }),
  pause: (id: string) => act(id, "pause"),
  resume: (id: string, cap?: number) => act(id, "resume", cap === undefined ? {} : { cost_cap: cap }),
  cancel: (id: string) => act(id, "cancel"),
  retry: (id: string) => act(id, "retry"),
  clone: (id: string, name: string, spec: Record<string, unknown>, idempotencyKey: string) =>
    api<Job>(`jobs/${id}/clone`, { method: "POST", body: { name, spec }, idempotencyKey }),
  /** Puts what an import brought into the bin, but for what was touched since. */
  undo: async (id: string) => {
    const found = await api<{ removed: number; kept: number }>(`jobs/${id}/undo`, { method: "POST" });
    await queryClient.invalidateQueries({ queryKey: ["conversations"] });
    await jobAgain(id);
    return found;
  },
  rows: (id: string, query: RowsQuery, signal?: AbortSignal) =>
    api<Page<JobRow>>(`jobs/${id}/rows`, { query: { ...query }, signal }),
  resultHref: (id: string, format: ResultFormat) => `/api/v1/jobs/${id}/result?format=${format}`,
  kinds: (signal?: AbortSignal) => api<Schemas["KindsOut"]>("jobs/kinds", { signal }),
  times: (cron: string, timezone: string, signal?: AbortSignal) =>
    api<Schemas["TimesOut"]>("jobs/times", { query: { cron, timezone, count: 5 }, signal }),
};

export const useJobs = (filters: JobFilters) =>
  useInfiniteQuery({
    queryKey: ["jobs", "list", filters],
    queryFn: ({ pageParam, signal }) => jobs.list(filters, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
    refetchOnMount: "always",
  });
const one = (id: string) => ["jobs", "one", id];
export const useJob = (id: string) =>
  useQuery({
    queryKey: one(id),
    queryFn: ({ signal }) => jobs.get(id, signal),
    refetchOnMount: "always",
  });
const kinds = queryOptions({
  queryKey: ["jobs", "kinds"],
  queryFn: ({ signal }) => jobs.kinds(signal),
  staleTime: Number.POSITIVE_INFINITY,
});
/** What this site can do. */
export const useKinds = () => useQuery(kinds);
/** The same, asked for where it is not known yet. */
export const kindsKnown = () => queryClient.query({ ...kinds, staleTime: "static" });
export const useTimes = (cron: string, timezone: string) =>
  useQuery({
    queryKey: ["jobs", "times", cron, timezone],
    queryFn: ({ signal }) => jobs.times(cron, timezone, signal),
    placeholderData: keepPreviousData,
    refetchInterval: 60_000,
    retry: false,
  });

/** What a change answered is the newest that is known. */
export function jobIs(job: Job): void {
  queryClient.setQueryData(one(job.id), job);
  void queryClient.invalidateQueries({ queryKey: ["jobs", "list"] });
}
export const jobAgain = (id: string): Promise<void> => queryClient.invalidateQueries({ queryKey: one(id) });
export const jobsAgain = (): Promise<void> => queryClient.invalidateQueries({ queryKey: ["jobs", "list"] });
