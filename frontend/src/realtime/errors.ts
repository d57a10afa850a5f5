/** Everything that a command can fail with: the server's codes, and three of our own for the way there. */
export type LocalCode = "offline" | "connection_lost" | "timeout";

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
