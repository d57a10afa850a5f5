import { ArrowLeft } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { useT } from "@/lib/i18n";
import { paths } from "@/lib/router";
import styles from "../Jobs.module.css";

/** The page of a new job. */
export function MakeFrame({ title, hint, children }: { title: string; hint: string; children: ReactNode }) {
  const t = useT();
  return (
    <div className={styles["page"]}>
      <div className={styles["frame"]} data-make="">
        <Link href={paths.jobs} className={styles["back"] ?? ""}>
          <ArrowLeft size={16} aria-hidden="true" />
          {t("jobs.all")}
        </Link>
        <header className={styles["head"]}>
          <div>
            <h1 className={styles["title"]}>{title}</h1>
            <p className={styles["hint"]}>{hint}</p>
          </div>
        </header>
        {children}
      </div>
    </div>
  );
}
