import { useT } from "@/lib/i18n";
import { type Model, labelOf } from "../models";
import styles from "./Message.module.css";
import type { Answer } from "./useAnswer";

/** Says that another model went on in mid-answer. A switch before the first word stands in the facts alone. */
export function Switched({ answer, models }: { answer: Answer; models: readonly Model[] | undefined }) {
  const t = useT();
  const { insteadOf, model } = answer;
  const seams = insteadOf.flatMap((one, index) => {
    if (one.at === 0) return [];
    const next = insteadOf[index + 1]?.model ?? model;
    return [{ from: labelOf(models, one.model), to: labelOf(models, next), at: one.at }];
  });
  return seams.map(({ from, to, at }) => (
    <p key={`${at} ${from}`} className={styles["quiet"]}>
      {t("chat.switched", { from, to })}
    </p>
  ));
}
