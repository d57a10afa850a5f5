/** Everything that a command can fail with: the server's codes, and three of our own for the way there. */
export type LocalCode = "offline" | "connection_lost" | "timeout";

/** What went wrong, in English, and where there is one the message's stable name with what stands in it. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly sentence?: string | undefined;
  readonly params?: Readonly<Record<string, unknown>> | undefined;
}

/** A failure as frames, events, stored messages and problems carry it. */
export function readFailure(raw: object, message = "message"): Failure {
  const found = raw as Readonly<Record<string, unknown>>;
  const text = (name: string) => (typeof found[name] === "string" ? found[name] : "");
  const { params } = found;
  return {
    code: text("code"),
    message: text(message),
    ...(text("sentence") ? { sentence: text("sentence") } : {}),
    ...(typeof params === "object" && params !== null ? { params: params as Record<string, unknown> } : {}),
  };
}

export class RealtimeError extends Error {
  override readonly name = "RealtimeError";

  constructor(
    readonly code: string,
    message: string,
    /** Whether the same command can succeed later. */
    readonly temporary: boolean,
    readonly retryAfterMs: number | null = null,
    /** The code that the socket closed with before the answer came. */
    readonly closed: number | null = null,
    /** How the message is named, to be said in another language. */
    readonly named: Pick<Failure, "sentence" | "params"> = {},
  ) {
    super(message);
  }

  /** True when the command may or may not have reached the server; send it again with the same key. */
  get undecided(): boolean {
    return this.code === "connection_lost" || this.code === "timeout";
  }

  static local(code: LocalCode, closed: number | null = null): RealtimeError {
    const words: Record<LocalCode, string> = {
      offline: "There is no connection to the server.",
      connection_lost: "The connection was lost before the server answered.",
      timeout: "The server did not answer in time.",
    };
    return new RealtimeError(code, words[code], true, null, closed);
  }
}
