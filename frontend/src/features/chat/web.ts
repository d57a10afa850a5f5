import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { personal } from "@/lib/person";
import { GUIDE, type Model, useTools } from "./models";

/** What the switch stands for, as far as the server has it. */
const WEB = ["web_search", "read_page"];
const kept = (conversation: string): string => `web.${conversation}`;

export interface Web {
  /** Null: there is no search here, or not with this model. */
  on: boolean | null;
  toggle: () => void;
}

/** Whether questions are asked with a search of the web: for each conversation as it was left, off in a new one. */
export function useWeb(conversation: string | null, model: Model | null) {
  const { data: tools = [] } = useTools();
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
  const web: Web = { on: available ? on : null, toggle: () => setOn((before) => !before) };
  return { web, names };
}
