import { lazy, Suspense, useEffect } from "react";
import { Redirect, Route, Switch, useLocation } from "wouter";
import { confirmSession, useSession } from "@/api/session";
import { paths } from "@/lib/router";
import { NotFound } from "./NotFound";
import { Shell } from "./Shell";
import { Unreached } from "./Unreached";

const DoctorPage = lazy(async () => {
  try {
    return await (await import("@/features/doctor/load")).load();
  } catch {
    return { default: Unreached }; // The doctor is called when the line is bad.
  }
});
const AuthPages = lazy(() => import("@/features/auth/AuthPages"));
const publicPath = /^\/(login|signup|forgot|reset-password|verify-email)(\/|$)/;

/** Signed in: the shell with chats and settings. Signed out: the pages of sign-up and sign-in, and back to where one was. */
export function Routes() {
  const status = useSession((state) => state.status);
  const person = useSession((state) => state.me?.id);
  const [location] = useLocation();
  const isPublic = publicPath.test(location);

  useEffect(() => {
    if (status !== "out")
      confirmSession().catch(() => {
        // The line is down. What is remembered stands, and the note says so; where nothing is, the sign-in does.
        if (useSession.getState().status === "unknown") useSession.setState({ status: "out" });
      });
  }, [status]);

  if (location === paths.doctor)
    return (
      <Suspense fallback={null}>
        <DoctorPage />
      </Suspense>
    );
  if (status === "unknown" && !isPublic) return null;
  if (isPublic || (status === "out" && location === paths.home))
    return (
      <Suspense fallback={null}>
        <AuthPages />
      </Suspense>
    );
  if (status === "out")
    return <Redirect to={`${paths.login}?next=${encodeURIComponent(location)}`} replace />;
  return (
    <Switch>
      <Route path="/">
        <Shell key={person} view={{ kind: "chat", id: null }} />
      </Route>
      <Route path="/c/:id">{({ id }) => <Shell key={person} view={{ kind: "chat", id }} />}</Route>
      <Route path="/usage">
        <Shell key={person} view={{ kind: "usage" }} />
      </Route>
      <Route path="/templates/:id?">
        {({ id }) => <Shell key={person} view={{ kind: "templates", id: id ?? null }} />}
      </Route>
      <Route path="/jobs/new/:make">
        {({ make }) => <Shell key={person} view={{ kind: "jobs", id: null, make }} />}
      </Route>
      <Route path="/jobs/:id?">
        {({ id }) => <Shell key={person} view={{ kind: "jobs", id: id ?? null, make: null }} />}
      </Route>
      <Route path="/settings/:tab?">
        {({ tab }) => <Shell key={person} view={{ kind: "settings", tab: tab ?? "profile" }} />}
      </Route>
      <Route>
        <NotFound />
      </Route>
    </Switch>
  );
}
