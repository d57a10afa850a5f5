import { Fragment, useEffect, useRef } from "react";
import { Link } from "wouter";
import { useT } from "@/lib/i18n";
import { paths } from "@/lib/router";
import type { Line } from "./follow";
import styles from "./Jobs.module.css";
import { said } from "./said";

const ids = /([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/;

/** What happened, in sentences; the newest last, and kept in sight while one looks at the end. */
export function LogView({ lines }: { lines: readonly Line[] }) {
  const t = useT();
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  useEffect(() => {
    const element = box.current;
    if (element && atEnd.current) element.scrollTop = element.scrollHeight;
  }, [lines]);
  if (lines.length === 0) return <p className={styles["quiet"]}>{t("jobs.log_empty")}</p>;
  return (
    <div
      ref={box}
      className={styles["log"]}
      role="region"
      aria-label={t("jobs.tab_log")}
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        atEnd.current = scrollHeight - scrollTop - clientHeight < 24;
      }}
    >
      <ol>
        {lines.map((line, index) => (
          <li
            key={index}
            data-look={line.level === "error" ? "danger" : line.level === "warning" ? "warn" : undefined}
          >
            {said(t, line)
              .split(ids)
              .map((piece, at) =>
                at % 2 === 1 ? (
                  <Link key={at} href={paths.job(piece)}>
                    {piece.slice(0, 8)}
                  </Link>
                ) : (
                  <Fragment key={at}>{piece}</Fragment>
                ),
              )}
          </li>
        ))}
      </ol>
    </div>
  );
}
