import { CircleAlert, Info, TriangleAlert } from "lucide-react";
import type { ComponentProps, CSSProperties, ReactNode } from "react";
import { cx } from "@/lib/cx";
import { shortcutKeys } from "@/lib/shortcuts";
import styles from "./Small.module.css";

/** The keys of a shortcut such as `Mod+K`. */
export function Kbd({ keys }: { keys: string }) {
  return (
    <span className={styles["kbd"]}>
      {shortcutKeys(keys).map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  );
}

export function VisuallyHidden({ children, ...rest }: ComponentProps<"span">) {
  return (
    <span {...rest} className={styles["hidden"]}>
      {children}
    </span>
  );
}

/** The place of a line of text that is being fetched. */
export function Skeleton({ width = "100%", style }: { width?: string; style?: CSSProperties }) {
  return <span aria-hidden="true" className={styles["skeleton"]} style={{ width, ...style }} />;
}

export function Switch(props: Omit<ComponentProps<"input">, "type">) {
  return <input {...props} type="checkbox" role="switch" className={styles["switch"]} />;
}

/** One choice out of a few, all in sight. */
export function Segments<V extends string>({
  name,
  label,
  value,
  options,
  onChange,
}: {
  name: string;
  label: string;
  value: V;
  options: { value: V; label: string; icon?: ReactNode }[];
  onChange: (value: V) => void;
}) {
  return (
    <div role="radiogroup" aria-label={label} className={styles["segments"]}>
      {options.map((option) => (
        <label key={option.value} className={styles["segment"]}>
          <input
            type="radio"
            name={name}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          {option.icon}
          {option.label}
        </label>
      ))}
    </div>
  );
}

/** An empty, failed or missing thing: what it is, and the next step. */
export function State({
  title,
  children,
  next,
  level = 2,
}: {
  title: string;
  children?: ReactNode;
  next?: ReactNode;
  /** 1 where it is the whole page. */
  level?: 1 | 2;
}) {
  const Heading = `h${level}` as const;
  return (
    <div className={styles["state"]}>
      <Heading>{title}</Heading>
      {children ? <p>{children}</p> : null}
      {next ? <div className={styles["next"]}>{next}</div> : null}
    </div>
  );
}

const signs = { danger: CircleAlert, warn: TriangleAlert, quiet: Info };

/** A sentence about the thing beside it. */
export function Note({ kind, children }: { kind: keyof typeof signs; children: ReactNode }) {
  const Sign = signs[kind];
  return (
    <div role={kind === "danger" ? "alert" : undefined} className={cx(styles["note"], styles[kind])}>
      <Sign size={16} aria-hidden="true" />
      <div>{children}</div>
    </div>
  );
}
