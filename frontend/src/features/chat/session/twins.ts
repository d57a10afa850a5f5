import { ApiError } from "@/api/errors";
import { confirmSession } from "@/api/session";
import { whose } from "@/lib/person";
import { type Json, type RestCall, RealtimeError, restCommands } from "@/realtime/index";

/** The cookie says who sends, and by now it may be somebody else's. */
async function stillMe(): Promise<void> {
  const before = whose();
  if (!(await confirmSession()) || whose() !== before) throw RealtimeError.local("offline");
}

async function messageSend(fields: Json): Promise<RestCall> {
  try {
    await stillMe();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // Nothing was sent yet, whatever it was.
    throw new RealtimeError(error.code, error.message, error.temporary);
  }
  return restCommands["message.send"](fields);
}

/** The REST twins of the commands, for what does not fit a frame and for networks without sockets. */
export const twins: Record<string, (fields: Json) => RestCall | Promise<RestCall>> = {
  ...restCommands,
  "message.send": messageSend,
};
