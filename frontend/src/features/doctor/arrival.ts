import { translate as t } from "@/lib/i18n";
import { numbers, type Result } from "./rules";
import { ask, type Seen, spoken } from "./site";

const gateway = (status: number) => (status >= 502 && status <= 504) || (status >= 520 && status <= 530);

/** Whether a Rivulet answers, and what it sees. */
export async function reach(signal: AbortSignal): Promise<{ results: Result[]; seen: Seen | null }> {
  const asked = Date.now();
  const began = performance.now();
  let response: Response;
  try {
    response = await ask("request", { signal });
  } catch {
    const failed: Result = {
      check: "reach",
      outcome: "failed",
      measured: t("doctor.m_none"),
      symptom: "unreachable",
    };
    return { results: [failed], seen: null };
  }
  const took = Math.round(performance.now() - began);
  const answered = Date.now();
  const type = response.headers.get("Content-Type") ?? "";
  const seen = response.ok && type.includes("json") ? ((await response.json()) as Seen) : null;
  if (seen === null)
    return {
      results: [
        {
          check: "reach",
          outcome: "failed",
          measured: t("doctor.m_http", { status: String(response.status) }),
          symptom: gateway(response.status) && !type.includes("problem") ? "bad_gateway" : "not_rivulet",
        },
      ],
      seen,
    };
  const results: Result[] = [
    { check: "reach", outcome: "ok", measured: t("doctor.m_ms", { ms: took }) },
    clock(seen, (asked + answered) / 2),
    account(seen),
    ...forwarded(seen),
    http(seen),
  ];
  return { results, seen };
}

export function clock({ time }: Seen, now: number): Result {
  const off = Math.round((time * 1000 - now) / 10) / 100;
  const measured = t("doctor.m_apart", { seconds: off });
  if (Math.abs(off) <= numbers.clock_s) return { check: "clock", outcome: "ok", measured };
  const expected = t("doctor.m_within", { seconds: numbers.clock_s });
  return { check: "clock", outcome: "warning", measured, expected, symptom: "clock_off" };
}

function account({ signed_in, reason }: Seen): Result {
  if (signed_in) return { check: "account", outcome: "ok", measured: t("doctor.m_accepted") };
  if (reason === null || reason === "missing")
    return { check: "account", outcome: "skipped", measured: t("doctor.m_needs_account") };
  return {
    check: "account",
    outcome: "failed",
    measured: t("doctor.m_session", { reason }),
    symptom: "key_refused",
  };
}

/** Whether the server sees the address that the browser shows. */
export function forwarded(seen: Seen, here: { protocol: string; host: string } = location): Result[] {
  const check = "forwarded";
  const headers = seen.forwarded ?? null;
  if (headers?.length && seen.trusted === false)
    return [{ check, outcome: "failed", measured: t("doctor.m_untrusted"), symptom: "proxy_untrusted" }];
  const results: Result[] = [];
  if (`${seen.scheme}:` !== here.protocol)
    results.push({
      check,
      outcome: "failed",
      measured: seen.scheme,
      expected: here.protocol.slice(0, -1),
      symptom: "scheme_wrong",
    });
  if (seen.host.toLowerCase().replace(/:(80|443)$/, "") !== here.host.toLowerCase())
    results.push({
      check,
      outcome: "failed",
      measured: seen.host,
      expected: here.host,
      symptom: "host_wrong",
    });
  const local = /^(localhost|127\.|\[::1\])/.test(here.host);
  const named = headers?.some((name) => name === "x-forwarded-for" || name === "forwarded");
  if (headers && !named && (headers.length > 0 || (!local && seen.client?.startsWith("127."))))
    results.push({
      check,
      outcome: "warning",
      measured: t("doctor.m_you_are", { client: seen.client ?? "" }),
      expected: t("doctor.m_your_address"),
      symptom: "address_missing",
    });
  if (results.length === 0) results.push({ check, outcome: "ok", measured: `${seen.scheme}://${seen.host}` });
  return results;
}

function http({ http_version: there }: Seen): Result {
  const check = "http";
  if (there === undefined) return { check, outcome: "skipped", measured: t("doctor.m_needs_account") };
  const measured = t("doctor.m_http_seen", { here: spoken(), there });
  return there === "1.0"
    ? { check, outcome: "failed", measured, expected: "HTTP/1.1", symptom: "http_1_0" }
    : { check, outcome: "ok", measured };
}
