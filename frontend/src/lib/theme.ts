import { create } from "zustand";
import { storage } from "./storage";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

/** --paper of each theme, as a browser wants it there. */
const bars = { light: "#fcfaf7", dark: "#191714" };
const stored = storage.get("theme");
export const useTheme = create<{ theme: Theme }>(() => ({
  theme: stored === "light" || stored === "dark" ? stored : "system",
}));

/** Sets and keeps the theme. `public/theme.js` applies the kept one before the first paint. */
export function setTheme(theme: Theme): void {
  storage.set("theme", theme === "system" ? null : theme);
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
  useTheme.setState({ theme });
  paintBars(theme);
}

/** The colour of a phone's bars, for the chosen theme; the two metas follow the system by themselves. */
function paintBars(theme: Theme): void {
  for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
    const own = meta.media.includes("dark") ? "dark" : "light";
    meta.content = bars[theme === "system" ? own : theme];
  }
}
