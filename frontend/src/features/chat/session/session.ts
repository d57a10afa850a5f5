import { api } from "@/api/client";
import { announce } from "@/lib/announce";
import { translate } from "@/lib/i18n";
import { saidOf } from "@/lib/said";
import {
  type Failure,
  type Json,
  MutableCell,
  type Position,
  type Subscription,
  type TopicHandlers,
  isTerminal,
} from "@/realtime/index";
import { type Message, readMessage } from "../model/message";
import type { Siblings } from "../model/tree";
import { readChoices, writeChoices } from "./choices";
import { realtime } from "./connection";
import { nextFrame } from "./frame";
import { LiveAnswer } from "./live";
import { type Outgoing, outbox } from "./outbox";
import { MessageStore, writingAt } from "./store";

const LINGER_MS = 60_000;
const OLDER = 100;

export interface ChatState {
  /** `new`: nothing is on the server yet. */
  phase: "new" | "loading" | "ready" | "missing" | "failed";
  id: string | null;
  title: string;
  /** The model of the conversation; empty where none is set. */
  model: string;
  path: readonly Message[];
  siblings: ReadonlyMap<string, Siblings>;
  /** The answer being written at the end of the branch. */
  writing: Message | null;
  /** What goes when that answer has ended. */
  queued: Outgoing | null;
  /** Cursor to older messages that are not here yet. */
  older: string | null;
  loadingOlder: boolean;
}

const empty: ChatState = {
  phase: "new",
  id: null,
  title: "",
  model: "",
  path: [],
  siblings: new Map(),
  writing: null,
  queued: null,
  older: null,
  loadingOlder: false,
};

interface Page {
  items: unknown[];
  next: string | null;
}

/** One conversation as this page has it open: what is known, what is being written, what is on its way. */
export class ChatSession {
  readonly state: MutableCell<ChatState>;
  readonly store = new MessageStore();
  /** Names it for the outbox while there is no conversation. */
  draft: string;
  private readonly lives = new Map<string, LiveAnswer>();
  private readonly cancels = new Set<string>();
  private subscription: Subscription | null = null;
  private viewers = 0;
  private lingering = 0;
  private dirty = false;

  constructor(
    id: string | null,
    /** Names the session for React. */
    readonly key: string,
  ) {
    this.draft = key;
    this.state = new MutableCell<ChatState>({ ...empty, id, phase: id ? "loading" : "new" });
    if (id) for (const [parent, child] of readChoices(id)) this.store.choices.set(parent, child);
    outbox.items.subscribe(() => this.touch());
    this.rebuild();
  }

  get id(): string | null {
    return this.state.get().id;
  }

  /** Someone looks at it. Call the result when they no longer do. */
  open(): () => void {
    clearTimeout(this.lingering);
    this.viewers += 1;
    // What was deleted may have been brought back meanwhile.
    if (this.state.get().phase === "missing") this.again();
    else this.follow();
    return () => {
      this.viewers -= 1;
      if (this.viewers > 0) return;
      this.lingering = window.setTimeout(() => this.rest(), LINGER_MS);
    };
  }

  /** A new chat takes up what was left in another one. */
  become(draft: string): void {
    this.draft = draft;
    this.rebuild();
  }

  live(message: Message): LiveAnswer | null {
    return this.lives.get(message.id) ?? null;
  }

  get outgoing(): readonly Outgoing[] {
    return this.unsent.filter(({ state }) => state !== "queued");
  }

  private get unsent(): readonly Outgoing[] {
    const { id } = this;
    return outbox.items
      .get()
      .filter((item) => (item.conversation === null ? item.draft === this.draft : item.conversation === id));
  }

  choose(message: Message, sibling: string): void {
    this.store.choose(message.parent, sibling);
    if (this.id) writeChoices(this.id, this.store.choices);
    this.rebuild();
  }

  /** A try to load after it failed. */
  again(): void {
    this.set({ phase: "loading" });
    this.subscription?.close();
    this.subscription = null;
    this.follow();
  }

