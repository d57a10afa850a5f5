import fc from "fast-check";
import { expect, it } from "vitest";
import { RealtimeClient } from "./client.js";
import { type GenerationState, afterEvent, fromSnapshot, newGeneration, textOf } from "./generation.js";
import { FakeClock, FakeNetwork, type FakeSocket, settle } from "./testing/fakes.js";
import type { Position } from "./types.js";

const TOPIC = "generation.g";

type Logged = { type: string; data: Record<string, unknown> };

/** A server with one log: it answers subscribes on any socket by replay or by snapshot, in pages if asked to. */
class Server {
  epoch = "e1";
  readonly log: Logged[] = [];
  private readonly sent = new Map<FakeSocket, number>();

  get state(): GenerationState {
    return this.log.reduce(afterEvent, this.base);
  }

  private base: GenerationState = newGeneration;

  rebuild(): void {
    this.base = this.state;
    this.log.length = 0;
    this.epoch = `${this.epoch}x`;
    for (const socket of this.sent.keys()) {
      this.snapshot(socket, 1);
    }
  }

  answer(socket: FakeSocket, pages: number, forceSnapshot: boolean): void {
    for (const frame of socket.sent.splice(0)) {
      if (frame["cmd"] !== "subscribe") continue;
      const since = frame["since"] as Position | undefined;
      const recovered = !forceSnapshot && since?.epoch === this.epoch && since.offset <= this.log.length;
      const at = recovered ? since.offset : this.log.length;
      socket.say({
        id: frame["id"],
        result: { topic: TOPIC, recovered, position: { epoch: this.epoch, offset: at } },
      });
      if (recovered) this.sent.set(socket, at);
      else this.snapshot(socket, pages);
    }
  }

  private snapshot(socket: FakeSocket, pages: number): void {
    const { state } = this;
    const slices = state.parts.flatMap((part, at) => {
      const points = Array.from(part.text);
      const size = Math.max(1, Math.ceil(points.length / pages));
      const cut = [];
      for (let start = 0; start === 0 || start < points.length; start += size) {
        cut.push({ part: at, kind: part.kind, start, text: points.slice(start, start + size).join("") });
      }
      return cut;
    });
    const count = Math.max(1, slices.length);
    for (let page = 0; page < count; page += 1) {
      const more = page < count - 1 ? { more: true } : {};
      const data = { status: "running", model: "m", attempt: 1, parts: slices.slice(page, page + 1) };
      socket.say({
        topic: TOPIC,
        epoch: this.epoch,
        offset: this.log.length,
        type: "snapshot",
        page,
        ...more,
        data,
      });
    }
    this.sent.set(socket, this.log.length);
  }

  /** Sends up to `count` events to each socket that listens; `twice` repeats the one before. */
  pump(count: number, twice: boolean): void {
    for (const [socket, at] of this.sent) {
      const from = twice ? Math.max(0, at - 1) : at;
      const to = Math.min(this.log.length, at + count);
      for (let i = from; i < to; i += 1) {
        const event = this.log[i];
        if (event) socket.say({ topic: TOPIC, epoch: this.epoch, offset: i + 1, ...event });
      }
      this.sent.set(socket, Math.max(at, to));
    }
  }

  forget(socket: FakeSocket): void {
    this.sent.delete(socket);
  }
}

const piece = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 });

const step = fc.oneof(
  { weight: 6, arbitrary: piece.map((text) => ({ do: "write" as const, text })) },
  { weight: 1, arbitrary: fc.constant({ do: "part" as const }) },
  { weight: 1, arbitrary: piece.map((text) => ({ do: "reset" as const, text })) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("pump" as const), count: fc.nat(5), twice: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("cut" as const),
      pages: fc.integer({ min: 1, max: 4 }),
      snapshot: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("move" as const), pages: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "rebuild" as const }) },
);

it("whatever is cut, repeated, moved, paged or rebuilt, the text is the server's text", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      const clock = new FakeClock();
      const network = new FakeNetwork();
      const server = new Server();
      let seen = newGeneration;
      const client = new RealtimeClient({ url: "ws://x", socket: network.make, clock, random: () => 0 });
      client.start();
      await settle();
      await network.last.greet();
      client.subscribe(TOPIC, {
        snapshot: (data) => {
          seen = fromSnapshot(data);
        },
        event: (event) => {
          seen = afterEvent(seen, event);
        },
      });
      server.answer(network.last, 1, false);
      server.log.push({ type: "part.added", data: { part: 0, kind: "text" } });

      for (const one of steps) {
        const part = server.state.parts.length - 1;
        if (one.do === "write") server.log.push({ type: "part.delta", data: { part, text: one.text } });
        if (one.do === "part")
          server.log.push({ type: "part.added", data: { part: part + 1, kind: "text" } });
        if (one.do === "reset") {
          const parts = [{ kind: "text", text: one.text }];
          server.log.push({ type: "reset", data: { status: "running", parts, usage: null } });
        }
        if (one.do === "pump") server.pump(one.count, one.twice);
        if (one.do === "rebuild") server.rebuild();
        if (one.do === "cut") {
          server.forget(network.last);
          network.last.die();
          await clock.advance(0);
          await network.last.greet();
          server.answer(network.last, one.pages, one.snapshot);
        }
        if (one.do === "move") {
          const old = network.last;
          client.wake(true);
          await settle();
          await network.last.greet();
          server.answer(network.last, one.pages, false);
          server.pump(2, true);
          await settle();
          server.forget(old);
        }
        await settle();
        server.answer(network.last, 2, false);
      }
      server.pump(1000, false);
      server.answer(network.last, 1, false);
      server.pump(1000, false);
      expect(textOf(seen.parts)).toBe(textOf(server.state.parts));
      client.stop();
    }),
    { numRuns: 300 },
  );
});
