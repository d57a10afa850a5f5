/**
 * A client of Rivulet's realtime protocol. It knows topics, positions and commands, and nothing of chat or React, so it
 * can be published on its own. Invariant: each event of a topic is applied once, in order, whatever carries it.
 */
export { type Cell, MutableCell } from "./cell";
export { refusesFrame } from "./backoff";
export { RealtimeClient, SUBPROTOCOL } from "./client";
export { RealtimeError } from "./errors";
export * from "./generation";
export type { ClientOptions, Status, Transport } from "./options";
export type { HttpOptions } from "./http";
export type { RestCall } from "./rest";
export { followPage } from "./signals";
export { countCodePoints } from "./utf8";
export type { Clock, Json, Position, SocketLike, Subscription, TopicEvent, TopicHandlers } from "./types";
