import { ChevronLeft, ChevronRight } from "lucide-react";
import { useT } from "@/lib/i18n";
import { IconButton } from "@/ui";
import type { Siblings } from "../model/tree";
import styles from "./Message.module.css";

/** ‹2/3›: the versions of a message, side by side. */
export function Branches({ siblings, onChoose }: { siblings: Siblings; onChoose: (id: string) => void }) {
  const t = useT();
  const { ids, index } = siblings;
  const go = (to: number) => {
    const id = ids[to];
    if (id !== undefined) onChoose(id);
  };
  return (
    <div
      className={styles["branches"]}
      role="group"
      aria-label={t("chat.branch", { index: index + 1, count: ids.length })}
    >
      <IconButton
        small
        label={t("chat.branch_previous")}
        disabled={index === 0}
        onClick={() => go(index - 1)}
      >
        <ChevronLeft size={16} aria-hidden="true" />
      </IconButton>
      <span aria-hidden="true">
        {index + 1}/{ids.length}
      </span>
      <IconButton
        small
        label={t("chat.branch_next")}
        disabled={index === ids.length - 1}
        onClick={() => go(index + 1)}
      >
        <ChevronRight size={16} aria-hidden="true" />
      </IconButton>
    </div>
  );
}
