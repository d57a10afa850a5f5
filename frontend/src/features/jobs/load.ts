import { addWords } from "@/lib/i18n";

/** The words of the pages, before the pages. */
export const loadWords = (): Promise<void> =>
  addWords({
    jobs: { en: () => import("@/locales/en/jobs.json"), de: () => import("@/locales/de/jobs.json") },
  });
