import { useEffect, useRef, useState } from "react";
import { toast } from "@/ui";
import { translate } from "@/lib/i18n";

const SHOWN_MS = 1600;

/** Copies text and says so for a moment. */
export function useCopy(text: string): { copied: boolean; copy: () => void } {
  const [copied, setCopied] = useState(false);
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => {
        setCopied(true);
        clearTimeout(timer.current);
        timer.current = window.setTimeout(() => setCopied(false), SHOWN_MS);
      },
      () => toast({ text: translate("chat.copy_failed") }),
    );
  };
  return { copied, copy };
}
