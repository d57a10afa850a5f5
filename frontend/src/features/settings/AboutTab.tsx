import { useT } from "@/lib/i18n";
import { setOverlay } from "@/lib/layout";
import { paths } from "@/lib/router";
import { Button, ButtonLink, Wordmark } from "@/ui";
import { Section } from "./Section";
import styles from "./Settings.module.css";

export function AboutTab() {
  const t = useT();
  return (
    <Section title={t("settings.about")}>
      <Wordmark size={26} />
      <p className={styles["hint"]}>{t("settings.about_text")}</p>
      <div className={styles["actions"]}>
        <Button onClick={() => setOverlay("shortcuts")}>{t("settings.about_shortcuts")}</Button>
        <ButtonLink href={paths.doctor}>{t("common.line_doctor")}</ButtonLink>
        <a className={styles["tab"]} href="/api/v1/docs">
          {t("settings.about_api")}
        </a>
      </div>
    </Section>
  );
}
