import { create } from "zustand";

export const useAnnouncements = create<{ polite: string; assertive: string }>(() => ({
  polite: "",
  assertive: "",
}));

/** Says a sentence to screen readers. The same sentence twice is said twice. */
export function announce(text: string, urgency: "polite" | "assertive" = "polite"): void {
  const same = useAnnouncements.getState()[urgency] === text;
  useAnnouncements.setState({ [urgency]: same ? `${text}\u00a0` : text });
}
