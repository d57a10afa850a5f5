import { useEffect } from "react";
import { useT } from "@/lib/i18n";
import styles from "./Toast.module.css";
import { act, pauseToasts, resumeToasts, useToasts } from "./toasts";

/** Mounted once. Mod+Z takes the undo of the newest toast while nobody types. */
export function Toasts() {
  const toasts = useToasts((state) => state.toasts);
  const t = useT();
  const newest = toasts.findLast((toast) => toast.action)?.id;

  useEffect(() => {
    if (newest === undefined) return;
    const undo = (event: KeyboardEvent) => {
      const typing = event.target instanceof Element && event.target.closest("input, textarea");
      if (event.key !== "z" || event.shiftKey || !(event.metaKey || event.ctrlKey) || typing) return;
      event.preventDefault();
      act(newest);
    };
    window.addEventListener("keydown", undo);
    return () => window.removeEventListener("keydown", undo);
  }, [newest]);

  return (
    <div
      className={styles["stack"]}
      role="region"
      aria-label={t("common.notices")}
      onPointerEnter={pauseToasts}
      onPointerLeave={resumeToasts}
      onFocus={pauseToasts}
      onBlur={resumeToasts}
    >
      {toasts.map(({ id, text, action }) => (
        <div key={id} className={styles["toast"]} role="status">
          <span className={styles["text"]}>{text}</span>
          {action ? (
            <button type="button" className={styles["action"]} onClick={() => act(id)}>
              {action.label}
            </button>
          ) : null}
        </div>
      ))}
    </div>
  );
}
