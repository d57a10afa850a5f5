import { RealtimeClient } from "../client.js";
import type { ClientOptions } from "../options.js";
import type { Json } from "../types.js";
import { FakeClock, FakeNetwork, settle } from "./fakes.js";

/** The clock and the network of the test that runs; `beforeEach(fresh)` makes them anew. */
export let clock = new FakeClock();
export let network = new FakeNetwork();

export function fresh(): void {
  clock = new FakeClock();
  network = new FakeNetwork();
}

export function client(options: Partial<ClientOptions> = {}): RealtimeClient {
  return new RealtimeClient({
    url: "ws://x/ws/v1/",
    socket: network.make,
    clock,
    random: () => 0.5,
    ...options,
  });
}

/** A client whose first socket is open and greeted. */
export async function connected(
  options: Partial<ClientOptions> = {},
  welcome: Json = {},
): Promise<RealtimeClient> {
  const made = client(options);
  made.start();
  await settle();
  await network.last.greet(welcome);
  return made;
}
