import { useQuery } from "@tanstack/react-query";
import { api } from "./client";
import { queryClient } from "./query";

interface Trouble {
  code: string;
  message: string;
}

export interface Source {
  number: number;
  url: string;
  title: string;
  status: "read" | "failed" | "waiting";
  error: Trouble | null;
  fetched: string | null;
  chars: number;
  truncated: boolean;
  cited: boolean;
}

export interface Citation {
  number: number;
  source: number;
  claim: string;
  quote: string;
}

/** What a research has found so far; `markdown` is null until it is written, `verified` says that its quotes were found. */
export interface Report {
  question: string;
  title: string;
  markdown: string | null;
  verified: boolean;
  citations: Citation[];
  dropped: { source: number; claim: string; quote: string; reason: string }[];
  sources: Source[];
  plan: { round: number; questions: string[]; searches: string[]; reason: string }[];
  searches: { query: string; provider: string; found: number; error: Trouble | null }[];
  notes: { source: number; claim: string; quote: string }[];
  used: Record<string, number>;
  limits: Record<string, number>;
  stopped: string;
}

/** A page as it was stored; passages count Unicode characters. */
export interface StoredPage extends Source {
  text: string;
  passages: { citation: number; start: number; end: number }[];
}

const key = (id: string) => ["jobs", "report", id];
export const useReport = (id: string) =>
  useQuery({
    queryKey: key(id),
    queryFn: ({ signal }) => api<Report>(`jobs/${id}/report`, { signal }),
    refetchOnMount: "always",
  });
export const useStoredPage = (id: string, number: number) =>
  useQuery({
    queryKey: ["jobs", "source", id, number],
    queryFn: ({ signal }) => api<StoredPage>(`jobs/${id}/sources/${number}`, { signal }),
  });
export const reportAgain = (id: string): Promise<void> =>
  queryClient.invalidateQueries({ queryKey: key(id) });
export const reportHref = (id: string): string => `/api/v1/jobs/${id}/report?format=md`;
