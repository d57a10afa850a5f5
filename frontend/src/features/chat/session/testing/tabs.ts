import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { vi } from "vitest";
import type { Json, TopicHandlers } from "@/realtime/index";

export interface Call {
  readonly cmd: string;
  readonly fields: Json;
  readonly follow: (result: Json) => TopicHandlers;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export const written = (
  content: string,
  parent: string | null = null,
  conversation: string | null = "C",
) => ({
  kind: "send" as const,
  conversation,
  draft: conversation === null ? "D" : null,
  parent,
  content,
  model: null,
  message: null,
  mode: "again" as const,
});

/** Locks as a browser has them: who dies gives up what was held and what was asked for. */
class FakeLocks {
  private readonly lines = new Map<string, { tab: string; run: () => Promise<void> }[]>();

  of(tab: string): LockManager {
    const request = (name: string, work: () => Promise<void>) =>
      new Promise<void>((resolve, reject) => {
        const line = this.lines.get(name) ?? [];
        this.lines.set(name, line);
        line.push({ tab, run: () => work().then(resolve, reject) });
        if (line.length === 1) void this.next(name);
      });
    return { request } as unknown as LockManager;
  }

  kill(tab: string): void {
    for (const [name, line] of this.lines) {
      const held = line[0]?.tab === tab;
      this.lines.set(
        name,
        line.filter((one) => one.tab !== tab),
      );
      if (held) void this.next(name);
    }
  }

  private async next(name: string): Promise<void> {
    const first = this.lines.get(name)?.[0];
    if (!first) return;
    await Promise.resolve();
    await first.run().catch(() => undefined);
    const line = this.lines.get(name);
    if (line?.[0] !== first) return;
    line.shift();
    void this.next(name);
  }
}

let locks = new FakeLocks();
let tabs = 0;
const channels = new Set<FakeChannel>();

/** A BroadcastChannel that jsdom lacks. */
class FakeChannel {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  constructor(readonly name: string) {
    channels.add(this);
  }
  postMessage(data: unknown): void {
    for (const one of channels) {
      if (one !== this && one.name === this.name) queueMicrotask(() => one.onmessage?.({ data }));
    }
  }
  close(): void {
    channels.delete(this);
    this.onmessage = null;
  }
}

/** A browser anew. Timers are ours, and IndexedDB runs on without them. */
export function newBrowser(has: { locks?: boolean; database?: boolean } = {}): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
  const { setInterval } = globalThis;
  vi.stubGlobal("setInterval", (run: () => void, ms: number) => {
    const renewal = setInterval(run, ms);
    renewals.push(renewal);
    return renewal;
  });
  localStorage.clear();
  sessionStorage.clear();
  channels.clear();
  locks = new FakeLocks();
  vi.stubGlobal("BroadcastChannel", FakeChannel);
  vi.stubGlobal("indexedDB", has.database === false ? undefined : new IDBFactory());
  vi.stubGlobal("IDBKeyRange", IDBKeyRange);
  withLocks = has.locks ?? true;
}
let withLocks = true;
const renewals: ReturnType<typeof setInterval>[] = [];

export type Tab = Awaited<ReturnType<typeof openTab>>;

/** A tab that was just opened: modules anew, what the browser keeps stays. */
export async function openTab(state = "open", person = "ada") {
  const name = `tab ${String((tabs += 1))}`;
  Object.defineProperty(navigator, "locks", {
    configurable: true,
    value: withLocks ? locks.of(name) : undefined,
  });
  vi.resetModules();
  const { MutableCell, RealtimeError } = await import("@/realtime/index");
  const status = new MutableCell({ state, user: person });
  const calls: Call[] = [];
  const followed: string[] = [];
  const realtime = {
    status,
    following: () => false,
    subscribe: (topic: string) => {
      followed.push(topic);
      return { close: () => undefined };
    },
    unsubscribe: () => undefined,
    start: () => status.set({ state: "open", user: person }),
    call: (cmd: string, fields: Json, { follow }: { follow: Call["follow"] }) =>
      new Promise<void>((resolve, reject) => calls.push({ cmd, fields, follow, resolve, reject })),
  };
  vi.doMock("../connection", () => ({ realtime }));
  const sender = await import("../sender");
  const { outbox } = await import("../outbox");
  const sessions = await import("../sessions");
  (await import("@/lib/person")).becomePerson(person);
  await outbox.ready;
  const tab = {
    ...sender,
    outbox,
    sessions,
    calls,
    followed,
    RealtimeError,
    set: (now: string, user = person) => status.set({ state: now, user }),
    state: () => status.get().state,
    contents: () => calls.map(({ fields }) => fields["content"]),
    call(index: number): Call {
      const call = calls.at(index);
      if (!call) throw new Error(`no call ${String(index)}`);
      return call;
    },
    async reply(index: number, result: Json = {}): Promise<void> {
      const call = tab.call(index);
      const word = String(call.fields["content"]);
      const conversation = call.fields["conversation"] ?? "new";
      call.follow({
        conversation,
        user_message: `u ${word}`,
        message: `a ${word}`,
        generation: word,
        ...result,
      });
      call.resolve();
      await quiet();
    },
    async refuse(
      index: number,
      code: string,
      temporary: boolean,
      closed: number | null = null,
    ): Promise<void> {
      tab.call(index).reject(new RealtimeError(code, `${code}!`, temporary, null, closed));
      await quiet();
    },
    /** The process is gone: nothing more of it is heard, and its turns are free. */
    kill(): void {
      status.set({ state: "idle", user: person });
      calls.length = 0;
      locks.kill(name);
      // Only a lease that is held is renewed at intervals.
      renewals.splice(0).forEach(clearInterval);
    },
  };
  return tab;
}

declare const setImmediate: (run: () => void) => unknown;

/** Runs what is ready, IndexedDB too, until nothing more comes of it. */
export async function quiet(): Promise<void> {
  for (let round = 0; round < 60; round += 1) {
    await new Promise<void>((resolve) => void setImmediate(resolve));
    if (round % 10 === 0) await vi.advanceTimersByTimeAsync(0);
  }
}

/** Time passes, and what falls due is done. */
export async function later(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await quiet();
}
