import type { components } from "./schema";

/** Shapes of the REST API that the page uses, by short names. They come from docs/openapi.json (`make schemas`). */
type Schemas = components["schemas"];

export interface Page<T> {
  items: T[];
  /** The cursor of the next page; null at the end. */
  next: string | null;
}

export type Me = Pick<Schemas["Me"], "id" | "email" | "name" | "role">;

export type Conversation = Pick<
  Schemas["ConversationOut"],
  "id" | "title" | "model" | "folder" | "pinned" | "archived" | "created" | "updated"
> & {
  /** The text round what a search found; events have none. */
  snippet?: string | null;
};
export type ConversationPatch = Partial<
  Pick<Conversation, "title" | "pinned" | "archived" | "model" | "folder">
>;

/** `scopes` is null for a key that may do all that its owner may; `prefix` is what one knows it by. */
export type ApiKey = Schemas["KeyOut"];
/** With `key`, the secret itself, in this one reply only. */
export type NewApiKey = Schemas["KeyMade"];
export type Scope = NonNullable<Schemas["KeyNew"]["scopes"]>[number];

export type Session = Schemas["SessionOut"];
