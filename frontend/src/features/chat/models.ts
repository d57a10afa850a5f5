import { useQuery } from "@tanstack/react-query";
import { api } from "@/api/client";
import { personal } from "@/lib/person";

export interface Model {
  name: string;
  label: string;
  provider: string;
  default: boolean;
  context: number | null;
  /** US dollars for a million tokens. */
  input_price?: string | null;
  output_price?: string | null;
  continuation: string;
}

/** A provider whose models could not be listed, and why. */
export interface Problem {
  provider: string;
  message: string;
}

interface Listed {
  items: Model[];
  problems: Problem[];
}

const LAST = "model";
const SEEN = "models";
const LOOK_AGAIN_MS = 15_000;
export const GUIDE = "rivulet-guide";

const listed = {
  queryKey: ["models"],
  staleTime: 5 * 60_000,
  // What keeps a provider away is often mended in a moment, such as a wrong key.
  refetchInterval: ({ state }: { state: { data: Listed | undefined } }) =>
    state.data && state.data.problems.length > 0 ? LOOK_AGAIN_MS : false,
  queryFn: async ({ signal }: { signal: AbortSignal }): Promise<Listed> => {
    const found = await api<Listed>("models", { signal });
    personal.set(SEEN, JSON.stringify(found.items.slice(0, 50)));
    return found;
  },
  placeholderData: seenModels,
} as const;

const itemsOf = ({ items }: Listed): Model[] => items;
const problemsOf = ({ problems }: Listed): Problem[] => problems;

export function useModels() {
  return useQuery({ ...listed, select: itemsOf });
}

export function useProblems() {
  return useQuery({ ...listed, select: problemsOf });
}

/** The models of the last visit, until the server has told those of today. */
function seenModels(): Listed | undefined {
  try {
    const items = JSON.parse(personal.get(SEEN) ?? "null") as Model[] | null;
    return items ? { items, problems: [] } : undefined;
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
