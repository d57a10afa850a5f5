import { useEffect, useRef, useState } from "react";
import { Link } from "wouter";
import { account } from "@/api/account";
import { ApiError, explain } from "@/api/errors";
import { useT } from "@/lib/i18n";
import { paths } from "@/lib/router";
import { Button, ButtonLink, toast } from "@/ui";
import { proceed } from "./after";
import { AuthLayout, authStyles as styles } from "./AuthLayout";

/** Reached by the link in the mail: confirms the address, and signs in where the server allows it. */
export function VerifyPage({ verifyKey }: { verifyKey: string }) {
  const t = useT();
  const [state, setState] = useState<"busy" | "done" | "failed">("busy");
  const asked = useRef(false);

  useEffect(() => {
    // The key works once; a second run of this effect must not spend it.
    if (asked.current) return;
    asked.current = true;
    account
      .verifyEmail(verifyKey)
      .then(async (outcome) => {
        if (!(await proceed(outcome))) setState("done");
      })
      .catch(() => setState("failed"));
  }, [verifyKey]);

  if (state === "busy")
    return <AuthLayout title={t("auth.verify_title")} intro={<p role="status">{t("auth.verify_busy")}</p>} />;
  const failed = state === "failed";
  return (
    <AuthLayout
      title={t(failed ? "auth.verify_failed_title" : "auth.verify_title")}
      intro={<p role="status">{t(failed ? "auth.verify_failed_text" : "auth.verify_done")}</p>}
    >
      <div className={styles["form"]}>
        <ButtonLink href={paths.login} look="primary" wide>
          {t("auth.login")}
        </ButtonLink>
      </div>
    </AuthLayout>
  );
}

/** After sign-up, or a sign-in with an address that is not confirmed: look into the inbox. */
export function VerifyNotice({ email }: { email: string }) {
  const t = useT();
  const [busy, setBusy] = useState(false);
  const resend = () => {
    setBusy(true);
    account
      .resendVerification()
      .then(
        () => toast({ text: t("auth.verify_resent") }),
        (error: unknown) => {
          const again = error instanceof ApiError && error.status === 409;
          toast({ text: again ? t("auth.verify_again") : explain(error) });
        },
      )
      .finally(() => setBusy(false));
  };
  return (
    <AuthLayout
      title={t("auth.verify_title")}
      intro={<p role="status">{t("auth.verify_sent", { email })}</p>}
      foot={<Link href={paths.login}>{t("auth.back_to_login")}</Link>}
    >
      <div className={styles["form"]}>
        <Button wide busy={busy} onClick={resend}>
          {t("auth.verify_resend")}
        </Button>
      </div>
    </AuthLayout>
  );
}
