import { ApiError } from "@/api/errors";
import { confirmSession } from "@/api/session";
import { whose } from "@/lib/person";
import { type Json, type RestCall, RealtimeError } from "@/realtime";

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** The cookie says who sends, and by now it may be somebody else's. */
async function stillMe(): Promise<void> {
  const before = whose();
  if (!(await confirmSession()) || whose() !== before) throw RealtimeError.local("offline");
}

async function messageSend({ client_msg_id, ...body }: Json): Promise<RestCall> {
  try {
    await stillMe();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // Nothing was sent yet, whatever it was.
    throw new RealtimeError(error.code, error.message, error.temporary);
  }
  return { method: "POST", path: "/messages", body, headers: { "idempotency-key": text(client_msg_id) } };
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
