"""What a browser may do with our answers: content security policy and its companions, on every response.

The page runs scripts and styles of its own origin (and the CDN's) only; `style-src-attr` is open for formulas and
highlighting. The admin and the API's docs come from libraries that need more, and have a written policy of their own.
"""

from backend.core.asgi import App, Message, Receive, Scope, Send

NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
ADMIN = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'"
)
DOCS = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
DIAGRAM = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "base-uri 'none'; form-action 'none'; sandbox allow-scripts"
)
"""Where diagrams are drawn: a sandbox without our origin. Drawing needs style elements; it needs no network."""
DIAGRAM_PATH = "/diagram.html"
_PERMISSIONS = "accelerometer=(), camera=(), geolocation=(), gyroscope=(), microphone=(self), payment=(), usb=()"


def page_policy(cdn: str) -> str:
    """The page's policy; `cdn` is an origin or empty."""
    own = f"'self' {cdn}".strip()
    return (
        f"default-src 'none'; script-src {own}; style-src {own}; style-src-attr 'unsafe-inline'; "
        f"img-src {own} data: blob:; font-src {own} data:; connect-src 'self'; media-src 'self' blob:; "
        "manifest-src 'self'; worker-src 'self'; frame-src 'self'; frame-ancestors 'none'; "
        "base-uri 'none'; form-action 'self'"
    )


class SecurityHeaders:
    """Adds the headers that a response does not carry already."""

    def __init__(self, app: App, *, cdn: str = "", secure: bool = False) -> None:
        self.app = app
        self.page = page_policy(cdn)
        self.common: list[tuple[bytes, bytes]] = [
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
            (b"permissions-policy", _PERMISSIONS.encode()),
            (b"cross-origin-opener-policy", b"same-origin"),
            (b"x-frame-options", b"DENY"),
        ]
        if secure:
            self.common.append((b"strict-transport-security", b"max-age=63072000; includeSubDomains; preload"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message.get("headers", ())}
                added = [pair for pair in self.common if pair[0] not in present]
                if scope["path"] == DIAGRAM_PATH:
                    added = [pair for pair in added if pair[0] != b"x-frame-options"]
                if b"content-security-policy" not in present:
                    added.append((b"content-security-policy", self.policy(scope["path"]).encode()))
                if b"cache-control" not in present and scope["path"].startswith(("/api/", "/_allauth/", "/v1/")):
                    added.append((b"cache-control", b"no-store"))
                message["headers"] = [*message.get("headers", ()), *added]
            await send(message)

        await self.app(scope, receive, hardened)

    def policy(self, path: str) -> str:
        """The policy for a path."""
        if path.startswith("/admin"):
            return ADMIN
        if path == DIAGRAM_PATH:
            return DIAGRAM
        if path.startswith("/api/v1/docs"):
            return DOCS
        if path.startswith(("/api/", "/v1/", "/_allauth/", "/health/", "/metrics")):
            return NOTHING
        return self.page
