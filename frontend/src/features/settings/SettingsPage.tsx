import { useEffect, useRef } from "react";
import { Link } from "wouter";
import { useT } from "@/lib/i18n";
import { paths } from "@/lib/router";
import { AboutTab } from "./AboutTab";
import { AppearanceTab } from "./AppearanceTab";
import { KeysTab } from "./KeysTab";
import { ProfileTab } from "./ProfileTab";
import { SessionsTab } from "./SessionsTab";
import styles from "./Settings.module.css";

const tabs = ["profile", "appearance", "keys", "sessions", "about"] as const;
type Tab = (typeof tabs)[number];
const isTab = (name: string): name is Tab => (tabs as readonly string[]).includes(name);

export default function SettingsPage({ tab: name, onSignOut }: { tab: string; onSignOut: () => void }) {
  const t = useT();
  const tab = isTab(name) ? name : "profile";
  const bar = useRef<HTMLElement>(null);
  useEffect(() => {
    bar.current
      ?.querySelector('[aria-current="page"]')
      ?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [tab]);

  return (
    <div className={styles["page"]}>
      <div className={styles["frame"]}>
        <header className={styles["head"]}>
          <h1 className={styles["title"]}>{t("settings.title")}</h1>
        </header>
        <nav ref={bar} className={styles["tabs"]} aria-label={t("settings.title")}>
          {tabs.map((each) => (
            <Link
              key={each}
              href={paths.settingsTab(each)}
              className={styles["tab"] ?? ""}
              aria-current={each === tab ? "page" : undefined}
            >
              {t(`settings.${each}`)}
            </Link>
          ))}
        </nav>
        <div className={styles["body"]}>
          {tab === "profile" ? <ProfileTab onSignOut={onSignOut} /> : null}
          {tab === "appearance" ? <AppearanceTab /> : null}
          {tab === "keys" ? <KeysTab /> : null}
          {tab === "sessions" ? <SessionsTab /> : null}
          {tab === "about" ? <AboutTab /> : null}
        </div>
      </div>
    </div>
  );
}
