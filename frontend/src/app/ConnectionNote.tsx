import { Check, CloudOff } from "lucide-react";
import { cx } from "@/lib/cx";
import { useT } from "@/lib/i18n";
import styles from "./ConnectionNote.module.css";
import { useLineNote } from "./useLineNote";

/** A thin, honest line about the connection; never in the way. */
export function ConnectionNote() {
  const t = useT();
  const note = useLineNote();
  return (
    <div role="status">
      {note === null ? null : (
        <div className={cx(styles["note"], styles[note])}>
          {note === "away" ? (
            <CloudOff size={16} aria-hidden="true" />
          ) : (
            <Check size={16} aria-hidden="true" />
          )}
          {note === "back"
            ? t("common.line_back")
            : t(navigator.onLine ? "common.line_away" : "common.line_offline")}
        </div>
      )}
    </div>
  );
}
