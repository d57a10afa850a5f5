import { memo, useState } from "react";
import { BlockParser } from "./blocks";
import { BlockView } from "./BlockView";
import styles from "./Markdown.module.css";

/**
 * Text from a model or a person, as an article. Everything becomes React elements from a short list; there is no way
 * from the text to markup of its own. While `streaming`, only blocks that changed render again.
 */
export const Markdown = memo(function Markdown({ text, streaming }: { text: string; streaming: boolean }) {
  const [parser] = useState(() => new BlockParser());
  const blocks = parser.update(text, streaming);
  return (
    <div className={styles["article"]} data-streaming={streaming || undefined}>
      {blocks.map(({ start, token, open }) => (
        <BlockView key={start} token={token} open={open} />
      ))}
    </div>
  );
});
