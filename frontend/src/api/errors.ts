import { type Key, translate } from "@/lib/i18n";
import { said, type Told } from "@/lib/said";

/** The one error of the API layer. `fields` maps a field's name to its sentence, in the reader's language where we know the code. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  readonly temporary: boolean;
  readonly fields: Readonly<Record<string, string>>;
  readonly requestId: string | null;
  /** How the server names its sentence; null where it has no name for it. */
  readonly told: Told | null;

  constructor(
    code: string,
    message: string,
    {
      status = 0,
      temporary = false,
      fields = {},
      requestId = null,
      told = null,
    }: {
      status?: number;
      temporary?: boolean;
      fields?: Record<string, string>;
      requestId?: string | null;
      told?: Told | null;
    } = {},
  ) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.status = status;
    this.temporary = temporary;
    this.fields = fields;
    this.requestId = requestId;
    this.told = told;
  }
}

const known = new Set([
  "offline",
  "unauthenticated",
  "forbidden",
  "not_found",
  "conflict",
  "key_reused",
  "too_large",
  "rate_limited",
  "quota_exceeded",
  "model_unavailable",
  "provider_error",
  "unavailable",
  "internal",
]);

/** What went wrong, in words a person can act on: ours for a known code, else the server's sentence. */
export function explain(error: unknown): string {
  if (error instanceof ApiError) {
    if (error.told) return said(error.told);
    // The server's sentence says more for these than a general one could.
    if (error.code === "bad_request" || error.code === "conflict" || error.code === "provider_error")
      return error.message || translate("common.error_internal");
    if (error.code === "quota_exceeded" && error.message) return error.message;
    if (known.has(error.code)) return translate(`common.error_${error.code}` as Key);
    return error.message || translate("common.error_internal");
  }
  return translate("common.error_internal");
}

interface Problem {
  code?: unknown;
  detail?: unknown;
  title?: unknown;
  temporary?: unknown;
  request_id?: unknown;
  errors?: unknown;
  sentence?: unknown;
  params?: unknown;
}

const text = (value: unknown): string | null => (typeof value === "string" && value ? value : null);

const byStatus: Record<number, string> = {
  400: "bad_request",
  401: "unauthenticated",
  403: "forbidden",
  404: "not_found",
  409: "conflict",
  413: "too_large",
  422: "bad_request",
  429: "rate_limited",
  502: "unavailable",
  503: "unavailable",
  504: "unavailable",
};

function toldOf({ sentence, params }: { sentence?: unknown; params?: unknown }, words: string): Told | null {
  return typeof sentence === "string"
    ? { text: words, sentence, params: (params ?? {}) as Told["params"] }
    : null;
}

/** RFC 9457 (`application/problem+json`), or whatever a proxy answered in its place. */
export function fromProblem(status: number, body: unknown): ApiError {
  const problem: Problem = typeof body === "object" && body !== null ? body : {};
  const fields: Record<string, string> = {};
  if (Array.isArray(problem.errors)) {
    for (const item of problem.errors as Record<string, unknown>[]) {
      const name = text(item["field"]) ?? text(item["param"]) ?? text(item["pointer"])?.split("/").at(-1);
      const message = text(item["message"]) ?? text(item["detail"]);
      if (name && message) fields[name] ??= said(toldOf(item, message) ?? { text: message });
    }
  }
  return new ApiError(
    text(problem.code) ?? byStatus[status] ?? "internal",
    text(problem.detail) ?? text(problem.title) ?? "",
    {
      status,
      temporary: typeof problem.temporary === "boolean" ? problem.temporary : status >= 500 || status === 429,
      fields,
      requestId: text(problem.request_id),
      told: toldOf(problem, text(problem.detail) ?? ""),
    },
  );
}
