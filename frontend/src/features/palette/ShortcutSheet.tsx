import { useCommands } from "@/lib/commands";
import { useT } from "@/lib/i18n";
import { Dialog, Kbd } from "@/ui";
import styles from "./Palette.module.css";

/** `?`: every key there is. */
export default function ShortcutSheet({ onClose }: { onClose: () => void }) {
  const t = useT();
  const commands = useCommands((state) => state.commands);
  const everywhere = commands.flatMap(({ title, shortcut }) =>
    shortcut ? [[title, shortcut] as const] : [],
  );
  const groups: [string, (readonly [string, string])[]][] = [
    [t("palette.sheet_everywhere"), everywhere],
    [
      t("palette.sheet_chat"),
      [
        [t("palette.key_send"), "Enter"],
        [t("palette.key_newline"), "Shift+Enter"],
        [t("palette.key_edit_last"), "ArrowUp"],
        [t("palette.key_stop"), "Escape"],
      ],
    ],
    [
      t("palette.sheet_list"),
      [
        [t("palette.key_list_move"), "↑+↓"],
        [t("palette.key_list_rename"), "F2"],
        [t("palette.key_list_delete"), "Delete"],
      ],
    ],
  ];
  return (
    <Dialog title={t("palette.sheet_title")} onClose={onClose} reads>
      <div className={styles["sheet"]}>
        {groups.map(([label, rows]) => (
          <section key={label}>
            <h3>{label}</h3>
            <dl>
              {rows.map(([title, keys]) => (
                <div key={title}>
                  <dt>{title}</dt>
                  <dd>
                    <Kbd keys={keys} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
