import type { ReactNode } from "react";
import { useT } from "@/lib/i18n";
import { useConnection } from "@/lib/connection";
import { saidOf } from "@/lib/said";
import { realtime } from "../session/connection";
import { type Outgoing, outbox } from "../session/outbox";
import { useCell } from "../useCell";
import { useActions } from "../actions";
import type { Answer } from "./useAnswer";
import styles from "./Message.module.css";

/** Waiting, in words, while there is no text to read. */
export function Status({
  answer,
  item,
  modelLabel,
}: {
  answer: Answer;
  item: Outgoing | undefined;
  modelLabel: string;
}): ReactNode {
  const t = useT();
  const delayed = useCell(realtime.delayed);
  if (item) return <OnItsWay item={item} />;
  if (delayed) return <Line>{t("chat.delayed")}</Line>;
  const last = answer.parts.at(-1);
  if (answer.status === "queued")
    return (
      <Line>
        {answer.place === null ? t("chat.queued") : t("chat.queued_place", { place: answer.place })}
      </Line>
    );
  if (!last)
    return <Line>{modelLabel ? t("chat.starting", { model: modelLabel }) : t("chat.thinking")}</Line>;
  if (last.done) return <Line>{t("chat.writing")}</Line>;
  // These say themselves that they are under way.
  if (last.kind === "search" || last.kind === "tool") return null;
  if (last.kind === "text" && last.text === "") return <Line>{t("chat.writing")}</Line>;
  return null;
}

function Line({ children }: { children: ReactNode }) {
  return (
    <p className={styles["status"]}>
      <span className={styles["dot"]} aria-hidden="true" />
      {children}
    </p>
  );
}

function OnItsWay({ item }: { item: Outgoing }) {
  const t = useT();
  const { sendAgain, discard } = useActions();
  const live = useConnection(({ status }) => status === "live");
  const lasting = useCell(outbox.lasting);
  if (item.state === "sending" && live) return <Line>{t("chat.sending")}</Line>;
  if (item.state === "old") {
    return (
      <p className={styles["status"]}>
        {t("chat.waiting_old")}
        <button type="button" className={styles["link"]} onClick={() => sendAgain(item.key)}>
          {t("chat.send_now")}
        </button>
        <button type="button" className={styles["link"]} onClick={() => discard(item.key)}>
          {t("chat.discard")}
        </button>
      </p>
    );
  }
  return (
    <Line>
      {item.error ? t("chat.waiting_retry", { reason: saidOf(item.error) }) : t("chat.waiting_line")}
      {lasting ? null : ` ${t("chat.waiting_unkept")}`}
    </Line>
  );
}
