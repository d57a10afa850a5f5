"""People who use the product: signed up over REST, with a browser's cookies; their conversations over REST."""

import json
import time
from itertools import count
from typing import Any

from playwright.sync_api import APIRequestContext, Playwright, StorageState

PASSWORD = "correct horse 7"
RUNNING = {"queued", "running"}

_numbers = count(1)


class Person:
    """Someone with an account and a signed-in browser; `name` makes the address."""

    def __init__(self, playwright: Playwright, base: str, *, name: str = "ada") -> None:
        self.base = base
        self.name = name.capitalize()
        self.email = f"{name}.{next(_numbers)}@example.org"
        self._request: APIRequestContext = playwright.request.new_context(base_url=base)
        self.account("GET", "config")
        self.account("POST", "auth/signup", {"email": self.email, "password": PASSWORD, "name": self.name})
        self.me: dict[str, Any] = self.api("GET", "me")

    def state(self, origin: str | None = None, **kept: str) -> StorageState:
        """What a browser keeps of an earlier visit: the cookies, who it is, and `kept`. Storage is per origin."""
        remembered = {"me": json.dumps(self.me), "visited": "1", **kept}
        entries = [{"name": f"rivulet.{name}", "value": value} for name, value in remembered.items()]
        cookies = self._request.storage_state()["cookies"]
        return {"cookies": cookies, "origins": [{"origin": origin or self.base, "localStorage": entries}]}  # type: ignore[typeddict-item]

    def api(self, method: str, path: str, body: Any = None, *, status: int | None = None) -> Any:
        """One request to `/api/v1`; the parsed reply. Raises `AssertionError` unless it went well, or as asked."""
        return self._call(method, f"/api/v1/{path}", body, status)

    def account(self, method: str, path: str, body: Any = None, *, status: int | None = None) -> Any:
        """One request to the account API."""
        return self._call(method, f"/_allauth/browser/v1/{path}", body, status)

    def _call(self, method: str, path: str, body: Any, status: int | None) -> Any:
        cookies = self._request.storage_state()["cookies"]
        token = next((one["value"] for one in cookies if one["name"] == "csrftoken"), "")
        headers = {"X-CSRFToken": token, "Origin": self.base}
        reply = self._request.fetch(path, method=method, data=body, headers=headers)
        told = f"{method} {path}: {reply.status} {reply.text()[:400]}"
        assert reply.ok if status is None else reply.status == status, told
        return reply.json() if reply.body() else None

    def send(self, text: str, conversation: str | None = None, **fields: Any) -> dict[str, Any]:
        """Ask, in a new conversation unless one is named; the reply of `message.send`."""
        if conversation is None:
            conversation = str(self.api("POST", "conversations", {})["id"])
        body = {"content": text, **fields}
        found: dict[str, Any] = self.api("POST", f"conversations/{conversation}/messages", body)
        return found

    def asked(self, text: str, conversation: str | None = None, **fields: Any) -> dict[str, Any]:
        """Ask and wait for the end of the answer; its message, as stored."""
        return self.ended(self.send(text, conversation, **fields)["message"])

    def ended(self, message: str) -> dict[str, Any]:
        """A message once it is written."""
        until = time.monotonic() + 30
        while True:
            found: dict[str, Any] = self.api("GET", f"messages/{message}")
            if found["status"] not in RUNNING:
                return found
            assert time.monotonic() < until, f"the answer did not end: {found['status']}"
            time.sleep(0.03)

    def messages(self, conversation: str) -> list[dict[str, Any]]:
        """The newest messages of a conversation, oldest first."""
        items: list[dict[str, Any]] = self.api("GET", f"conversations/{conversation}/messages?limit=100")["items"]
        return sorted(items, key=lambda one: str(one["created"]))

    def close(self) -> None:
        """Close the connections."""
        self._request.dispose()
