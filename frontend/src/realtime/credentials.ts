import type { ClientOptions } from "./options.js";
import type { Timers } from "./timers.js";
import type { Json } from "./types.js";

export const SUBPROTOCOL = "rivulet.v1";

/** Tokens and tickets as the host gives them. One refresh at a time: a refresh token is good for one use. */
export class Credentials {
  private refreshing: Promise<string | undefined> | null = null;

  constructor(private readonly options: Pick<ClientOptions, "token" | "refresh" | "ticket">) {}

  get renewable(): boolean {
    return this.options.refresh !== undefined;
  }

  async token(): Promise<string | undefined> {
    return this.options.token?.();
  }

  /** What a socket offers: the protocol, and where there is one a ticket that is good for this socket. */
  async protocols(): Promise<string[]> {
    const { ticket } = this.options;
    return ticket ? [SUBPROTOCOL, `ticket.${await ticket()}`] : [SUBPROTOCOL];
  }

  refresh(): Promise<string | undefined> {
    this.refreshing ??= Promise.resolve(this.options.refresh?.()).finally(() => {
      this.refreshing = null;
    });
    return this.refreshing;
  }

  /** Renews the token shortly before it is over and hands it to the server by `tell`, as long as that answers. */
  renewEarly(
    timers: Pick<Timers<"refresh">, "set" | "cancel">,
    expiresIn: unknown,
    tell: (token: string) => Promise<Json>,
  ): void {
    timers.cancel("refresh");
    if (typeof expiresIn !== "number" || !this.renewable) return;
    const early = Math.max(expiresIn - 30, expiresIn / 2);
    timers.set("refresh", early * 1000, () => {
      this.refresh()
        .then((token) => (token === undefined ? null : tell(token)))
        .then((result) => this.renewEarly(timers, result?.["expires_in"], tell))
        .catch(() => undefined);
    });
  }
}
