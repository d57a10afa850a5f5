import type { Clock, Json, SocketLike, Timer } from "../types.js";

/** A clock that moves only when told. */
export class FakeClock implements Clock {
  private time = 1_000_000;
  private serial = 0;
  private timers = new Map<number, { at: number; run: () => void }>();

  now(): number {
    return this.time;
  }

  /** How many timers run. */
  get running(): number {
    return this.timers.size;
  }

  after(ms: number, run: () => void): Timer {
    this.serial += 1;
    this.timers.set(this.serial, { at: this.time + ms, run });
    return { id: this.serial };
  }

  cancel(timer: Timer): void {
    this.timers.delete(timer.id as number);
  }

  /** Runs what falls due, in order, with promises settled in between. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    await settle();
    for (;;) {
      const due = [...this.timers]
        .filter(([, t]) => t.at <= end)
        .sort(([a, x], [b, y]) => x.at - y.at || a - b)[0];
      if (!due) break;
      this.timers.delete(due[0]);
      this.time = Math.max(this.time, due[1].at);
      due[1].run();
      await settle();
    }
    this.time = end;
  }
}

/** Lets promises that are ready run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 12; i += 1) await Promise.resolve();
}

export class FakeSocket implements SocketLike {
  onopen: SocketLike["onopen"] = null;
  onmessage: SocketLike["onmessage"] = null;
  onclose: SocketLike["onclose"] = null;
  onerror: SocketLike["onerror"] = null;
  readonly sent: Json[] = [];
  closed: { code: number | undefined; reason: string | undefined } | null = null;

  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {}

  get readyState(): number {
    return this.closed ? 3 : 1;
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Json);
  }

  close(code?: number, reason?: string): void {
    this.closed = { code, reason };
  }

  open(): void {
    this.onopen?.({});
  }

  say(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  die(code = 1006, reason = ""): void {
    this.closed ??= { code, reason };
    this.onclose?.({ code, reason });
  }

  /** The last command of that name. */
  last(cmd: string): Json {
    const found = this.sent.filter((frame) => frame["cmd"] === cmd).at(-1);
    if (!found) throw new Error(`no ${cmd} was sent`);
    return found;
  }

  count(cmd: string): number {
    return this.sent.filter((frame) => frame["cmd"] === cmd).length;
  }

  reply(cmd: string, result: Json): void {
    this.say({ id: this.last(cmd)["id"], result });
  }

  /** Opens and answers connect. */
  async greet(welcome: Json = {}): Promise<void> {
    this.open();
    this.reply("connect", {
      client: "c",
      user: "u",
      ping: 25,
      pong_timeout: 8,
      max_frame: 1048576,
      ...welcome,
    });
    await settle();
  }
}

/** Hands out fake sockets and keeps them. */
export class FakeNetwork {
  readonly sockets: FakeSocket[] = [];

  readonly make = (url: string, protocols: string[]): FakeSocket => {
    const socket = new FakeSocket(url, protocols);
    this.sockets.push(socket);
    return socket;
  };

  get last(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error("no socket was opened");
    return socket;
  }
}
