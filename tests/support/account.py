"""A person of a running site with an API key, made as a browser makes them: quicker than two commands' processes."""

from typing import Any

import httpx


def new_key(url: str, email: str, password: str) -> str:
    """Sign up at the site and make a key. Raises `AssertionError` with what it said."""
    with httpx.Client(base_url=url, headers={"Origin": url}, trust_env=False, timeout=30) as browser:
        browser.get("/_allauth/browser/v1/config")

        def post(path: str, body: dict[str, str]) -> dict[str, Any]:
            reply = browser.post(path, json=body, headers={"X-CSRFToken": browser.cookies["csrftoken"]})
            assert reply.is_success, f"{path}: {reply.status_code} {reply.text[:400]}"
            found: dict[str, Any] = reply.json()
            return found

        post("/_allauth/browser/v1/auth/signup", {"email": email, "password": password})
        return str(post("/api/v1/keys", {"name": "test"})["key"])
