import { useSyncExternalStore } from "react";

const system = () => window.matchMedia("(prefers-color-scheme: dark)");

function subscribe(listener: () => void): () => void {
  const media = system();
  const watch = new MutationObserver(listener);
  media.addEventListener("change", listener);
  watch.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  return () => {
    media.removeEventListener("change", listener);
    watch.disconnect();
  };
}

function isDark(): boolean {
  const chosen = document.documentElement.dataset["theme"];
  return chosen ? chosen === "dark" : system().matches;
}

export const useDark = (): boolean => useSyncExternalStore(subscribe, isDark);
