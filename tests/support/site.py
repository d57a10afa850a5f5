"""Callers of the whole application in this process: browsers with cookies, apps with tokens, scripts with keys."""

from typing import Any

import httpx

from backend.core.db import in_thread

HOST = "chat.test"
ORIGIN = f"http://{HOST}"
PASSWORD = "correct horse 7"


class Site:
    """The application, and the callers that a test made."""

    def __init__(self) -> None:
        from backend.config.asgi import application

        self.app = application
        self.clients: list[httpx.AsyncClient] = []

    def client(self, *, address: str = "127.0.0.1", **headers: str) -> httpx.AsyncClient:
        """A caller without credentials. Errors of the application are answers, as on a server."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(address, 1234))
        made = httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers)
        self.clients.append(made)
        return made

    async def browser(self, **headers: str) -> "Browser":
        """A browser that has loaded the page."""
        made = Browser(self.client(**{"Origin": ORIGIN, **headers}))
        await made.client.get("/_allauth/browser/v1/config")
        return made

    async def person(self, email: str = "ada@example.org", **fields: Any) -> Any:
        """A stored person."""
        from backend.accounts.services.people import user_create

        return await in_thread(user_create, email=email, password=PASSWORD, **{"verified": True, **fields})

    async def key(self, user: Any, **fields: Any) -> tuple[Any, str]:
        """An API key: its row and value."""
        from backend.accounts.services.keys import key_create

        return await in_thread(key_create, user_id=user.pk, **fields)

    async def script(self, user: Any, **fields: Any) -> httpx.AsyncClient:
        """A script with a key of its own."""
        _, value = await self.key(user, **fields)
        return self.client(Authorization=f"Bearer {value}")

    async def app_login(self, email: str = "ada@example.org", password: str = PASSWORD) -> dict[str, Any]:
        """Sign in as an app: `session_token`, `access_token`, `refresh_token`."""
        reply = await self.client().post("/_allauth/app/v1/auth/login", json={"email": email, "password": password})
        assert reply.status_code == 200, reply.text
        found: dict[str, Any] = reply.json()["meta"]
        return found

    async def close(self) -> None:
        """Close all callers."""
        for made in self.clients:
            await made.aclose()


class Browser:
    """A page: cookies, its Origin, and the CSRF header for what changes something."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def send(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        """One request as the page makes it."""
        headers = {"X-CSRFToken": self.client.cookies.get("csrftoken") or "", **kwargs.pop("headers", {})}
        return await self.client.request(method, path, headers=headers, **kwargs)

    async def account(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        """A request to the account API."""
        return await self.send(method, f"/_allauth/browser/v1/{path}", **kwargs)

    async def sign_up(self, email: str = "ada@example.org", password: str = PASSWORD, **fields: str) -> httpx.Response:
        """Sign up."""
        return await self.account("POST", "auth/signup", json={"email": email, "password": password, **fields})

    async def log_in(self, email: str = "ada@example.org", password: str = PASSWORD) -> httpx.Response:
        """Log in."""
        return await self.account("POST", "auth/login", json={"email": email, "password": password})

    async def me(self) -> httpx.Response:
        """`GET /api/v1/me`."""
        return await self.send("GET", "/api/v1/me")
