import { api } from "@/api/client";
import { ApiError } from "@/api/errors";
import { confirmSession } from "@/api/session";
import { whose } from "@/lib/person";
import { type Json, type RestCall, RealtimeError } from "@/realtime";
import { outbox } from "./outbox";

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** The cookie says who sends, and by now it may be somebody else's. */
async function stillMe(): Promise<void> {
  const before = whose();
  if (!(await confirmSession()) || whose() !== before) throw RealtimeError.local("offline");
}

/** A new conversation is made first, and remembered: a second try with the same key goes into the same one. */
async function place(key: string, conversation: string): Promise<string> {
  const known = conversation || outbox.find(key)?.into;
  if (known) return known;
  const { id } = await api<{ id: string }>("conversations", { method: "POST", body: {} });
  outbox.update(key, { into: id });
  return id;
}

async function messageSend({ client_msg_id, conversation, ...body }: Json): Promise<RestCall> {
  const key = text(client_msg_id);
  try {
    await stillMe();
    const target = await place(key, text(conversation));
    const path = `/conversations/${target}/messages`;
    return { method: "POST", path, body, headers: { "idempotency-key": key } };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // Nothing was sent yet, whatever it was.
    throw new RealtimeError(error.code, error.message, error.temporary);
  }
}

/** The REST twins of the commands, for what does not fit a frame and for networks without sockets. */
export const twins: Record<string, (fields: Json) => RestCall | Promise<RestCall>> = {
  "message.send": messageSend,
  "generation.retry": ({ client_msg_id, message, ...body }) => ({
    method: "POST",
    path: `/messages/${text(message)}/retry`,
    body,
    headers: { "idempotency-key": text(client_msg_id) },
  }),
  "generation.cancel": ({ generation }) => ({
    method: "POST",
    path: `/generations/${text(generation)}/cancel`,
    body: {},
  }),
};
