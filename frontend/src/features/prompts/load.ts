import type { ComponentType } from "react";
import { addWords } from "@/lib/i18n";

/** The pages, and their words. */
export async function load(): Promise<{ default: ComponentType<{ id: string | null }> }> {
  await addWords({
    prompts: { en: () => import("@/locales/en/prompts.json"), de: () => import("@/locales/de/prompts.json") },
  });
  return import("./TemplatesPage");
}
