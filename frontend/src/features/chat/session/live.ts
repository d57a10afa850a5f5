import {
  type GenerationState,
  type Json,
  type TopicEvent,
  type TopicHandlers,
  afterEvent,
  fromSnapshot,
  isTerminal,
  newGeneration,
} from "@/realtime/index";
import { nextFrame } from "./frame";

/** An answer while it is being written. Events change it at once; those who look are told once a frame. */
export class LiveAnswer {
  private state: GenerationState;
  private shown: GenerationState;
  private readonly listeners = new Set<() => void>();
  /** Clock times, ms: when the first and the last reasoning arrived, as seen here. */
  thinkingSince: number | null = null;
  thoughtFor: number | null = null;

  constructor(
    readonly generation: string,
    readonly message: string,
    begin: Partial<GenerationState>,
    private readonly ended: (live: LiveAnswer) => void,
  ) {
    this.state = { ...newGeneration, ...begin };
    this.shown = this.state;
  }

  /** As last shown: changes at most once a frame. */
  get = (): GenerationState => this.shown;

  /** As it is now. */
  get now(): GenerationState {
    return this.state;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly handlers: TopicHandlers = {
    snapshot: (data: Json) => this.become(fromSnapshot(data)),
    event: (event: TopicEvent) => this.become(afterEvent(this.state, event)),
    ended: ({ code, message }) => {
      if (!isTerminal(this.state.status))
        this.become({ ...this.state, status: "error", failure: { code, message } });
    },
  };

  private become(state: GenerationState): void {
    if (state === this.state) return;
    this.time(state);
    this.state = state;
    if (isTerminal(state.status)) {
      // The last words and the end are one change: nothing is seen to move.
      this.show();
      this.ended(this);
    } else nextFrame(this.show);
  }

  private readonly show = (): void => {
    if (this.shown === this.state) return;
    this.shown = this.state;
    for (const listener of [...this.listeners]) listener();
  };

  private time(state: GenerationState): void {
    const thinking =
      state.parts.some(({ kind, done }) => kind === "reasoning" && !done) && state.parts.length === 1;
    if (thinking) this.thinkingSince ??= Date.now();
    else if (this.thinkingSince !== null) this.thoughtFor ??= Date.now() - this.thinkingSince;
  }
}
