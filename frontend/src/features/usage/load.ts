import type { ComponentType } from "react";
import { addWords } from "@/lib/i18n";

/** The page, and its words. */
export async function load(): Promise<{ default: ComponentType }> {
  await addWords({
    usage: { en: () => import("@/locales/en/usage.json"), de: () => import("@/locales/de/usage.json") },
  });
  return import("./UsagePage");
}
