import { create } from "zustand";

export interface Toast {
  text: string;
  action?: { label: string; run: () => void };
  /** Called once when it goes without its action having been taken: the moment to make an undoable thing real. */
  onExpire?: () => void;
  /** Milliseconds; longer with an action. */
  lasts?: number;
}

interface Shown extends Toast {
  id: number;
}

export const useToasts = create<{ toasts: Shown[] }>(() => ({ toasts: [] }));
const timers = new Map<number, number>();
let next = 1;

function remove(id: number): Shown | undefined {
  const found = useToasts.getState().toasts.find((toast) => toast.id === id);
  window.clearTimeout(timers.get(id));
  timers.delete(id);
  if (found) useToasts.setState(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) }));
  return found;
}

export function expire(id: number): void {
  remove(id)?.onExpire?.();
}

/** Takes the toast's action, once. */
export function act(id: number): void {
  remove(id)?.action?.run();
}

/** A short sentence at the foot of the page; at most three stand at once. */
export function toast(message: Toast): void {
  const id = next++;
  const all = useToasts.getState().toasts;
  all.slice(0, Math.max(0, all.length - 2)).forEach((old) => expire(old.id));
  useToasts.setState(({ toasts }) => ({ toasts: [...toasts, { ...message, id }] }));
  hold(id, message.lasts ?? (message.action ? 8000 : 4000));
}

function hold(id: number, lasts: number): void {
  window.clearTimeout(timers.get(id));
  timers.set(
    id,
    window.setTimeout(() => expire(id), lasts),
  );
}

/** Someone is reading or reaching for it: time stands still until they leave. */
export function pauseToasts(): void {
  timers.forEach((timer) => window.clearTimeout(timer));
}
export function resumeToasts(): void {
  useToasts.getState().toasts.forEach(({ id }) => hold(id, 4000));
}

// What waits for its undo becomes real when the page goes away.
if (typeof window !== "undefined") {
  window.addEventListener("pagehide", () => useToasts.getState().toasts.forEach(({ id }) => expire(id)));
}
