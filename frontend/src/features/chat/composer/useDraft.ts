import { useEffect, useRef, useState } from "react";
import { whose } from "@/lib/person";
import { onDraft, readDraft, writeDraft } from "../session/drafts";

const KEEP_MS = 200;

/** The text of the composer: kept while it is typed, and taken over from other tabs while it is not typed here. */
export function useDraft(conversation: string | null): [string, (text: string) => void] {
  const [held, setHeld] = useState(() => ({ conversation, text: readDraft(conversation) }));
  if (held.conversation !== conversation) setHeld({ conversation, text: readDraft(conversation) });
  const timer = useRef(0);
  const pending = useRef<(() => void) | null>(null);

  useEffect(() => {
    const stop = onDraft(conversation, (text) => setHeld({ conversation, text }));
    const keep = () => {
      clearTimeout(timer.current);
      pending.current?.();
    };
    window.addEventListener("pagehide", keep);
    return () => {
      keep();
      stop();
      window.removeEventListener("pagehide", keep);
    };
  }, [conversation]);

  const change = (text: string) => {
    setHeld({ conversation, text });
    clearTimeout(timer.current);
    const writer = whose();
    pending.current = () => {
      pending.current = null;
      writeDraft(conversation, text, writer);
    };
    if (text === "") pending.current();
    else timer.current = window.setTimeout(() => pending.current?.(), KEEP_MS);
  };
  return [held.text, change];
}
