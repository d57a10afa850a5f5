import { type Key, translate } from "@/lib/i18n";
import { type CallOptions, send } from "./client";
import { ApiError, fromProblem } from "./errors";

/** The account API of django-allauth (headless, browser client). */
const base = "/_allauth/browser/v1/";

interface Reply {
  status: number;
  data?: { flows?: { id: string; is_pending?: boolean }[]; [key: string]: unknown };
  errors?: { code: string; message: string; param?: string }[];
  meta?: { is_authenticated?: boolean };
}

/** `in`: signed in. Otherwise what the server waits for. */
export type Outcome = "in" | "verify_email" | "mfa_authenticate" | "login";

const codes: Record<string, Key> = {
  email_password_mismatch: "auth.error_mismatch",
  too_many_login_attempts: "auth.error_attempts",
  invalid_or_expired_key: "auth.error_key",
  invalid_password_reset: "auth.error_key",
  incorrect_password: "auth.error_current_password",
  enter_current_password: "auth.error_current_password",
  email_taken: "auth.error_email_taken",
  password_too_short: "auth.error_password_short",
  password_too_common: "auth.error_password_common",
  password_entirely_numeric: "auth.error_password_numeric",
  password_too_similar: "auth.error_password_similar",
  incorrect_code: "auth.error_code",
  required: "common.required",
};

function inputError(status: number, reply: Reply): ApiError {
  const fields: Record<string, string> = {};
  const general: string[] = [];
  for (const { code, message, param } of reply.errors ?? []) {
    const key = codes[code] ?? (param === "email" && code === "invalid" ? "auth.error_email" : undefined);
    const words = key ? translate(key) : message;
    if (param) fields[param] = fields[param] ? `${fields[param]} ${words}` : words;
    else general.push(words);
  }
  return new ApiError("bad_request", general.join(" "), { status, fields });
}

async function call(path: string, options?: CallOptions): Promise<{ status: number; reply: Reply }> {
  const { status, body } = await send(base + path, options);
  const reply = (body ?? { status }) as Reply;
  if (status === 400 || (status === 401 && reply.errors)) throw inputError(status, reply);
  if (status === 403 || status === 429 || status >= 500) throw fromProblem(status, body);
  return { status, reply };
}

function outcome(status: number, reply: Reply): Outcome {
  if (status === 200 || reply.meta?.is_authenticated) return "in";
  const pending = reply.data?.flows?.find((flow) => flow.is_pending)?.id;
  return pending === "verify_email" || pending === "mfa_authenticate" ? pending : "login";
}

async function act(path: string, options: CallOptions): Promise<void> {
  const { status } = await call(path, options);
  if (status === 409) throw new ApiError("conflict", "", { status });
}

async function post(path: string, body?: unknown): Promise<Outcome> {
  const { status, reply } = await call(path, { method: "POST", body });
  // 409: there is a session already, of this or another tab.
  return status === 409 ? "in" : outcome(status, reply);
}

export const account = {
  login: (email: string, password: string) => post("auth/login", { email, password }),
  signup: (fields: { email: string; password: string; name?: string }) => post("auth/signup", fields),
  mfa: (code: string) => post("auth/2fa/authenticate", { code }),
  verifyEmail: (key: string) => post("auth/email/verify", { key }),
  resendVerification: () => act("auth/email/verify/resend", { method: "POST" }),
  requestReset: (email: string) => act("auth/password/request", { method: "POST", body: { email } }),
  resetPassword: (key: string, password: string) => post("auth/password/reset", { key, password }),
  changePassword: (current_password: string, new_password: string) =>
    act("account/password/change", {
      method: "POST",
      body: { current_password, new_password },
    }),
  logout: () => act("auth/session", { method: "DELETE" }),
  config: async () => {
    const { reply } = await call("config");
    const settings = reply.data?.["account"] as { is_open_for_signup?: boolean } | undefined;
    return { openForSignup: settings?.is_open_for_signup ?? true };
  },
};
