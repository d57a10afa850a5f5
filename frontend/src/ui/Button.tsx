import type { ComponentProps, ReactNode } from "react";
import { Link } from "wouter";
import { cx } from "@/lib/cx";
import styles from "./Button.module.css";
import { Spinner } from "./Spinner";

type Look = "primary" | "plain" | "quiet" | "danger";
interface Shape {
  look?: Look;
  small?: boolean;
  wide?: boolean;
}

const classes = ({ look = "plain", small, wide }: Shape, more?: string) =>
  cx(styles["button"], styles[look], small && styles["small"], wide && styles["wide"], more);

export type ButtonProps = ComponentProps<"button"> & Shape & { busy?: boolean; icon?: ReactNode };

/** A button with words. `busy` keeps its width and its focus, shows a spinner and takes no clicks. */
export function Button({
  look,
  small,
  wide,
  busy,
  icon,
  className,
  children,
  onClick,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      aria-busy={busy ?? undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
      className={classes({ look, small, wide }, className)}
    >
      {busy ? <Spinner /> : icon}
      {children}
    </button>
  );
}

export function ButtonLink({
  href,
  look,
  small,
  wide,
  icon,
  children,
}: Shape & { href: string; icon?: ReactNode; children: ReactNode }) {
  return (
    <Link href={href} className={classes({ look, small, wide })}>
      {icon}
      {children}
    </Link>
  );
}

export type IconButtonProps = Omit<ComponentProps<"button">, "aria-label"> & {
  /** What it does; the accessible name, and the tooltip. */
  label: string;
  /** Shown beside the label in the tooltip, e.g. `Mod+K`. */
  shortcut?: string;
  small?: boolean;
  look?: "quiet" | "primary";
};

export function IconButton({ label, shortcut, small, look = "quiet", className, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      aria-label={label}
      data-tip={label}
      data-tip-keys={shortcut}
      className={cx(
        styles["button"],
        styles["icon"],
        look === "primary" && styles["primary"],
        small && styles["small"],
        className,
      )}
    />
  );
}
