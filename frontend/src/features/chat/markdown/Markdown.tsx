import { memo, useEffect, useRef, useState } from "react";
import { BlockParser } from "./blocks";
import { BlockView } from "./BlockView";
import styles from "./Markdown.module.css";

/** A caret that moves stands still otherwise: it pulses when no text came for so long. */
const PAUSE_MS = 700;

/**
 * Text from a model or a person, as an article. Everything becomes React elements from a short list; there is no way
 * from the text to markup of its own. While `streaming`, only blocks that changed render again.
 */
export const Markdown = memo(function Markdown({ text, streaming }: { text: string; streaming: boolean }) {
  const [parser] = useState(() => new BlockParser());
  const blocks = parser.update(text, streaming);
  const article = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = article.current;
    if (!streaming || !element) return;
    const timer = window.setTimeout(() => element.setAttribute("data-paused", ""), PAUSE_MS);
    return () => {
      clearTimeout(timer);
      element.removeAttribute("data-paused");
    };
  }, [text, streaming]);
  return (
    <div ref={article} className={styles["article"]} data-streaming={streaming || undefined}>
      {blocks.map(({ start, token, open }) => (
        <BlockView key={start} token={token} open={open} />
      ))}
    </div>
  );
});
