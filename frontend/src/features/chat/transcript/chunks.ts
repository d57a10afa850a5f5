import type { Message } from "../model/message";

/** A stretch of the conversation that is mounted and left out as one. */
export interface Chunk {
  readonly key: string;
  readonly messages: readonly Message[];
}

/**
 * Cuts a conversation into stretches of some eight messages. Where a stretch begins depends on the message alone, so
 * that nothing moves from one to another when messages are added at either end. Pure.
 */
export function chunksOf(path: readonly Message[], before: readonly Chunk[]): Chunk[] {
  const chunks: { key: string; messages: Message[] }[] = [];
  for (const message of path) {
    const last = chunks.at(-1);
    if (!last || (message.role === "user" && begins(message.key)))
      chunks.push({ key: message.key, messages: [message] });
    else last.messages.push(message);
  }
  const known = new Map(before.map((chunk) => [chunk.key, chunk]));
  return chunks.map((chunk) => {
    const old = known.get(chunk.key);
    return old && same(old.messages, chunk.messages) ? old : chunk;
  });
}

function begins(key: string): boolean {
  let hash = 0;
  for (let i = 0; i < key.length; i += 1) hash = (hash * 31 + key.charCodeAt(i)) >>> 0;
  return (hash ^ (hash >>> 15)) % 4 === 0;
}

function same(a: readonly Message[], b: readonly Message[]): boolean {
  return a.length === b.length && a.every((message, at) => message === b[at]);
}
