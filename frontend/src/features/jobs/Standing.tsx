import type { Job } from "@/api/jobs";
import { useT } from "@/lib/i18n";
import styles from "./Jobs.module.css";
import { standing } from "./words";

/** How a job stands, in a word. */
export function Standing({ job }: { job: Job }) {
  const t = useT();
  const { word, icon: Icon, look } = standing(t, job);
  return (
    <span className={styles["standing"]} data-look={look}>
      <Icon size={16} aria-hidden="true" />
      {word}
    </span>
  );
}
