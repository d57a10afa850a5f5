import { Route, Switch } from "wouter";
import { storage } from "@/lib/storage";
import { ForgotPage } from "./ForgotPage";
import { LoginPage } from "./LoginPage";
import { ResetPage } from "./ResetPage";
import { SignupPage } from "./SignupPage";
import { VerifyPage } from "./VerifyPage";

/** All pages for someone who is not signed in. A browser that has been here signs in; a new one creates an account. */
export default function AuthPages() {
  return (
    <Switch>
      <Route path="/">{storage.get("visited") ? <LoginPage /> : <SignupPage />}</Route>
      <Route path="/login">
        <LoginPage />
      </Route>
      <Route path="/signup">
        <SignupPage />
      </Route>
      <Route path="/forgot">
        <ForgotPage />
      </Route>
      <Route path="/reset-password/:key">
        {({ key }) => <ResetPage resetKey={decodeURIComponent(key)} />}
      </Route>
      <Route path="/verify-email/:key">
        {({ key }) => <VerifyPage verifyKey={decodeURIComponent(key)} />}
      </Route>
      <Route>
        <LoginPage />
      </Route>
    </Switch>
  );
}
