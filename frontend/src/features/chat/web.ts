import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { personal } from "@/lib/person";
import { api } from "@/api/client";
import { GUIDE, type Model } from "./models";

/** What the switch stands for, as far as the server has it. */
const WEB = ["web_search", "read_page"];
const SEEN = "tools";
const none: readonly string[] = [];
const kept = (conversation: string): string => `web.${conversation}`;

const listed = {
  queryKey: ["tools"],
  staleTime: 5 * 60_000,
  queryFn: async ({ signal }: { signal: AbortSignal }): Promise<string[]> => {
    const { items } = await api<{ items: { name: string }[] }>("tools", { signal });
    const names = items.map(({ name }) => name);
    personal.set(SEEN, names.length > 0 ? names.join(" ") : null);
    return names;
  },
  // Those of the last visit, until the server has told today's.
  placeholderData: () => personal.get(SEEN)?.split(" "),
} as const;

export interface Web {
  /** Null: there is no search here, or not with this model. */
  on: boolean | null;
  toggle: () => void;
}

/** Whether questions are asked with a search of the web: for each conversation as it was left, off in a new one. */
export function useWeb(conversation: string | null, model: Model | null) {
  const { data: tools = none } = useQuery(listed);
  const [on, setOn] = useState(() => conversation !== null && personal.get(kept(conversation)) !== null);
  useEffect(() => {
    if (conversation !== null) personal.set(kept(conversation), on ? "1" : null);
  }, [conversation, on]);

  const guide = model?.name === GUIDE || model?.provider === GUIDE;
  const available = tools.includes("web_search") && !guide;
  const names = useRef<readonly string[]>([]);
  useLayoutEffect(() => {
    names.current = available && on ? WEB.filter((name) => tools.includes(name)) : [];
  });
  const toggle = useCallback(() => setOn((before) => !before), []);
  const web: Web = { on: available ? on : null, toggle };
  return { web, names };
}
