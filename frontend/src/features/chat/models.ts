import { useQuery } from "@tanstack/react-query";
import { api } from "@/api/client";
import { personal } from "@/lib/person";

export interface Model {
  name: string;
  label: string;
  provider: string;
  default: boolean;
  context: number | null;
  continuation: string;
}

const LAST = "model";
const SEEN = "models";
export const GUIDE = "rivulet-guide";

export function useModels() {
  return useQuery<Model[]>({
    queryKey: ["models"],
    staleTime: 5 * 60_000,
    queryFn: async ({ signal }) => {
      const { items } = await api<{ items: Model[] }>("models", { signal });
      personal.set(SEEN, JSON.stringify(items.slice(0, 50)));
      return items;
    },
    placeholderData: seenModels,
  });
}

/** The models of the last visit, until the server has told those of today. */
function seenModels(): Model[] | undefined {
  try {
    return (JSON.parse(personal.get(SEEN) ?? "null") as Model[] | null) ?? undefined;
  } catch {
    return undefined;
  }
}

/** What a new conversation is asked with: what was chosen last, while it is still there. */
export function lastModel(): string | null {
  return personal.get(LAST);
}

export function rememberModel(name: string | null): void {
  personal.set(LAST, name);
}

/** The entry that a name stands for; the default where there is no name or no such model. */
export function pickModel(models: readonly Model[] | undefined, name: string | null): Model | null {
  if (!models) return null;
  return (
    models.find((model) => model.name === name) ?? models.find((model) => model.default) ?? models[0] ?? null
  );
}

export function labelOf(models: readonly Model[] | undefined, name: string): string {
  const found = models?.find((model) => model.name === name);
  return found?.label || name;
}
