import styles from "./Brand.module.css";

/** A line that runs on after a break. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg
      className={styles["mark"]}
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="2.6"
      strokeLinecap="round"
      aria-hidden="true"
    >
      <path pathLength="100" strokeDasharray="52 19 100" d="M1.6 15C5 6 9 6 12 12s7.5 5.5 10.4-3" />
    </svg>
  );
}

export function Wordmark({ size = 20 }: { size?: number }) {
  return (
    <span className={styles["word"]} style={{ fontSize: size }}>
      <Mark size={Math.round(size * 1.15)} />
      Rivulet
    </span>
  );
}
