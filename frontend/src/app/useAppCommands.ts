import { useEffect, useRef } from "react";
import { registerCommand, useCommands } from "@/lib/commands";
import { useT } from "@/lib/i18n";
import { setOverlay, toggleSidebar, useLayout } from "@/lib/layout";
import { navigate, paths } from "@/lib/router";
import { isEmptyText, isTyping, matches } from "@/lib/shortcuts";
import { setTheme } from "@/lib/theme";

/** The commands of the shell, and the one listener for all shortcuts. */
export function useAppCommands(actions: { openArchive: () => void; signOut: () => void }): void {
  const t = useT();
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });

  useEffect(() => {
    const undo = [
      registerCommand({
        id: "new-chat",
        title: t("palette.new_chat"),
        shortcut: "Mod+Shift+O",
        run: () => navigate(paths.home),
      }),
      registerCommand({
        id: "palette",
        title: t("palette.open"),
        shortcut: "Mod+K",
        run: () => setOverlay(useLayout.getState().overlay === "palette" ? null : "palette"),
      }),
      registerCommand({ id: "sidebar", title: t("palette.sidebar"), shortcut: "Mod+B", run: toggleSidebar }),
      registerCommand({
        id: "shortcuts",
        title: t("palette.shortcuts"),
        shortcut: "?",
        run: () => setOverlay("shortcuts"),
      }),
      registerCommand({
        id: "templates",
        title: t("palette.templates"),
        run: () => navigate(paths.templates),
      }),
      registerCommand({ id: "jobs", title: t("palette.jobs"), run: () => navigate(paths.jobs) }),
      registerCommand({ id: "settings", title: t("palette.settings"), run: () => navigate(paths.settings) }),
      registerCommand({ id: "usage", title: t("palette.usage"), run: () => navigate(paths.usage) }),
      registerCommand({
        id: "doctor",
        title: t("common.line_doctor"),
        run: () => navigate(paths.doctor),
      }),
      registerCommand({
        id: "archive",
        title: t("palette.archive"),
        run: () => latest.current.openArchive(),
      }),
      registerCommand({ id: "theme-light", title: t("palette.theme_light"), run: () => setTheme("light") }),
      registerCommand({ id: "theme-dark", title: t("palette.theme_dark"), run: () => setTheme("dark") }),
      registerCommand({
        id: "theme-system",
        title: t("palette.theme_system"),
        run: () => setTheme("system"),
      }),
      registerCommand({ id: "sign-out", title: t("palette.sign_out"), run: () => latest.current.signOut() }),
    ];
    return () => undo.forEach((remove) => remove());
  }, [t]);

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const command = useCommands
        .getState()
        .commands.find(({ shortcut, id }) =>
          [shortcut, id === "shortcuts" ? "Mod+/" : undefined].some((keys) => keys && matches(event, keys)),
        );
      if (!command?.shortcut) return;
      // A modal holds the keyboard, but for the key that closes the palette again; letters belong to who types.
      const modal = document.querySelector("dialog[open]");
      if (modal && command.id !== "palette") return;
      const writes = event.key.length === 1 && !event.metaKey && !event.ctrlKey;
      if (writes && isTyping(event.target) && !isEmptyText(event.target)) return;
      event.preventDefault();
      command.run();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);
}
