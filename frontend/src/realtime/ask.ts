import { jitter } from "./backoff.js";
import { type Cell, MutableCell } from "./cell.js";
import type { RealtimeClient } from "./client.js";
import { RealtimeError } from "./errors.js";
import { type GenerationState, afterEvent, fromSnapshot, isTerminal, newGeneration } from "./generation.js";
import type { Json, TopicHandlers } from "./types.js";

/** The fields of `message.send`; without a conversation a new one is made. */
export interface Question extends Json {
  content: string | readonly Json[];
  conversation?: string;
  parent?: string | null;
  model?: string;
  params?: Json;
}

/** An answer on its way: `for await (const state of answer)` gives each state once it is the latest. */
export interface Answer extends AsyncIterable<GenerationState> {
  /** The key under which it was sent, however often. */
  readonly key: string;
  readonly state: Cell<GenerationState>;
  /** The reply to the send: conversation, messages, generation, topic. */
  readonly sent: Promise<Json>;
  /** The last state; rejects when it could not be sent, or may not be read any more. */
  readonly done: Promise<GenerationState>;
}

/**
 * Sends a message exactly once and follows its answer. What breaks on the way is tried again under the same key, so
 * store `key` with the words if they are to outlive the process.
 */
export function ask(client: RealtimeClient, question: Question, key: string = crypto.randomUUID()): Answer {
  const cell = new MutableCell<GenerationState>(newGeneration);
  let finish: (state: GenerationState) => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const done = new Promise<GenerationState>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  const become = (state: GenerationState) => {
    cell.set(state);
    if (isTerminal(state.status)) finish(state);
  };
  const handlers: TopicHandlers = {
    snapshot: (data) => become(fromSnapshot(data)),
    event: (event) => become(afterEvent(cell.get(), event)),
    ended: ({ code, message }) => fail(new RealtimeError(code, message, false)),
  };
  const sent = send(client, { client_msg_id: key, ...question }, handlers);
  sent.then(
    (result) => done.finally(() => client.unsubscribe(String(result["topic"]))).catch(() => undefined),
    fail,
  );
  done.catch(() => undefined);
  return { key, state: cell, sent, done, [Symbol.asyncIterator]: () => states(cell, done) };
}

async function send(client: RealtimeClient, fields: Json, handlers: TopicHandlers): Promise<Json> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await client.call("message.send", fields, { follow: () => handlers });
    } catch (error) {
      if (!(error instanceof RealtimeError) || !error.temporary) throw error;
      const wait = error.retryAfterMs ?? (error.code === "offline" ? 0 : jitter(attempt, Math.random));
      await new Promise((resolve) => setTimeout(resolve, wait));
      await open(client);
    }
  }
}

function open(client: RealtimeClient): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const { state, stop } = client.status.get();
      if (state !== "open" && state !== "stopped") return;
      queueMicrotask(() => undo());
      if (state === "open") resolve();
      else reject(new RealtimeError("unauthenticated", stop?.reason ?? "The connection has ended.", false));
    };
    const undo = client.status.subscribe(look);
    look();
  });
}

async function* states(cell: Cell<GenerationState>, done: Promise<unknown>): AsyncGenerator<GenerationState> {
  let shown: GenerationState | null = null;
  for (;;) {
    const state = cell.get();
    if (state !== shown) yield (shown = state);
    if (isTerminal(cell.get().status) && cell.get() === shown) break;
    if (cell.get() !== shown) continue;
    await Promise.race([done, changed(cell)]);
  }
  await done;
}

function changed(cell: Cell<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const undo = cell.subscribe(() => {
      undo();
      resolve();
    });
  });
}
