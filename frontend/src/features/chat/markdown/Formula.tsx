import katex from "katex";
import "katex/dist/katex.min.css";
import { useLayoutEffect, useRef } from "react";

/**
 * A formula. KaTeX builds DOM nodes itself (no markup from strings); `trust` off refuses links, pictures, classes and
 * ids; sizes and expansions are bounded. What it can't read is shown as written.
 */
export default function Formula({ tex, display }: { tex: string; display: boolean }) {
  const ref = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    try {
      katex.render(tex, element, {
        displayMode: display,
        trust: false,
        strict: "ignore",
        throwOnError: true,
        maxSize: 20,
        maxExpand: 500,
        output: "htmlAndMathml",
      });
    } catch {
      const code = document.createElement("code");
      code.textContent = tex;
      element.replaceChildren(code);
    }
  }, [tex, display]);
  return <span ref={ref} role="math" data-display={display || undefined} />;
}
