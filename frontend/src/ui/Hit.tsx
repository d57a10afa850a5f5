import { useMemo } from "react";
import styles from "./Hit.module.css";

/** Text with the words that begin like one of the query's marked: the marks are for the eye, the text stays whole. */
export function Hit({ text, query }: { text: string; query: string }) {
  const pieces = useMemo(() => split(text, query), [text, query]);
  return pieces.map((piece, index) =>
    index % 2 === 1 ? (
      <mark key={index} className={styles["hit"]}>
        {piece}
      </mark>
    ) : (
      piece
    ),
  );
}

/** Text before, hit, text, hit …: hits stand at odd places. */
export function split(text: string, query: string): string[] {
  const words = query.match(/[\p{L}\p{N}_]+/gu);
  if (!words) return [text];
  return text.split(new RegExp(`(?<![\\p{L}\\p{N}_])(${words.join("|")})`, "giu"));
}
