import { Monitor, Moon, Sun } from "lucide-react";
import { api } from "@/api/client";
import { type Locale, locales, setLocale, useLocale, useT } from "@/lib/i18n";
import { setTheme, useTheme } from "@/lib/theme";
import { Segments } from "@/ui";
import { Section } from "./Section";
import styles from "./Settings.module.css";

/** Tools of the server are told the language, too; where it can't be reached, the page has it all the same. */
async function choose(next: Locale): Promise<void> {
  await setLocale(next);
  await api("me", { method: "PATCH", body: { preferences: { language: next } } }).catch(() => undefined);
}

export function AppearanceTab() {
  const t = useT();
  const theme = useTheme((state) => state.theme);
  const locale = useLocale();
  return (
    <>
      <Section
        title={t("settings.theme")}
        hint={t("settings.theme_text")}
        action={
          <Segments
            name="theme"
            label={t("settings.theme")}
            value={theme}
            onChange={setTheme}
            options={[
              {
                value: "system",
                label: t("settings.theme_system"),
                icon: <Monitor size={16} aria-hidden="true" />,
              },
              {
                value: "light",
                label: t("settings.theme_light"),
                icon: <Sun size={16} aria-hidden="true" />,
              },
              { value: "dark", label: t("settings.theme_dark"), icon: <Moon size={16} aria-hidden="true" /> },
            ]}
          />
        }
      />
      <Section
        title={t("settings.language")}
        hint={t("settings.language_text")}
        action={
          <Segments
            name="language"
            label={t("settings.language")}
            value={locale}
            onChange={(next) => void choose(next)}
            options={(Object.keys(locales) as Locale[]).map((value) => ({ value, label: locales[value] }))}
          />
        }
      />
      <Section title={t("settings.preview")}>
        <p className={styles["preview"]}>{t("settings.preview_text")}</p>
      </Section>
    </>
  );
}
