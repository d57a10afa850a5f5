import { create } from "zustand";
import { storage } from "./storage";

/** Below this width there is one column, and the chats are a drawer. Repeated in the media queries of the shell. */
export const narrow = "(max-width: 47.9375rem)";

interface Layout {
  /** On a desk: the chats stand beside the text. Kept. */
  sidebar: boolean;
  /** On a phone: the chats lie over the text. */
  drawer: boolean;
  overlay: "palette" | "shortcuts" | null;
}

export const useLayout = create<Layout>(() => ({
  sidebar: storage.get("sidebar") !== "closed",
  drawer: false,
  overlay: null,
}));

export const setOverlay = (overlay: Layout["overlay"]): void => useLayout.setState({ overlay });
export const setDrawer = (drawer: boolean): void => useLayout.setState({ drawer });

export function toggleSidebar(): void {
  if (window.matchMedia(narrow).matches) {
    setDrawer(!useLayout.getState().drawer);
    return;
  }
  const sidebar = !useLayout.getState().sidebar;
  storage.set("sidebar", sidebar ? null : "closed");
  useLayout.setState({ sidebar });
}
