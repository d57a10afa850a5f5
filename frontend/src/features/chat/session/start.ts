import { useSession } from "@/api/session";
import { connect, disconnect } from "./connection";
import { forgetSessions } from "./sessions";

/** The line to the server stands while someone is signed in, whatever part of the page they look at. */
let person: string | null = null;

function follow(): void {
  const { status, me } = useSession.getState();
  const now = status === "in" ? (me?.id ?? "") : null;
  if (now === person) return;
  if (person !== null) {
    disconnect();
    forgetSessions();
  }
  person = now;
  if (now !== null) connect();
}

useSession.subscribe(follow);
follow();
