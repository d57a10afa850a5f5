import { useT } from "@/lib/i18n";
import { paths } from "@/lib/router";
import { ButtonLink, State } from "@/ui";
import { Title } from "./Title";
import styles from "./NotFound.module.css";

export function NotFound() {
  const t = useT();
  return (
    <main className={styles["page"]}>
      <Title>{t("common.not_found_title")}</Title>
      <BrokenLine />
      <State
        level={1}
        title={t("common.not_found_title")}
        next={
          <ButtonLink href={paths.home} look="primary">
            {t("common.home")}
          </ButtonLink>
        }
      >
        {t("common.not_found_text")}
      </State>
    </main>
  );
}

/** The mark, with its second half missing. */
function BrokenLine() {
  return (
    <svg
      width="96"
      height="48"
      viewBox="0 6 24 12"
      fill="none"
      stroke="var(--accent)"
      strokeWidth="1.4"
      strokeLinecap="round"
      aria-hidden="true"
    >
      <path pathLength="100" strokeDasharray="52 100" d="M1.6 15C5 6 9 6 12 12s7.5 5.5 10.4-3" />
      <path
        pathLength="100"
        strokeDasharray="0.1 24.9"
        stroke="var(--line-strong)"
        d="M15.7 15.9c2.3.7 4.8-1.5 6.7-6.9"
      />
    </svg>
  );
}
