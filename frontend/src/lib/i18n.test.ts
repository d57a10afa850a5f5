import { afterEach, describe, expect, it } from "vitest";
import de from "@/locales/de";
import doctorDe from "@/locales/de/doctor.json";
import jobsDe from "@/locales/de/jobs.json";
import promptsDe from "@/locales/de/prompts.json";
import symptomsDe from "@/locales/de/symptoms.json";
import usageDe from "@/locales/de/usage.json";
import en from "@/locales/en";
import doctorEn from "@/locales/en/doctor.json";
import jobsEn from "@/locales/en/jobs.json";
import promptsEn from "@/locales/en/prompts.json";
import symptomsEn from "@/locales/en/symptoms.json";
import usageEn from "@/locales/en/usage.json";
import { formatAgo, setLocale, translate } from "./i18n";

afterEach(() => setLocale("en", { keep: false }));

const slots = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
const all: Record<string, Record<string, Record<string, string>>> = {
  en: { ...en, doctor: doctorEn, jobs: jobsEn, prompts: promptsEn, symptoms: symptomsEn, usage: usageEn },
  de: { ...de, doctor: doctorDe, jobs: jobsDe, prompts: promptsDe, symptoms: symptomsDe, usage: usageDe },
};

describe("words", () => {
  it("exist in every language, with the same slots", () => {
    for (const [space, words] of Object.entries(all["en"] ?? {})) {
      const other = all["de"]?.[space] ?? {};
      expect(Object.keys(other).sort(), space).toEqual(Object.keys(words).sort());
      for (const [key, text] of Object.entries(words)) {
        expect(slots(other[key] ?? ""), `${space}.${key}`).toEqual(slots(text));
        expect(other[key]?.trim(), `${space}.${key}`).toBeTruthy();
      }
    }
  });

  it("follow the language and the count", async () => {
    expect(translate("settings.sessions_count", { count: 1 })).toBe("1 session");
    expect(translate("settings.sessions_count", { count: 3 })).toBe("3 sessions");
    await setLocale("de", { keep: false });
    expect(translate("settings.sessions_count", { count: 3 })).toBe("3 Sitzungen");
    expect(document.documentElement.lang).toBe("de");
  });

  it("say how long ago something was", () => {
    const now = Date.parse("2026-03-10T12:00:00Z");
    expect(formatAgo("2026-03-10T11:55:00Z", now)).toBe("5 minutes ago");
    expect(formatAgo("2026-03-09T11:00:00Z", now)).toBe("yesterday");
    expect(formatAgo("2026-03-10T11:59:50Z", now)).toBe("now");
  });
});
