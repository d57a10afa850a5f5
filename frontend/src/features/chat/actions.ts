import { createContext, use } from "react";
import type { Message } from "./model/message";
import type { SentPrompt } from "./session/outbox";
import type { ChatSession } from "./session/session";

/** What can be done in the conversation that is open. The same object while the conversation is. */
export interface Actions {
  session: ChatSession;
  /** A new question at the end of the branch that is shown. */
  readonly send: (text: string, prompt?: SentPrompt) => void;
  /** A question that goes when the answer that is being written has ended; one at most, a second one joins it. */
  readonly queue: (text: string) => void;
  readonly choose: (message: Message, sibling: string) => void;
  /** The key of the message to change, or null to leave it as it is. */
  readonly edit: (key: string | null) => void;
  readonly sendEdit: (message: Message, text: string) => void;
  readonly retry: (message: Message, mode: "again" | "continue", model: string | null) => void;
  readonly sendAgain: (key: string) => void;
  readonly discard: (key: string) => void;
  /** Ends an answer; false where it was only waiting to be asked for, and was taken back. */
  readonly stop: (answer: Message) => boolean;
}

export const ActionsContext = createContext<Actions | null>(null);
export const EditingContext = createContext<string | null>(null);

export function useActions(): Actions {
  const actions = use(ActionsContext);
  if (!actions) throw new Error("outside of a conversation");
  return actions;
}

export const useEditing = (): string | null => use(EditingContext);
