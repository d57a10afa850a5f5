import { useSyncExternalStore } from "react";
import type { Failure, GenerationState, GivenUp, Part, Usage } from "@/realtime/index";
import type { Message } from "../model/message";
import type { LiveAnswer } from "../session/live";

export interface Answer {
  status: string;
  parts: readonly Part[];
  usage: Usage | null;
  model: string;
  failure: Failure | null;
  reason: string;
  resumed: boolean;
  /** In line for its provider, from 1. */
  place: number | null;
  insteadOf: readonly GivenUp[];
  live: LiveAnswer | null;
}

const nothing = () => () => undefined;

/** What is known of an answer: from its topic while it is being written, from the message else. */
export function useAnswer(message: Message, live: LiveAnswer | null): Answer {
  const state = useSyncExternalStore<GenerationState | null>(
    live?.subscribe ?? nothing,
    () => live?.get() ?? null,
  );
  if (!state || !live) {
    const { status, parts, usage, model, error, reason, insteadOf } = message;
    const told = { failure: error, reason, resumed: false, place: null, insteadOf };
    return { status, parts, usage, model, ...told, live: null };
  }
  return {
    status: state.status,
    parts: state.parts,
    usage: state.usage,
    model: state.model ?? message.model,
    failure: state.failure,
    reason: state.finishReason ?? "",
    resumed: state.resumed !== null,
    place: state.place,
    insteadOf: state.insteadOf,
    live,
  };
}