  async loadOlder(): Promise<void> {
    const { older, loadingOlder, id } = this.state.get();
    if (!id || older === null || loadingOlder) return;
    this.set({ loadingOlder: true });
    try {
      const page = await api<Page>(`conversations/${id}/messages`, {
        query: { cursor: older, limit: OLDER },
      });
      this.store.putAll(page.items);
      this.set({ older: page.next, loadingOlder: false });
      this.rebuild();
    } catch {
      this.set({ loadingOlder: false });
    }
  }

  /** Stops the answer: at once where it is known, else as soon as it is. */
  cancel(message: Message): void {
    const live = this.lives.get(message.id);
    const generation = live?.generation ?? message.generation;
    if (!generation) {
      this.cancels.add(message.id);
      return;
    }
    this.cancels.add(generation);
    this.sendCancel(generation);
  }

  private sendCancel(generation: string): void {
    realtime.call("generation.cancel", { generation }).then(
      () => this.cancels.delete(generation),
      () => undefined,
    );
  }

  /** The line is back: what was to be stopped is asked again. */
  reconnected(): void {
    for (const live of this.lives.values())
      if (this.cancels.has(live.generation)) this.sendCancel(live.generation);
  }

  /** The reply to a send or a retry is here; its events go where this says. Called before any of them is read. */
  answered(item: Outgoing, result: Json): TopicHandlers {
    const generation = String(result["generation"]);
    const message = String(result["message"]);
    const conversation = String(result["conversation"]);
    if (this.id === null) this.set({ id: conversation, phase: "ready" });
    this.store.confirm(item, result);
    writeChoices(conversation, this.store.choices);
    const live = this.lives.get(message) ?? this.makeLive(generation, message);
    if (this.cancels.delete(`${item.key}:a`)) {
      this.cancels.add(generation);
      this.sendCancel(generation);
    }
    if (this.viewers > 0) this.follow();
    this.touch();
    return live.handlers;
  }

  private follow(): void {
    const { id } = this;
    if (!id || this.subscription) return;
    this.subscription = realtime.subscribe(`conversation.${id}`, {
      snapshot: (data) => this.snapshot(data),
      event: ({ type, data }) => this.event(type, data),
      ended: ({ code }) => {
        this.subscription = null;
        this.set({ phase: code === "not_found" || code === "forbidden" ? "missing" : "failed" });
      },
    });
  }

  private rest(): void {
    // Somebody has to see the end that the queued message waits for.
    if (this.state.get().queued) {
      this.lingering = window.setTimeout(() => this.rest(), LINGER_MS);
      return;
    }
    this.subscription?.close();
    this.subscription = null;
    for (const live of this.lives.values()) realtime.unsubscribe(topicOf(live.generation));
    this.lives.clear();
  }

  private snapshot(data: Json): void {
    const messages = (data["messages"] ?? []) as unknown[];
    const hadOlder = this.store.size > messages.length;
    this.store.replaceNewest(messages);
    this.conversation((data["conversation"] ?? {}) as Json);
    const next = typeof data["next"] === "string" ? data["next"] : null;
    this.set({ phase: "ready", ...(hadOlder ? {} : { older: next }) });
    for (const one of (data["running"] ?? []) as Json[])
      this.attach(String(one["generation"]), String(one["message"]));
    this.fetchTruncated();
    this.rebuild();
  }

  private event(type: string, data: Json): void {
    if (type === "message.created" || type === "message.updated") {
      const message = readMessage(data["message"]);
      if (!message) return;
      this.store.recognise(message, this.outgoing);
      this.store.put(message);
      const live = this.lives.get(message.id);
      // The stored message can overtake the last events; it holds all that they would say.
      if (live && isTerminal(message.status) && !message.truncated)
        this.finished(live, message.status, message.error ?? undefined);
      if (message.truncated) this.fetchTruncated();
    } else if (type === "generation.started") {
      const epoch = typeof data["epoch"] === "string" ? data["epoch"] : "";
      this.attach(String(data["generation"]), String(data["message"]), { epoch, offset: 0 });
    } else if (type === "generation.ended") {
      const id = String(data["message"]);
      if (!this.lives.has(id)) this.store.change(id, { status: String(data["status"]) });
    } else if (type === "conversation.updated") {
      this.conversation(data);
      if (data["deleted"] === true) this.set({ phase: "missing" });
    }
    this.touch();
  }

