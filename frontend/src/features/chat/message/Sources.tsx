import { useState } from "react";
import { useT } from "@/lib/i18n";
import { Button } from "@/ui";
import type { Source } from "./call";
import styles from "./Sources.module.css";

const FEW = 5;

/** What an answer stands on, under it, by number. Links alone: nothing of theirs is loaded. */
export function Sources({ sources }: { sources: readonly Source[] }) {
  const t = useT();
  const [all, setAll] = useState(false);
  if (sources.length === 0) return null;
  const shown = all ? sources : sources.slice(0, FEW);
  return (
    <section className={styles["sources"]} aria-label={t("chat.sources_title")}>
      <h3>{t("chat.sources_title")}</h3>
      <ol>
        {shown.map(({ number, address, host, title }) => (
          <li key={number} value={number}>
            <a href={address} target="_blank" rel="noopener noreferrer nofollow">
              {title}
            </a>
            <span>{host}</span>
          </li>
        ))}
      </ol>
      {shown.length < sources.length ? (
        <Button small look="quiet" onClick={() => setAll(true)}>
          {t("chat.sources_all", { count: sources.length })}
        </Button>
      ) : null}
    </section>
  );
}
