/** A value that can be watched: `get` and `subscribe` fit React's useSyncExternalStore, and anything else. */
export interface Cell<T> {
  get(): T;
  subscribe(listener: () => void): () => void;
}

export class MutableCell<T> implements Cell<T> {
  private readonly listeners = new Set<() => void>();

  constructor(private value: T) {}

  get = (): T => this.value;

  set(value: T): void {
    if (Object.is(value, this.value)) return;
    this.value = value;
    for (const listener of [...this.listeners]) listener();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
}
