"""How one gets there: address, certificate, proxy, sign-in, and the address that the server sees."""

import ssl
import time
from urllib.parse import urlsplit

import msgspec

from backend.ops.connection.line import Line, Seen
from backend.ops.connection.report import Result
from backend.ops.connection.rules import number
from backend.outbound import Answer, ConnectFailed, OutboundError, RedirectRefused

_EXPIRED = 10
_NAME = 62
_GATEWAY = frozenset({502, 503, 504, *range(520, 531)})


def seen_in(answer: Answer) -> Seen | None:
    """What the site saw, if this is a site's answer."""
    try:
        found = answer.json()
    except msgspec.DecodeError:
        return None
    return found if answer.status == 200 and isinstance(found, dict) and "signed_in" in found else None


async def reach(line: Line) -> tuple[list[Result], Seen | None]:
    """Whether a Rivulet answers there. Raises `Redirected` or `BadCertificate`, after which one may go on."""
    began = time.perf_counter()
    try:
        answer = await line.ask("request")
    except RedirectRefused as error:
        raise Redirected(error.location) from error
    except ConnectFailed as error:
        if error.certificate is not None:
            raise BadCertificate(_certificate(error.certificate)) from error
        return [Result("reach", "failed", str(error), symptom="unreachable")], None
    except OutboundError as error:
        return [Result("reach", "failed", str(error), symptom="unreachable")], None
    seen = seen_in(answer)
    if seen is None:
        ours = "problem+json" in answer.headers.get("Content-Type", "")
        symptom = "bad_gateway" if answer.status in _GATEWAY and not ours else "not_rivulet"
        return [Result("reach", "failed", f"HTTP {answer.status}", symptom=symptom)], None
    found = [Result("reach", "ok", f"in {(time.perf_counter() - began) * 1000:.0f} ms")]
    if line.scheme == "https" and line.verify:
        found.append(Result("certificate", "ok", f"holds for {line.hostname}"))
    return found, seen


class Redirected(Exception):
    """The site answered with a redirect to `location`."""

    def __init__(self, location: str) -> None:
        self.location = location
        super().__init__(location)

    def better(self, line: Line) -> str | None:
        """The https address of the same host that it leads to; None when it leads elsewhere."""
        parts = urlsplit(self.location)
        if parts.scheme != "https" or (parts.hostname or "").lower() != line.hostname.lower():
            return None
        return f"https://{parts.netloc}"


class BadCertificate(Exception):
    """The certificate does not hold; `result` says why."""

    def __init__(self, result: Result) -> None:
        self.result = result
        super().__init__(result.measured)


def _certificate(error: ssl.SSLCertVerificationError) -> Result:
    symptom = {_EXPIRED: "certificate_expired", _NAME: "certificate_name"}.get(
        error.verify_code, "certificate_untrusted"
    )
    return Result("certificate", "failed", error.verify_message.rstrip("."), symptom=symptom)


def account(line: Line, seen: Seen) -> Result:
    """Whether the key that was sent arrived and counts."""
    if line.key is None:
        return Result("account", "skipped", "needs an API key (--key)")
    if seen["signed_in"]:
        return Result("account", "ok", "the key is accepted")
    if seen["reason"] == "missing":
        return Result("account", "failed", "no Authorization header arrived", symptom="authorization_stripped")
    return Result("account", "failed", f"the key is {seen['reason']}", symptom="key_refused")


def forwarded(line: Line, seen: Seen) -> list[Result]:
    """Whether the server sees the address that was asked for, and who asks."""
    untrusted = bool(seen.get("forwarded")) and not seen.get("trusted", True)
    if untrusted:
        peer = f" from {seen['peer']}" if seen.get("peer") else ""
        return [Result("forwarded", "failed", f"headers{peer} are not believed", symptom="proxy_untrusted")]
    found = []
    if seen["scheme"] != line.scheme:
        found.append(Result("forwarded", "failed", seen["scheme"], line.scheme, "scheme_wrong"))
    if not line.is_host(seen["host"]):
        found.append(Result("forwarded", "failed", seen["host"], urlsplit(line.url).netloc, "host_wrong"))
    if address_missing(line, seen):
        found.append(Result("forwarded", "warning", f"you are {seen['client']}", "your address", "address_missing"))
    if not found:
        client = f", you are {seen['client']}" if seen.get("client") else ""
        found.append(Result("forwarded", "ok", f"{seen['scheme']}://{seen['host']}{client}"))
    return found


def address_missing(line: Line, seen: Seen) -> bool:
    """Whether a proxy hides who asks: it forwards something, or sits on the server itself, but names no caller."""
    headers = seen.get("forwarded")
    if headers is None or {"x-forwarded-for", "forwarded"} & set(headers):
        return False
    return bool(headers) or (not line.local and str(seen["client"]).startswith("127."))


def http(seen: Seen) -> Result:
    """Which HTTP the last proxy speaks to the server."""
    version = seen.get("http_version")
    if version is None:
        return Result("http", "skipped", "needs an API key (--key)")
    if version == "1.0":
        return Result("http", "failed", "HTTP/1.0 at the server", "HTTP/1.1", "http_1_0")
    return Result("http", "ok", f"HTTP/{version} at the server")


def clock(seen: Seen, *, asked: float, answered: float) -> Result:
    """How far the clocks are apart. `asked` and `answered` are local times in epoch seconds."""
    off = float(seen["time"]) - (asked + answered) / 2
    most = number("clock_s")
    if abs(off) > most:
        return Result("clock", "warning", f"{off:+.0f} s", f"within {most:g} s", "clock_off")
    return Result("clock", "ok", f"{off:+.2f} s apart")
