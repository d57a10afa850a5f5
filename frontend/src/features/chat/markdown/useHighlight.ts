import { useEffect, useMemo, useRef, useState } from "react";
import type { Line } from "./highlight";
import { whenIdle } from "./idle";
import { grammarFor } from "./languages";

/** Past this, colours cost more than they give. */
const MOST_CHARS = 40_000;
/** While code is being written it is coloured at most so often, and only while it is short. */
const OPEN_EVERY_MS = 400;
const OPEN_MOST_CHARS = 6_000;

interface Coloured {
  code: string;
  language: string;
  lines: Line[];
}

function plain(code: string): Line[] {
  return code.split("\n").map((line) => (line ? [[null, line] as const] : []));
}

/** Lines of `code`: plain at once, coloured when the grammar is here and the browser idle. */
export function useHighlight(code: string, language: string, open: boolean): readonly Line[] {
  const [coloured, setColoured] = useState<Coloured | null>(null);
  const lastRun = useRef(0);
  const wanted = grammarFor(language) !== null && code.length <= (open ? OPEN_MOST_CHARS : MOST_CHARS);

  useEffect(() => {
    if (!wanted || (coloured?.code === code && coloured.language === language)) return;
    let over = false;
    let cancelIdle = (): void => undefined;
    const run = () => {
      cancelIdle = whenIdle(() => {
        void import("./highlight").then(
          async ({ prepare, highlight }) => {
            const grammar = await prepare(language);
            if (over || grammar === null) return;
            lastRun.current = performance.now();
            setColoured({ code, language, lines: highlight(code, grammar) });
          },
          () => undefined,
        );
      });
    };
    const wait = open ? Math.max(0, lastRun.current + OPEN_EVERY_MS - performance.now()) : 0;
    const timer = window.setTimeout(run, wait);
    return () => {
      over = true;
      clearTimeout(timer);
      cancelIdle();
    };
  }, [code, language, open, wanted, coloured]);

  return useMemo(() => {
    if (coloured?.language !== language) return plain(code);
    if (coloured.code === code) return coloured.lines;
    if (!code.startsWith(coloured.code)) return plain(code);
    // The last coloured line may read otherwise now that it goes on.
    const kept = coloured.lines.slice(0, -1);
    const at = coloured.code.lastIndexOf("\n") + 1;
    return [...kept, ...plain(code.slice(at))];
  }, [code, language, coloured]);
}
