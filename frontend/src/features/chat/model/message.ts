import {
  type Failure,
  type GivenUp,
  type Json,
  type Part,
  type Usage,
  isTerminal,
  readFailure,
  readGivenUp,
  readParts,
  readUsage,
} from "@/realtime/index";

export type Role = "system" | "user" | "assistant";
export type MessageStatus =
  "queued" | "running" | "done" | "incomplete" | "error" | "cancelled" | (string & {});

export interface MadeWith {
  readonly template: string;
  readonly name: string;
  readonly number: number;
  readonly label: string | null;
  /** What was filled in, by the variable's name. */
  readonly variables: Json;
}

/** One message of a conversation's tree. Values are never changed in place. */
export interface Message {
  readonly id: string;
  /** What React knows it by: stays when the server's id takes the place of our own. */
  readonly key: string;
  readonly conversation: string;
  readonly parent: string | null;
  /** Order within the conversation. */
  readonly seq: number;
  readonly role: Role;
  readonly status: MessageStatus;
  readonly parts: readonly Part[];
  readonly text: string;
  readonly model: string;
  readonly usage: Usage | null;
  readonly cost: number | null;
  /** Usage and cost were not counted by the provider: the answer was cut before. */
  readonly estimated?: boolean;
  /** Milliseconds. */
  readonly timings: Readonly<Record<string, number>> | null;
  readonly reason: string;
  readonly error: Failure | null;
  /** The models that were given up before `model` answered. */
  readonly insteadOf: readonly GivenUp[];
  readonly generation: string | null;
  /** The template version that made it. */
  readonly prompt: MadeWith | null;
  /** What the model was asked with, such as a temperature. */
  readonly params: Json;
  readonly created: string;
  /** Its text was too long for an event; the whole is to be fetched. */
  readonly truncated: boolean;
  /** Not on the server yet: the outbox has it under its key. */
  readonly local: boolean;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const record = (value: unknown): Json | null =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null;

function numbers(value: unknown): Record<string, number> | null {
  const found = record(value);
  if (!found) return null;
  const entries = Object.entries(found).filter(
    (entry): entry is [string, number] => typeof entry[1] === "number",
  );
  return Object.fromEntries(entries);
}

function madeWith(value: unknown): MadeWith | null {
  const found = record(value);
  const number = found?.["number"];
  if (!found || typeof number !== "number") return null;
  const name = text(found["name"]) || text(found["slug"]);
  return {
    template: text(found["template"]),
    name,
    number,
    label: text(found["label"]) || null,
    variables: record(found["variables"]) ?? {},
  };
}

/** A message as the server sends it; null when it is none. */
export function readMessage(raw: unknown): Message | null {
  const found = record(raw);
  const id = text(found?.["id"]);
  if (!found || id === "") return null;
  const status = text(found["status"]) || "done";
  const error = record(found["error"]);
  const parts = readParts(found["parts"], isTerminal(status));
  const cost = found["cost"] ?? record(found["usage"])?.["cost"];
  return {
    id,
    key: id,
    conversation: text(found["conversation"]),
    parent: text(found["parent"]) || null,
    seq: typeof found["seq"] === "number" ? found["seq"] : 0,
    role: (text(found["role"]) || "assistant") as Role,
    status,
    parts,
    text: text(found["text"]),
    model: text(found["model"]),
    usage: readUsage(found["usage"]),
    cost: cost === null || cost === undefined || cost === "" ? null : Number(cost),
    estimated: record(found["usage"])?.["estimated"] === true,
    timings: numbers(found["timings"]),
    reason: text(found["reason"]),
    error: error ? readFailure(error) : null,
    insteadOf: readGivenUp(found["instead_of"]),
    generation: text(found["generation"]) || null,
    prompt: madeWith(found["prompt"]),
    params: record(found["params"]) ?? {},
    created: text(found["created"]),
    truncated: found["truncated"] === true,
    local: false,
  };
}

export function isWriting(message: Pick<Message, "role" | "status">): boolean {
  return message.role === "assistant" && !isTerminal(message.status);
}

/** A message of our own that the server has not confirmed. */
export function localMessage(
  fields: Partial<Message> & Pick<Message, "id" | "role" | "status" | "seq">,
): Message {
  return {
    key: fields.id,
    conversation: "",
    parent: null,
    parts: [],
    text: "",
    model: "",
    usage: null,
    cost: null,
    timings: null,
    reason: "",
    error: null,
    insteadOf: [],
    generation: null,
    prompt: null,
    params: {},
    created: new Date().toISOString(),
    truncated: false,
    local: true,
    ...fields,
  };
}
