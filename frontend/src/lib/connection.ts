import { create } from "zustand";

export type Connection = "connecting" | "live" | "away";

/** What the realtime client knows of the line to the server; `away` also while it waits to try again. */
export const useConnection = create<{ status: Connection }>(() => ({ status: "connecting" }));

export function setConnection(status: Connection): void {
  if (useConnection.getState().status !== status) useConnection.setState({ status });
}
