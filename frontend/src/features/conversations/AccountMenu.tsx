import { Archive, ChevronsUpDown, Keyboard, LogOut, Settings } from "lucide-react";
import { useMe } from "@/api/session";
import { useT } from "@/lib/i18n";
import { navigate, paths } from "@/lib/router";
import { Menu, MenuItem, MenuRule } from "@/ui";
import styles from "./Sidebar.module.css";

export interface AccountMenuProps {
  onArchive: () => void;
  onShortcuts: () => void;
  onSettings: () => void;
  onSignOut: () => void;
}

export function AccountMenu({ onArchive, onShortcuts, onSettings, onSignOut }: AccountMenuProps) {
  const t = useT();
  const me = useMe();
  const name = me?.name || me?.email || "";
  return (
    <Menu
      label={t("conversations.account")}
      side="top"
      trigger={(props) => (
        <button type="button" {...props} className={styles["me"]}>
          <span className={styles["letter"]} aria-hidden="true">
            {name.slice(0, 1).toUpperCase()}
          </span>
          <span className={styles["who"]}>{name}</span>
          <ChevronsUpDown size={16} aria-hidden="true" />
        </button>
      )}
    >
      <MenuItem
        icon={<Settings size={16} />}
        onSelect={() => {
          onSettings();
          navigate(paths.settings);
        }}
      >
        {t("conversations.settings")}
      </MenuItem>
      <MenuItem icon={<Archive size={16} />} onSelect={onArchive}>
        {t("conversations.archive_open")}
      </MenuItem>
      <MenuItem icon={<Keyboard size={16} />} onSelect={onShortcuts}>
        {t("conversations.shortcuts")}
      </MenuItem>
      <MenuRule />
      <MenuItem icon={<LogOut size={16} />} onSelect={onSignOut}>
        {t("conversations.sign_out")}
      </MenuItem>
    </Menu>
  );
}
