import { X } from "lucide-react";
import { type ReactNode, type SyntheticEvent, useEffect, useId, useRef, useState } from "react";
import { cx } from "@/lib/cx";
import { useT } from "@/lib/i18n";
import { IconButton } from "./Button";
import styles from "./Dialog.module.css";

export interface DialogProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
  foot?: ReactNode;
  /** No visible head; the title only names the dialog. */
  bare?: boolean;
  /** Near the top of the window, for palettes that grow. */
  top?: boolean;
  /** A click outside does not close it: what it shows is not shown again. */
  stays?: boolean;
  /** Its body is only read: the keyboard can scroll it. */
  reads?: boolean;
  className?: string | undefined;
}

/** A modal dialog while it is mounted. Esc and a click outside close it; focus goes back to where it was. */
export function Dialog({ title, onClose, children, foot, bare, top, stays, reads, className }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  const t = useT();

  const [before] = useState(() => document.activeElement);

  useEffect(() => {
    const dialog = ref.current;
    if (!dialog) return;
    // showModal() would put the focus on the first button; it belongs where autoFocus put it, or on the title.
    const wanted = dialog.contains(document.activeElement)
      ? document.activeElement
      : dialog.querySelector("h2");
    if (!dialog.open) dialog.showModal();
    if (wanted instanceof HTMLElement) wanted.focus();
    return () => {
      dialog.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, [before]);

  const cancel = (event: SyntheticEvent) => {
    event.preventDefault();
    onClose();
  };

  return (
    <dialog
      ref={ref}
      aria-labelledby={id}
      className={cx(styles["dialog"], top && styles["top"], className)}
      onCancel={cancel}
      onMouseDown={(event) => {
        if (event.target === ref.current && !stays) onClose();
      }}
    >
      {bare ? (
        <h2 id={id} hidden>
          {title}
        </h2>
      ) : (
        <header className={styles["head"]}>
          <h2 id={id} tabIndex={-1} className={styles["title"]}>
            {title}
          </h2>
          <IconButton small label={t("common.close")} onClick={onClose}>
            <X size={18} />
          </IconButton>
        </header>
      )}
      {bare ? (
        children
      ) : (
        <div
          className={styles["body"]}
          tabIndex={reads ? 0 : undefined}
          role={reads ? "group" : undefined}
          aria-labelledby={reads ? id : undefined}
        >
          {children}
        </div>
      )}
      {foot ? <footer className={styles["foot"]}>{foot}</footer> : null}
    </dialog>
  );
}
