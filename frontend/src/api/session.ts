import { create } from "zustand";
import { becomePerson, clearPerson, personal, whose } from "@/lib/person";
import { storage } from "@/lib/storage";
import { account } from "./account";
import { api, csrfToken, onSignedOut } from "./client";
import { ApiError } from "./errors";
import { queryClient } from "./query";
import type { Me } from "./types";

/**
 * Who is signed in. What the last visit knew is shown at once and confirmed by the server. Without it the server is
 * asked only where a cookie of ours says that it was met before (`unknown`), so that a first visit costs no request.
 */
interface SessionState {
  status: "in" | "out" | "unknown";
  me: Me | null;
}

function remembered(): Me | null {
  try {
    return JSON.parse(storage.get("me") ?? "null") as Me | null;
  } catch {
    return null;
  }
}

const before = remembered();
becomePerson(before?.id ?? null);
const met = csrfToken() !== null && storage.get("left") === null;
export const useSession = create<SessionState>(() => ({
  status: before ? "in" : met ? "unknown" : "out",
  me: before,
}));
export const useMe = (): Me | null => useSession((state) => state.me);

export function setMe(me: Me): void {
  storage.set("me", JSON.stringify(me));
  storage.set("left", null);
  become(me);
}

function become(me: Me): void {
  if (whose() !== null && whose() !== me.id) queryClient.clear();
  becomePerson(me.id);
  useSession.setState({ status: "in", me });
}

/** Forgets the person and all that was fetched for them. What they wrote and did not send waits for them. */
export function forget(): void {
  for (const name of ["conversations", "models"]) personal.set(name, null);
  storage.set("me", null);
  storage.set("left", "1");
  queryClient.clear();
  becomePerson(null);
  useSession.setState({ status: "out", me: null });
}

/** Asks the server who we are; true when signed in. Being offline changes nothing. */
export async function confirmSession(): Promise<boolean> {
  try {
    setMe(await api<Me>("me"));
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return false;
    if (useSession.getState().me) return true;
    throw error;
  }
}

/** By their own hand: what they wrote and did not send goes too. */
export async function signOut(): Promise<void> {
  await account.logout();
  const id = whose();
  forget();
  if (id !== null) clearPerson(id);
}

onSignedOut(() => {
  if (useSession.getState().status !== "out") forget();
});

// Another tab signed in or out.
window.addEventListener("storage", (event) => {
  if (event.key !== "rivulet.me") return;
  const me = remembered();
  if (me) become(me);
  else forget();
});
