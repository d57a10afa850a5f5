import { type RefObject, useEffect, useMemo, useRef, useState } from "react";
import { translate } from "@/lib/i18n";
import { registerCommand } from "@/lib/commands";
import { textOf } from "@/realtime/index";
import type { Actions } from "./actions";
import type { ComposerHandle } from "./composer/Composer";
import type { Message } from "./model/message";
import { type Model, lastModel, pickModel, rememberModel, useModels } from "./models";
import { outbox, saidOf, type SentPrompt } from "./session/outbox";
import { enqueue, enqueueNext, sendAgain } from "./session/sender";
import type { ChatSession, ChatState } from "./session/session";
import type { TranscriptHandle } from "./transcript/Transcript";
import { useWeb, type Web } from "./web";

interface Handles {
  composer: RefObject<ComposerHandle | null>;
  transcript: RefObject<TranscriptHandle | null>;
}

/** What a person can do in the open conversation, and with which model. */
export function useChat(session: ChatSession, state: ChatState, { composer, transcript }: Handles) {
  const { data: models } = useModels();
  const [wanted, setWanted] = useState<string | null>(null);
  const [editing, setEditing] = useState<string | null>(null);
  const newest = state.path.findLast(({ role, model }) => role === "assistant" && model !== "")?.model;
  const model = pickModel(models, wanted ?? newest ?? (state.model || lastModel()));
  const chosen = wanted ?? (session.id === null ? (model?.name ?? null) : null);

  const { web, names } = useWeb(state.id, model);

  const actions = useMemo<Actions>(() => {
    const written = (text: string, parent: string | null, prompt?: SentPrompt) => ({
      kind: "send" as const,
      conversation: session.id,
      draft: session.id === null ? session.draft : null,
      parent,
      content: text,
      ...(prompt ? { prompt } : {}),
      ...(names.current.length > 0 ? { tools: names.current } : {}),
      // A template asks its own model, unless a person picked one.
      model: prompt?.model ? wanted : chosen,
      message: null,
      mode: "again" as const,
    });
    const send = (text: string, parent: string | null, prompt?: SentPrompt) => {
      const item = enqueue(written(text, parent, prompt));
      session.store.choose(item.parent, item.key);
      session.rebuild();
      transcript.current?.sent(item.key);
    };
    const discard = (key: string) => {
      const item = outbox.find(key);
      outbox.remove(key);
      if (item?.kind === "send") composer.current?.takeBack(saidOf(item));
    };
    return {
      session,
      send: (text, prompt) => send(text, session.state.get().path.at(-1)?.id ?? null, prompt),
      queue: (text) => {
        const { queued } = session.state.get();
        enqueueNext(written(text, null), queued?.key ?? null);
        session.rebuild();
      },
      choose: (message, sibling) => session.choose(message, sibling),
      edit: (key) => {
        setEditing(key);
        if (key === null) composer.current?.focus();
      },
      sendEdit: (message, text) => {
        setEditing(null);
        send(text.trim(), message.parent);
        composer.current?.focus();
      },
      retry: (message, mode, other) => {
        const item = enqueue({
          kind: "retry",
          conversation: session.id,
          draft: null,
          parent: message.parent,
          content: "",
          model: other,
          message: message.id,
          mode,
        });
        session.store.choose(message.parent, `${item.key}:a`);
        session.rebuild();
      },
      sendAgain,
      discard,
      stop: (answer) => {
        const item = outbox.find(answer.id.replace(/:a$/, ""));
        if (!item || item.tried) {
          session.cancel(answer);
          return true;
        }
        if (item.kind === "send") composer.current?.takeBack(saidOf(item));
        void outbox.takeBack(item.key).then((back) => back || session.cancel(answer));
        return false;
      },
    };
  }, [session, chosen, wanted, names, composer, transcript]);

  // A queued question goes by itself; it stands near the top like any other.
  const queued = useRef<string | null>(null);
  useEffect(() => {
    const before = queued.current;
    queued.current = state.queued?.key ?? null;
    if (before && before !== queued.current && outbox.find(before)) transcript.current?.sent(before);
  }, [state.queued, transcript]);

  const chooseModel = (picked: Model) => {
    rememberModel(picked.name);
    setWanted(picked.name);
  };
  const editLast = (): boolean => {
    const mine = session.state.get().path.findLast(({ role, local }) => role === "user" && !local);
    if (mine) setEditing(mine.key);
    return mine !== undefined;
  };

  useChatCommands(session, actions, editLast, composer, web);
  return { actions, editing, model, chooseModel, web, editLast };
}

/** What the palette and the shortcut sheet offer while a conversation is open. */
function useChatCommands(
  session: ChatSession,
  actions: Actions,
  editLast: () => boolean,
  composer: RefObject<ComposerHandle | null>,
  web: Web,
): void {
  useEffect(() => {
    const lastAnswer = (): Message | undefined =>
      session.state.get().path.findLast(({ role }) => role === "assistant");
    const stop = () => {
      const { writing } = session.state.get();
      if (writing) actions.stop(writing);
    };
    const undo = [
      registerCommand({ id: "chat-stop", title: translate("chat.cmd_stop"), shortcut: "Escape", run: stop }),
      registerCommand({
        id: "chat-model",
        title: translate("chat.cmd_model"),
        shortcut: "@",
        run: () => composer.current?.openModels(),
      }),
      registerCommand({
        id: "chat-template",
        title: translate("chat.cmd_template"),
        shortcut: "/",
        run: () => composer.current?.openTemplates(),
      }),
      registerCommand({ id: "chat-edit", title: translate("chat.cmd_edit"), run: editLast }),
      registerCommand({
        id: "chat-copy",
        title: translate("chat.cmd_copy"),
        shortcut: "Mod+Shift+C",
        run: () => {
          const answer = lastAnswer();
          if (answer) void navigator.clipboard.writeText(textOf(answer.parts)).catch(() => undefined);
        },
      }),
      registerCommand({
        id: "chat-again",
        title: translate("chat.cmd_again"),
        run: () => {
          const answer = lastAnswer();
          if (answer && !answer.local) actions.retry(answer, "again", null);
        },
      }),
      ...(web.on === null
        ? []
        : [registerCommand({ id: "chat-web", title: translate("chat.cmd_web"), run: web.toggle })]),
    ];
    return () => undo.forEach((remove) => remove());
  });
}
