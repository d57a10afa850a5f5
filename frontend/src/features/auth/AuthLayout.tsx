import type { ReactNode } from "react";
import { Link } from "wouter";
import { useT } from "@/lib/i18n";
import { paths } from "@/lib/router";
import { Wordmark } from "@/ui";
import styles from "./AuthLayout.module.css";

export { styles as authStyles };

/** What a first visitor sees: what this is, in the words and the type of an answer, beside the form. */
export function AuthLayout({
  title,
  intro,
  children,
  foot,
}: {
  title: string;
  intro?: ReactNode;
  children?: ReactNode;
  foot?: ReactNode;
}) {
  const t = useT();
  return (
    <div className={styles["page"]}>
      <title>{`${title} · Rivulet`}</title>
      <aside className={styles["story"]} aria-label={t("common.app")}>
        <Link href={paths.home} className={styles["brand"] ?? ""}>
          <Wordmark size={22} />
        </Link>
        <div className={styles["lead"]}>
          <p className={styles["tagline"]}>{t("auth.tagline")}</p>
          <p className={styles["pitch"]}>{t("auth.pitch")}</p>
        </div>
        <figure className={styles["sample"]} aria-label={t("auth.sample_label")}>
          <p className={styles["question"]}>{t("auth.sample_q")}</p>
          <p className={styles["answer"]}>
            {t("auth.sample_a1")} <span className={styles["gap"]}>{t("auth.sample_break")}</span>{" "}
            {t("auth.sample_a2")}
          </p>
        </figure>
      </aside>
      <main className={styles["side"]}>
        <div className={styles["card"]}>
          <div className={styles["small"]}>
            <Wordmark size={24} />
            <p>{t("auth.tagline")}</p>
          </div>
          <h1 className={styles["title"]}>{title}</h1>
          {intro ? <div className={styles["intro"]}>{intro}</div> : null}
          {children}
          {foot ? <div className={styles["foot"]}>{foot}</div> : null}
        </div>
      </main>
    </div>
  );
}
