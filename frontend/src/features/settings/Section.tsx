import { type ReactNode, useId } from "react";
import styles from "./Settings.module.css";

export function Section({
  title,
  hint,
  action,
  children,
}: {
  title: string;
  hint?: ReactNode;
  action?: ReactNode;
  children?: ReactNode;
}) {
  const id = useId();
  return (
    <section className={styles["section"]} aria-labelledby={id}>
      <header>
        <div>
          <h2 id={id}>{title}</h2>
          {hint ? <p className={styles["hint"]}>{hint}</p> : null}
        </div>
        {action}
      </header>
      {children}
    </section>
  );
}
