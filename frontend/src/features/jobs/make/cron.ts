export const repeats = ["hour", "day", "workdays", "week", "month", "own"] as const;
export type Repeat = (typeof repeats)[number];

/** What a schedule's form says, as the five parts of a cron line. `at` is `HH:MM`; Sunday is 0. */
export function cronOf({
  repeat,
  at,
  weekday,
  day,
  own,
}: {
  repeat: Repeat;
  at: string;
  weekday: string;
  day: string;
  own: string;
}): string {
  if (repeat === "own") return own.trim();
  const [hour = "0", minute = "0"] = at.split(":").map((part) => String(Number(part)));
  switch (repeat) {
    case "hour":
      return `${minute} * * * *`;
    case "day":
      return `${minute} ${hour} * * *`;
    case "workdays":
      return `${minute} ${hour} * * 1-5`;
    case "week":
      return `${minute} ${hour} * * ${weekday}`;
    case "month":
      return `${minute} ${hour} ${day} * *`;
  }
}

export const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
export const zones = (): string[] => [...new Set(["UTC", ownZone(), ...Intl.supportedValuesOf("timeZone")])];