  private conversation(data: Json): void {
    const { title, model } = data;
    this.set({
      ...(typeof title === "string" ? { title } : {}),
      ...(typeof model === "string" ? { model } : {}),
    });
  }

  private attach(generation: string, message: string, since?: Position): void {
    if (this.lives.get(message)?.generation === generation) return;
    const live = this.makeLive(generation, message);
    const topic = topicOf(generation);
    if (!realtime.following(topic)) realtime.subscribe(topic, live.handlers, since ? { since } : {});
  }

  private makeLive(generation: string, id: string): LiveAnswer {
    const message = this.store.get(id);
    const live = new LiveAnswer(generation, id, { parts: message?.parts ?? [] }, (over) => this.over(over));
    this.lives.set(id, live);
    // A new value, so that whoever shows the message looks for its answer.
    this.store.change(id, { generation });
    if (this.viewers > 0) announce(translate("chat.announce_started"));
    return live;
  }

  private over(live: LiveAnswer): void {
    const { status, parts, usage, failure, finishReason } = live.now;
    const before = this.store.get(live.message);
    this.store.change(live.message, {
      status,
      parts: parts.length > 0 ? parts : (before?.parts ?? []),
      usage: usage ?? before?.usage ?? null,
      error: failure ?? before?.error ?? null,
      reason: finishReason ?? before?.reason ?? "",
      ...(live.thoughtFor === null ? {} : { timings: { ...before?.timings, reasoning_ms: live.thoughtFor } }),
    });
    this.finished(live, status, failure ?? undefined);
  }

  private finished(live: LiveAnswer, status: string, failure: Failure | undefined): void {
    this.lives.delete(live.message);
    this.cancels.delete(live.generation);
    queueMicrotask(() => realtime.unsubscribe(topicOf(live.generation)));
    this.rebuild();
    if (this.viewers === 0) return;
    if (status === "error")
      announce((failure && saidOf(failure)) || translate("chat.announce_failed"), "assertive");
    else announce(translate(status === "done" ? "chat.announce_done" : "chat.announce_stopped"));
  }

  /** Texts that were too long for an event or a snapshot come by REST. */
  private fetchTruncated(): void {
    for (const { id, truncated, status } of this.store.all()) {
      if (!truncated || !isTerminal(status)) continue;
      api(`messages/${id}`).then(
        (raw) => {
          const message = readMessage(raw);
          if (message) this.store.put(message);
          this.touch();
        },
        () => undefined,
      );
    }
  }

  private touch(): void {
    if (this.dirty) return;
    this.dirty = true;
    nextFrame(() => {
      if (this.dirty) this.rebuild();
    });
  }

  rebuild(): void {
    this.dirty = false;
    const { path, siblings } = this.store.branch(this.outgoing);
    const before = this.state.get();
    const same =
      path.length === before.path.length && path.every((message, at) => message === before.path[at]);
    const writing = writingAt(path);
    const queued = this.unsent.find(({ state }) => state === "queued") ?? null;
    this.set({ path: same ? before.path : path, siblings, writing, queued });
    const last = path.at(-1);
    const ended = last?.role === "assistant" && !last.local && isTerminal(last.status);
    // After an answer that failed a person decides.
    if (queued && this.state.get().phase === "ready" && ended && last.status !== "error") this.release();
  }

  /** What is queued goes now. */
  release(): void {
    const { queued, path } = this.state.get();
    if (!queued) return;
    const parent = outbox.standing(path.at(-1)?.id ?? null);
    this.store.choose(parent, queued.key);
    outbox.release(queued.key, parent);
  }

  private set(change: Partial<ChatState>): void {
    this.state.set({ ...this.state.get(), ...change });
  }
}

function topicOf(generation: string): string {
  return `generation.${generation}`;
}
