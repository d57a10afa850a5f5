import type { Clock, Timer } from "./types.js";

/** Named timers: setting one again replaces it. */
export class Timers<Name extends string> {
  private readonly running = new Map<Name, Timer>();

  constructor(private readonly clock: Clock) {}

  set(name: Name, ms: number, run: () => void): void {
    this.cancel(name);
    const timer = this.clock.after(ms, () => {
      this.running.delete(name);
      run();
    });
    this.running.set(name, timer);
  }

  has(name: Name): boolean {
    return this.running.has(name);
  }

  cancel(name: Name): void {
    const timer = this.running.get(name);
    if (!timer) return;
    this.clock.cancel(timer);
    this.running.delete(name);
  }

  cancelAll(): void {
    for (const name of [...this.running.keys()]) this.cancel(name);
  }
}
