import { useQuery } from "@tanstack/react-query";
import { api } from "@/api/client";
import type { components } from "@/api/schema";

export type Model = components["schemas"]["ModelOut"];

export const useModels = () =>
  useQuery({
    queryKey: ["models", "priced"],
    queryFn: async ({ signal }) => (await api<{ items: Model[] }>("models", { signal })).items,
    staleTime: 5 * 60_000,
  });
