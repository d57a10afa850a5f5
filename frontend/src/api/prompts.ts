import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { Variable } from "@/lib/template";
import { api } from "./client";
import { queryClient } from "./query";
import type { components } from "./schema";
import type { Page } from "./types";

type Schemas = components["schemas"];

export type Template = Schemas["TemplateListed"];
export type Facets = Schemas["Facets"];
export type VersionListed = Schemas["VersionListed"];
export type Version = Omit<Schemas["VersionOut"], "variables" | "params"> & {
  variables: Variable[];
  params: Record<string, unknown>;
};
export type TemplateWhole = Omit<Schemas["TemplateOut"], "current"> & { current: Version };
export type Diff = Schemas["Diff"];
export type Shares = Schemas["Shares"];
export type ShareFields = { person?: string; team?: string; everybody?: true; access: "view" | "edit" };
export type ImportReport = Schemas["ImportReport"];

/** What a version holds, as it is sent. */
export interface Content {
  system: string;
  user: string;
  variables: Variable[];
  model: string;
  params: Record<string, unknown>;
}

export interface Filters {
  q: string;
  folder: string;
  tag: string;
}

export interface Filled {
  system: string;
  user: string;
  variables: Record<string, unknown>;
}

/** So many unchanged lines round a change that none is left out: the page folds them itself. */
const WHOLE = 100_000;

const key = (...rest: unknown[]) => ["prompts", ...rest];

export const prompts = {
  list: (filters: Partial<Filters>, cursor: string | null, signal?: AbortSignal) =>
    api<Page<Template>>("prompts", { query: { ...filters, cursor, limit: 50 }, signal }),
  facets: (signal?: AbortSignal) => api<Facets>("prompts/facets", { signal }),
  get: (id: string, signal?: AbortSignal) => api<TemplateWhole>(`prompts/${id}`, { signal }),
  create: (fields: Content & { name: string; folder?: string; description?: string; tags?: string[] }) =>
    api<TemplateWhole>("prompts", { method: "POST", body: fields }),
  update: (
    id: string,
    fields: Partial<Pick<Template, "name" | "slug" | "description" | "folder" | "tags"> & { deleted: false }>,
  ) => api<TemplateWhole>(`prompts/${id}`, { method: "PATCH", body: fields }),
  remove: (id: string) => api(`prompts/${id}`, { method: "DELETE" }),
  versions: (id: string, signal?: AbortSignal) =>
    api<Page<VersionListed>>(`prompts/${id}/versions`, { query: { limit: 200 }, signal }),
  version: (id: string, number: number, signal?: AbortSignal) =>
    api<Version>(`prompts/${id}/versions/${number}`, { signal }),
  save: async (id: string, fields: Content & { note: string; base: number }) => {
    const saved = await api<Version>(`prompts/${id}/versions`, { method: "POST", body: fields });
    queryClient.setQueryData(key("one", id, "version", saved.number), saved);
    return saved;
  },
  diff: (id: string, old: number, now: number, signal?: AbortSignal) =>
    api<Diff>(`prompts/${id}/diff`, { query: { old, new: now, context: WHOLE }, signal }),
  label: (id: string, label: string, version: number) =>
    api<TemplateWhole>(`prompts/${id}/labels/${label}`, { method: "PUT", body: { version } }),
  unlabel: (id: string, label: string) => api(`prompts/${id}/labels/${label}`, { method: "DELETE" }),
  shares: (id: string, signal?: AbortSignal) => api<Shares>(`prompts/${id}/shares`, { signal }),
  share: (id: string, fields: ShareFields) =>
    api<Shares>(`prompts/${id}/shares`, { method: "POST", body: fields }),
  unshare: (id: string, share: string) => api(`prompts/${id}/shares/${share}`, { method: "DELETE" }),
  preview: (content: Content, values: Record<string, unknown>, signal?: AbortSignal) =>
    api<Filled>("prompts/preview", { method: "POST", body: { ...content, values }, signal }),
  exported: (ids?: string) => api<unknown>("prompts/export", { query: { ids } }),
  imported: (document: unknown) =>
    api<ImportReport>("prompts/import", { method: "POST", body: { document, on_conflict: "rename" } }),
};

export const useTemplates = (filters: Partial<Filters>, enabled = true) =>
  useInfiniteQuery({
    enabled,
    queryKey: key("list", filters),
    queryFn: ({ pageParam, signal }) => prompts.list(filters, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
  });
export const useFacets = () =>
  useQuery({ queryKey: key("facets"), queryFn: ({ signal }) => prompts.facets(signal) });
export const useTemplate = (id: string) =>
  useQuery({ queryKey: key("one", id), queryFn: ({ signal }) => prompts.get(id, signal) });
export const useVersions = (id: string) =>
  useQuery({ queryKey: key("one", id, "versions"), queryFn: ({ signal }) => prompts.versions(id, signal) });
export const useVersion = (id: string, number: number) =>
  useQuery({
    queryKey: key("one", id, "version", number),
    queryFn: ({ signal }) => prompts.version(id, number, signal),
    enabled: number > 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
export const useDiff = (id: string, old: number, now: number) =>
  useQuery({
    queryKey: key("one", id, "diff", old, now),
    queryFn: ({ signal }) => prompts.diff(id, old, now, signal),
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
  });
export const useShares = (id: string) =>
  useQuery({ queryKey: key("one", id, "shares"), queryFn: ({ signal }) => prompts.shares(id, signal) });

/** After a change: everything that shows templates asks again. Versions and what changed between them stay as they are. */
export const refreshTemplates = (): Promise<void> =>
  queryClient.invalidateQueries({
    queryKey: key(),
    predicate: ({ queryKey }) => queryKey[3] !== "version" && queryKey[3] !== "diff",
  });
