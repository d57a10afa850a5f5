import { Check, CloudOff } from "lucide-react";
import { useSyncExternalStore } from "react";
import { Link } from "wouter";
import { cx } from "@/lib/cx";
import { useT } from "@/lib/i18n";
import { paths } from "@/lib/router";
import styles from "./ConnectionNote.module.css";
import { useLineNote } from "./useLineNote";

function onNetwork(changed: () => void): () => void {
  window.addEventListener("online", changed);
  window.addEventListener("offline", changed);
  return () => {
    window.removeEventListener("online", changed);
    window.removeEventListener("offline", changed);
  };
}

/** A thin, honest line about the connection; never in the way. */
export function ConnectionNote() {
  const t = useT();
  const note = useLineNote();
  const online = useSyncExternalStore(onNetwork, () => navigator.onLine);
  return (
    <div role="status">
      {note === null ? null : (
        <div className={cx(styles["note"], styles[note])}>
          {note === "away" ? (
            <CloudOff size={16} aria-hidden="true" />
          ) : (
            <Check size={16} aria-hidden="true" />
          )}
          {note === "back" ? t("common.line_back") : t(online ? "common.line_away" : "common.line_offline")}
          {online ? <Link href={paths.doctor}>{t("common.line_doctor")}</Link> : null}
        </div>
      )}
    </div>
  );
}
