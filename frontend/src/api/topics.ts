import type { RealtimeClient, Subscription, TopicHandlers } from "@/realtime/index";

/**
 * The page's one connection, for features that follow topics of their own; whoever opens it says so here. What comes
 * in the person's own topic is passed on by its type, `snapshot` among them.
 */
type Line = Pick<RealtimeClient, "subscribe">;
type Listener = (type: string, data: Record<string, unknown>) => void;

let line: Line | null = null;
const waiting = new Set<() => void>();
const listeners = new Set<Listener>();

export function carryTopics(client: Line): void {
  line = client;
  for (const run of waiting) run();
  waiting.clear();
}

/** Follows a topic until the function that it gives is called. */
export function followTopic(topic: string, handlers: TopicHandlers): () => void {
  let subscription: Subscription | null = null;
  const begin = () => {
    subscription = line?.subscribe(topic, handlers) ?? null;
  };
  if (line) begin();
  else waiting.add(begin);
  return () => {
    waiting.delete(begin);
    subscription?.close();
  };
}

export function onUserEvent(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function tellUserEvent(type: string, data: Record<string, unknown>): void {
  for (const listener of [...listeners]) listener(type, data);
}
