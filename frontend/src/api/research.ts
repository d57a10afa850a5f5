import { useQuery } from "@tanstack/react-query";
import { api } from "./client";
import { queryClient } from "./query";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Source = Schemas["SourceOut"];
export type Citation = Schemas["CitationOut"];
/** What a research has found so far; `markdown` is null until it is written, `verified` says that its quotes were found. */
export type Report = Schemas["ReportOut"];
/** A page as it was stored; passages count Unicode characters. */
export type StoredPage = Schemas["SourceText"];

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
