import { useCallback, useEffect, useRef, useState } from "react";
import { standAtFoot } from "@/lib/foot";
import { useT } from "@/lib/i18n";
import { navigate, paths } from "@/lib/router";
import { Button, ButtonLink, HeaderSlot, Skeleton, State } from "@/ui";
import { ActionsContext, EditingContext } from "./actions";
import styles from "./Chat.module.css";
import { Composer, type ComposerHandle } from "./composer/Composer";
import { Queued } from "./composer/Queued";
import { Empty } from "./Empty";
import { lookAt } from "./session/connection";
import type { ChatSession } from "./session/session";
import { sessionFor } from "./session/sessions";
import "./session/start";
import { Transcript, type TranscriptHandle } from "./transcript/Transcript";
import { useCell } from "./useCell";
import { useChat } from "./useChat";

/** One conversation, or the start of a new one (`conversation` is null). Mounted at `/` and `/c/:id`. */
export default function ChatPage({ conversation }: { conversation: string | null }) {
  const [held, setHeld] = useState(() => ({ conversation, session: sessionFor(conversation) }));
  if (held.conversation !== conversation) setHeld({ conversation, session: sessionFor(conversation) });
  const { session } = held;
  const { id } = useCell(session.state);

  useEffect(() => session.open(), [session]);
  useEffect(() => {
    lookAt(id);
    return () => lookAt(null);
  }, [id]);
  useEffect(() => {
    if (conversation === null && id !== null) navigate(paths.chat(id), { replace: true });
  }, [conversation, id]);

  return <Chat key={session.key} session={session} />;
}

function Chat({ session }: { session: ChatSession }) {
  const state = useCell(session.state);
  const composer = useRef<ComposerHandle>(null);
  const transcript = useRef<TranscriptHandle>(null);
  const { actions, editing, model, chooseModel, web, editLast } = useChat(session, state, {
    composer,
    transcript,
  });
  const [stopping, setStopping] = useState<string | null>(null);
  const { writing } = state;

  const older = useCallback(() => void session.loadOlder(), [session]);
  useEffect(() => {
    if (!window.matchMedia("(pointer: coarse)").matches) composer.current?.focus();
  }, [session]);

  if (state.phase === "missing" || (state.phase === "failed" && state.path.length === 0)) {
    return <Gone missing={state.phase === "missing"} onAgain={() => session.again()} />;
  }
  return (
    <ActionsContext value={actions}>
      <EditingContext value={editing}>
        <HeaderSlot>{state.title ? <h1 className={styles["title"]}>{state.title}</h1> : null}</HeaderSlot>
        {state.phase === "loading" && state.path.length === 0 ? (
          <Loading />
        ) : state.path.length === 0 ? (
          <Empty model={model} onAsk={actions.send} />
        ) : (
          <Transcript ref={transcript} state={state} onOlder={older} />
        )}
        <div ref={standAtFoot} className={styles["dock"]}>
          {state.queued ? (
            <Queued
              item={state.queued}
              onSend={writing ? null : () => session.release()}
              onTakeBack={actions.discard}
            />
          ) : null}
          <Composer
            ref={composer}
            conversation={state.id}
            begun={state.path.length > 0}
            writing={writing !== null}
            stopping={writing !== null && stopping === writing.key}
            model={model}
            onModel={chooseModel}
            web={web}
            onSend={actions.send}
            queued={state.queued?.content ?? null}
            onQueue={actions.queue}
            onStop={() => {
              if (writing && actions.stop(writing)) setStopping(writing.key);
            }}
            onEditLast={editLast}
          />
        </div>
      </EditingContext>
    </ActionsContext>
  );
}

function Loading() {
  const t = useT();
  return (
    <div className={styles["loading"]} role="status" aria-label={t("chat.loading")}>
      <Skeleton width="46%" />
      <Skeleton width="100%" />
      <Skeleton width="94%" />
      <Skeleton width="62%" />
    </div>
  );
}

function Gone({ missing, onAgain }: { missing: boolean; onAgain: () => void }) {
  const t = useT();
  if (missing) {
    return (
      <State
        title={t("chat.missing_title")}
        next={
          <ButtonLink href={paths.home} look="primary">
            {t("chat.missing_next")}
          </ButtonLink>
        }
      >
        {t("chat.missing_text")}
      </State>
    );
  }
  return (
    <State
      title={t("chat.failed_title")}
      next={
        <Button look="primary" onClick={onAgain}>
          {t("common.retry")}
        </Button>
      }
    >
      {t("chat.failed_text")}
    </State>
  );
}
