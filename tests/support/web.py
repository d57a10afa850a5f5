"""A small web of its own on loopback, for tests: a Tavily, a SearXNG and sites with pages, over real HTTP.

    with ScriptedWeb() as web:
        settings: TAVILY_API_KEY="tvly-test", TAVILY_BASE_URL=web.tavily, SEARXNG_URL=web.searxng, SEARCH_ALLOW=web.host
        web.page("/tides", "<html>…"); web.found("why tides", ["/tides"]); web.fail("tavily", status=429, times=2)

It runs in threads of the test's process, so a product in processes of its own can use it, too. Both services find the
pages whose words are in the query, or what `found` says. Some pages are there from the start (`LIBRARY`); others do
what their path says: `/status/404`, `/slow/2.5`, `/hang`, `/cut`, `/redirect?to=…`, `/redirects/7`, `/bytes/5000000`,
`/type/application/pdf`, `/mute` (a page without words).
"""

import json
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

KEY = "tvly-test"

LIBRARY: dict[str, tuple[str, list[str]]] = {
    "/tides": (
        "Why there are tides",
        [
            "Tides are the rise and fall of the sea, made by the pull of the moon and, to a lesser degree, of the sun.",
            "At most coasts there are two high tides and two low tides in a lunar day of 24 hours and 50 minutes.",
            "Spring tides come at new and full moon, when sun and moon pull along one line.",
        ],
    ),
    "/fundy": (
        "The Bay of Fundy",
        [
            "The Bay of Fundy in Canada has the highest tides of the world, with a range of up to 16 metres.",
            "The bay's length makes its water swing in step with the tide, which is called resonance.",
        ],
    ),
    "/power": (
        "Power from tides",
        [
            "The tidal power station at the Rance in France opened in 1966 and has a capacity of 240 megawatts.",
            "Tidal power can be foretold for years, but barrages change the life of an estuary.",
        ],
    ),
    "/moon": (
        "The moon moves away",
        ["Because of the tides the moon moves away from the earth by about 3.8 centimetres each year."],
    ),
}


@dataclass
class Fault:
    """What the next `times` calls get instead: a status, or a connection that is cut; `after` seconds of silence."""

    status: int = 0
    times: int = 1
    retry_after: float | None = None
    after: float = 0.0
    cut: bool = False
    body: bytes = b'{"detail": {"error": "scripted"}}'


@dataclass
class Served:
    """A page as it is sent."""

    body: bytes
    kind: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


def article(title: str, paragraphs: list[str]) -> str:
    """A page as sites have them: an article between a menu, a banner and a footer."""
    text = "".join(f"<p>{one}</p>" for one in paragraphs)
    return (
        f"<!doctype html><html><head><title>{title}</title><script>track()</script></head><body>"
        '<nav><ul><li><a href="/">Home</a></li><li><a href="/about">About us</a></li></ul></nav>'
        '<div class="cookie-banner">We use cookies to improve your experience. <button>Accept all</button></div>'
        f"<main><article><h1>{title}</h1>{text}</article></main>"
        "<footer><p>All rights reserved.</p></footer></body></html>"
    )


