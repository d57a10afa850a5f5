import type { ComponentType } from "react";
import { addWords } from "@/lib/i18n";

/** The page, and its words. */
export async function load(): Promise<{ default: ComponentType }> {
  await addWords({
    doctor: { en: () => import("@/locales/en/doctor.json"), de: () => import("@/locales/de/doctor.json") },
    symptoms: {
      en: () => import("@/locales/en/symptoms.json"),
      de: () => import("@/locales/de/symptoms.json"),
    },
  });
  return import("./DoctorPage");
}
