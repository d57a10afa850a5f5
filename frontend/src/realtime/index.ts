/**
 * A client of Rivulet's realtime protocol. It knows topics, positions and commands, and nothing of chat or React, so it
 * can be published on its own. Invariant: each event of a topic is applied once, in order, whatever carries it.
 */
export { type Cell, MutableCell } from "./cell.js";
export { refusesFrame } from "./backoff.js";
export { type Answer, type Question, ask } from "./ask.js";
export { RealtimeClient } from "./client.js";
export { SUBPROTOCOL } from "./credentials.js";
export { type Failure, RealtimeError, readFailure } from "./errors.js";
export * from "./generation.js";
export type { ClientOptions, Status, Transport, WebSocketClass } from "./options.js";
export type { HttpOptions } from "./http.js";
export { type RestCall, restCommands } from "./rest.js";
export { type SiteOptions, connectTo } from "./site.js";
export { type PageLike, followPage } from "./signals.js";
export { countCodePoints } from "./utf8.js";
export type { Clock, Json, Position, SocketLike, Subscription, TopicEvent, TopicHandlers } from "./types.js";
