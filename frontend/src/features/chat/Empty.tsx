import { useT } from "@/lib/i18n";
import styles from "./Chat.module.css";
import { GUIDE, type Model, useProblems } from "./models";

/** Before the first question: what can be asked, where something useful is known. */
export function Empty({ model, onAsk }: { model: Model | null; onAsk: (text: string) => void }) {
  const t = useT();
  const { data: problems = [] } = useProblems();
  const guide = model?.name === GUIDE || model?.provider === GUIDE;
  const ideas = guide
    ? [t("chat.try_connect"), t("chat.try_show"), t("chat.try_resume"), t("chat.try_api")]
    : [];
  return (
    <div className={styles["empty"]}>
      <div>
        <h1>{t("chat.empty_title")}</h1>
        {problems.map(({ provider, message }) => (
          <p key={provider} role="status">
            {t("chat.empty_problem", { provider, message })}
          </p>
        ))}
        {guide ? <p>{t(problems.length > 0 ? "chat.empty_guide_only" : "chat.empty_guide")}</p> : null}
        {ideas.length > 0 ? (
          <ul>
            {ideas.map((idea) => (
              <li key={idea}>
                <button type="button" onClick={() => onAsk(idea)}>
                  {idea}
                </button>
              </li>
            ))}
          </ul>
        ) : null}
      </div>
    </div>
  );
}
