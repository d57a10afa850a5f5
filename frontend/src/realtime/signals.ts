import type { RealtimeClient } from "./client.js";

/** What is used of a browser's window. */
export interface PageLike extends EventTarget {
  readonly document: EventTarget & { readonly visibilityState: string };
}

/** Lets a browser's page tell the client when it sleeps, wakes, goes offline or comes back. Returns the undoing. */
export function followPage(client: RealtimeClient, page = globalThis as unknown as PageLike): () => void {
  const { document } = page;
  const undo: (() => void)[] = [];
  const on = (target: EventTarget, type: string, run: (event: Event) => void) => {
    target.addEventListener(type, run);
    undo.push(() => target.removeEventListener(type, run));
  };
  on(page, "online", () => client.wake(true));
  on(page, "offline", () => client.offline());
  on(document, "visibilitychange", () =>
    document.visibilityState === "visible" ? client.visible() : client.hidden(),
  );
  on(document, "resume", () => client.wake(true));
  on(document, "freeze", () => client.suspend());
  on(page, "pagehide", () => client.suspend());
  on(page, "pageshow", (event) => {
    if ((event as { persisted?: boolean }).persisted) client.wake();
  });
  return () => undo.forEach((stop) => stop());
}
