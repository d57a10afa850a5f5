import type { Outcome } from "@/api/account";
import { confirmSession } from "@/api/session";
import { navigate, paths } from "@/lib/router";
import { storage } from "@/lib/storage";

/** Where one was going before the sign-in: a path of this page, or the start. */
export function nextPath(search = window.location.search): string {
  const next = new URLSearchParams(search).get("next");
  return next?.startsWith("/") && !/^\/[/\\]/.test(next) ? next : paths.home;
}

/** Goes on after the account API has answered. False when it waits for something the caller has to show. */
export async function proceed(outcome: Outcome): Promise<boolean> {
  if (outcome !== "in") return false;
  const next = nextPath();
  if (!(await confirmSession())) return false;
  storage.set("visited", "1");
  navigate(next, { replace: true });
  return true;
}