class ScriptedWeb:
    """The servers, what they are to say, and what they were asked."""

    def __init__(self, port: int = 0) -> None:
        self.pages = {path: Served(article(title, text).encode()) for path, (title, text) in LIBRARY.items()}
        self.searches: list[tuple[str, str]] = []
        """(service, query), each call."""
        self.bodies: list[dict[str, Any]] = []
        """What each search was asked with."""
        self.reads: Counter[str] = Counter()
        """Calls by path."""
        self.credits = 0
        """What Tavily counted."""
        self._found: list[tuple[str, list[str]]] = []
        self._faults: dict[str, list[Fault]] = {}
        self._lock = threading.Lock()
        self._gone = threading.Event()
        web = self

        class Handler(_Handler):
            scripted = web

        self._server = _Server(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def host(self) -> str:
        """`host:port`, as SEARCH_ALLOW takes it."""
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def site(self) -> str:
        """The origin of the pages."""
        return f"http://{self.host}"

    @property
    def tavily(self) -> str:
        """As TAVILY_BASE_URL takes it."""
        return f"{self.site}/tavily"

    @property
    def searxng(self) -> str:
        """As SEARXNG_URL takes it."""
        return f"{self.site}/searxng"

    @property
    def settings(self) -> dict[str, str]:
        """All of it as settings of a product."""
        return {
            "TAVILY_API_KEY": KEY,
            "TAVILY_BASE_URL": self.tavily,
            "SEARXNG_URL": self.searxng,
            "SEARCH_ALLOW": self.host,
        }

    def page(self, path: str, body: str | bytes, *, kind: str = "text/html; charset=utf-8", **headers: str) -> str:
        """Have a page there; its address."""
        data = body.encode() if isinstance(body, str) else body
        self.pages[path] = Served(data, kind, {name.replace("_", "-"): value for name, value in headers.items()})
        return self.site + path

    def found(self, words: str, paths: list[str]) -> None:
        """What queries with these words in them find: paths of this site, or whole addresses."""
        self._found.insert(0, (words.lower(), paths))

    def fail(self, what: str, **fault: Any) -> None:
        """`tavily`, `searxng` or a path fails as `Fault` says; several of them come in turn."""
        with self._lock:
            self._faults.setdefault(what, []).append(Fault(**fault))

    def stats(self) -> dict[str, Any]:
        """Its counters: searches by service, credits, reads by path."""
        return {
            "searches": dict(Counter(service for service, _ in self.searches)),
            "credits": self.credits,
            "reads": dict(self.reads),
        }

    def next_fault(self, what: str) -> Fault | None:
        """The fault of this call, which is used up by it."""
        with self._lock:
            waiting = self._faults.get(what, [])
            if not waiting:
                return None
            fault = waiting[0]
            fault.times -= 1
            if fault.times <= 0:
                waiting.pop(0)
            return fault

    def hits(self, query: str) -> list[dict[str, Any]]:
        """What a query finds, best first."""
        asked = query.lower()
        for words, paths in self._found:
            if words in asked:
                return [self._hit(path, 1.0 - number / 100) for number, path in enumerate(paths)]
        ranked = []
        for path, served in self.pages.items():
            text = served.body.decode("utf-8", "replace").lower()
            score = sum(word in text for word in re.findall(r"\w{4,}", asked))
            if score:
                ranked.append((score, path))
        ranked.sort(key=lambda one: -one[0])
        return [self._hit(path, min(1.0, score / 10)) for score, path in ranked]

    def wait(self, seconds: float) -> None:
        """Be silent, at most until the end."""
        self._gone.wait(seconds)

    def _hit(self, path: str, score: float) -> dict[str, Any]:
        served = self.pages.get(path)
        title, text = LIBRARY.get(path, ("", [""]))
        if served is not None and not title:
            told = re.search(r"<title>(.*?)</title>", served.body.decode("utf-8", "replace"))
            title = told.group(1) if told else path
        url = path if "://" in path else self.site + path
        return {"url": url, "title": title or url, "content": " ".join(text), "score": score}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._gone.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """Clients that leave are part of the script."""

    def server_bind(self) -> None:
        """Without looking its own name up."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.socket.getsockname()[1]


class _Handler(BaseHTTPRequestHandler):
    scripted: ScriptedWeb
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def do_GET(self) -> None:
        self._serve(b"")

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _serve(self, body: bytes) -> None:
        try:
            self._answer(body)
        except OSError:
            self.close_connection = True

    def _answer(self, body: bytes) -> None:
        web, parts = self.scripted, urlsplit(self.path)
        service = next((name for name in ("tavily", "searxng") if parts.path == f"/{name}/search"), "")
        asked: dict[str, Any] = {}
        query = ""
        if service:
            asked = json.loads(body) if service == "tavily" else _form(body.decode() or parts.query)
            query = str(asked.get("query" if service == "tavily" else "q", ""))
            web.searches.append((service, query))
            web.bodies.append(asked)
        else:
            web.reads[parts.path] += 1
        fault = web.next_fault(service or parts.path)
        if parts.path in {"/tavily/usage", "/searxng/healthz"} and fault is None:
            known = "searxng" in parts.path or self.headers.get("Authorization") == f"Bearer {KEY}"
            self._json(200 if known else 401, {})
            return
        if fault is not None:
            web.wait(fault.after)
            if fault.cut:
                self._cut()
                return
            if fault.status:
                wait = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
                self._send(fault.status, Served(fault.body, "application/json", wait))
                return
        if service == "tavily":
            self._tavily(asked, query)
        elif service == "searxng":
            self._searxng(asked, query)
        else:
            self._page(parts.path, parse_qs(parts.query))

    def _tavily(self, asked: dict[str, Any], query: str) -> None:
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            self._json(401, {"detail": {"error": "Unauthorized: missing or invalid API key."}})
            return
        self.scripted.credits += 1
        answer = {"query": query, "results": self.scripted.hits(query)[: asked.get("max_results", 5)]}
        self._json(
            200, answer | {"response_time": 0.01} | ({"usage": {"credits": 1}} if "include_usage" in asked else {})
        )

    def _searxng(self, asked: dict[str, Any], query: str) -> None:
        if asked.get("format") != "json":
            self._send(403, Served(b"Forbidden", "text/plain"))
            return
        self._json(200, {"query": query, "results": self.scripted.hits(query), "unresponsive_engines": []})

    def _page(self, path: str, query: dict[str, list[str]]) -> None:
        web = self.scripted
        served = web.pages.get(path)
        if served is not None:
            self._send(200, served)
            return
        _, kind, *rest = [*path.split("/"), ""]
        match kind:
            case "status":
                self._send(int(rest[0]), Served(b"scripted", "text/plain"))
            case "slow":
                web.wait(float(rest[0]))
                self._send(200, web.pages["/tides"])
            case "hang":
                web.wait(60)
            case "cut":
                self._cut()
            case "redirect":
                self._send(302, Served(b"", headers={"Location": query["to"][0]}))
            case "redirects":
                left = int(rest[0])
                to = f"/redirects/{left - 1}" if left > 1 else "/tides"
                self._send(301, Served(b"", headers={"Location": to}))
            case "bytes":
                self._send(
                    200, Served(b"<p>" + b"word " * (int(rest[0]) // 5), headers={"Transfer-Encoding": "chunked"})
                )
            case "type":
                self._send(200, Served(b"%PDF-1.7 \0\1\2", "/".join(rest).strip("/")))
            case "mute":
                self._send(200, Served(b"<html><body><script>render()</script></body></html>"))
            case _:
                self._send(404, Served(b"<h1>Not found</h1>"))

    def _json(self, status: int, body: Any) -> None:
        self._send(status, Served(json.dumps(body).encode(), "application/json"))

    def _cut(self) -> None:
        """Half an answer."""
        self.wfile.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5000\r\n\r\n<html><body><p>Half"
        )
        self.wfile.flush()
        self.close_connection = True

    def _send(self, status: int, served: Served) -> None:
        self.send_response(status)
        if served.kind:
            self.send_header("Content-Type", served.kind)
        for name, value in served.headers.items():
            self.send_header(name, value)
        chunked = "Transfer-Encoding" in served.headers
        if not chunked:
            self.send_header("Content-Length", str(len(served.body)))
        self.end_headers()
        size = 64 << 10 if chunked else len(served.body) or 1
        for start in range(0, len(served.body), size):
            data = served.body[start : start + size]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data) if chunked else data)
        if chunked:
            self.wfile.write(b"0\r\n\r\n")


def _form(text: str) -> dict[str, Any]:
    return {name: values[0] for name, values in parse_qs(text).items()}


if __name__ == "__main__":
    with ScriptedWeb() as alone:
        print("\n".join(f"{name}={value}" for name, value in alone.settings.items()), flush=True)
        while True:
            time.sleep(60)
