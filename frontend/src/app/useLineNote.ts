import { useEffect, useState } from "react";
import { type Connection, useConnection } from "@/lib/connection";

export type LineNote = "away" | "back" | null;
export const awayAfter = 2000;
export const backFor = 2500;

/** What is said about the line: nothing for the first two seconds of a break, and "caught up" only after a break that was told. */
export function useLineNote(): LineNote {
  const [note, setNote] = useState<LineNote>(null);
  useEffect(() => {
    let told = false;
    let timer = 0;
    const later = (work: () => void, wait: number) => {
      window.clearTimeout(timer);
      timer = window.setTimeout(work, wait);
    };
    const follow = (status: Connection) => {
      if (status !== "live") {
        if (told) return;
        later(() => {
          told = true;
          setNote("away");
        }, awayAfter);
      } else if (told) {
        told = false;
        setNote("back");
        later(() => setNote(null), backFor);
      } else window.clearTimeout(timer);
    };
    // From one break to the next word of it (connecting, away) time runs on.
    let live = true;
    const heard = ({ status }: { status: Connection }) => {
      const now = status === "live";
      if (now !== live) follow(status);
      live = now;
    };
    heard(useConnection.getState());
    const stop = useConnection.subscribe(heard);
    return () => {
      stop();
      window.clearTimeout(timer);
    };
  }, []);
  return note;
}
