"""`make bench-page`: what the page costs a reader's browser while an answer is written, as a table.

The product runs against the scripted upstream, a real Chromium reads 2,000 tokens of mixed markdown at 100 a second:
in a new chat, and at the end of a chat of 1,000 messages. The main thread's share is Chromium's own TaskDuration,
frames are the times between animation frames, first load is what came over the wire with an empty cache.
"""

import argparse
import json
import platform
import time
import urllib.request
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, ViewportSize, sync_playwright

from tests.load.processes import percentile
from tests.load.site import PASSWORD, empty_home, new_key, site_on
from tests.support import browser as browsers
from tests.support.product import Product
from tests.support.upstream import Upstream

VIEW: ViewportSize = {"width": 1440, "height": 900}
WATCH = """
window.__watch = { frames: [], long: [] };
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.__watch.long.push([entry.startTime, entry.duration]);
}).observe({ type: "longtask", buffered: true });
"""
COUNT_FRAMES = """() => {
  const watch = window.__watch;
  watch.frames.length = 0;
  watch.long.length = 0;
  watch.run = true;
  let before = performance.now();
  const tick = (now) => {
    watch.frames.push(now - before);
    before = now;
    if (watch.run) requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}"""
# Playwright's own waiting asks for the styles of every button in every frame; that would be measured too.
ENDED = """() => new Promise((resolve) => {
  const check = setInterval(() => {
    const last = [...document.querySelectorAll("[data-role=assistant] [aria-busy]")].at(-1);
    if (last?.getAttribute("aria-busy") !== "false") return;
    clearInterval(check);
    resolve();
  }, 50);
})"""
STOP_COUNTING = "() => { window.__watch.run = false; return [window.__watch.frames, window.__watch.long]; }"
LCP = """() => new Promise((resolve) => {
  let last = 0;
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) last = entry.startTime; })
    .observe({ type: "largest-contentful-paint", buffered: true });
  setTimeout(() => resolve(last), 200);
})"""


@dataclass
class Reading:
    """One answer, read. Times in ms unless a name says otherwise."""

    seconds: float
    busy: float
    cpu: float
    script: float
    layout: float
    long_tasks: list[float]
    frames: list[float]


@dataclass
class FirstLoad:
    """One visit with an empty cache."""

    kilobytes: float
    requests: int
    lcp: float


class Site:
    """The product as this bench talks to it over REST, as one person."""

    def __init__(self, site: Product, email: str) -> None:
        self.base = site.url
        self.email = email
        self.key = new_key(site, email)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One request; the parsed reply."""
        request = urllib.request.Request(
            f"{self.base}/api/v1/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.loads(reply.read() or b"null")

    def long_chat(self, messages: int) -> str:
        """The id of a conversation with so many messages."""
        chat: str = self.call("POST", "conversations", {"title": "A long conversation"})["id"]
        parent = None
        for _ in range(messages // 2):
            text = "text=markdown n=120 rate=0"
            sent = self.call("POST", f"conversations/{chat}/messages", {"content": text, "parent": parent})
            parent = sent["message"]
            while self.call("GET", f"generations/{sent['generation']}")["status"] in {"queued", "running"}:
                time.sleep(0.005)
        return chat

    def context(self, browser: Browser) -> BrowserContext:
        """A signed-in browser with an empty cache."""
        context = browser.new_context(viewport=VIEW, base_url=self.base)
        context.request.get("/_allauth/browser/v1/config")
        token = next(cookie["value"] for cookie in context.cookies() if cookie["name"] == "csrftoken")
        reply = context.request.post(
            "/_allauth/browser/v1/auth/login",
            data={"email": self.email, "password": PASSWORD},
            headers={"X-CSRFToken": token, "Origin": self.base},
        )
        if reply.status != 200:
            raise RuntimeError(f"sign-in failed: {reply.status} {reply.text()}")
        me = json.dumps(context.request.get("/api/v1/me").json())
        context.add_init_script(
            f"if (window.origin !== 'null') localStorage.setItem('rivulet.me', {json.dumps(me)}); {WATCH}"
        )
        return context


def first_load(site: Site, browser: Browser) -> FirstLoad:
    """The chat page, with an empty cache."""
    context = site.context(browser)
    page = context.new_page()
    session = context.new_cdp_session(page)
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    session.send("Network.enable")
    page.goto("/", wait_until="load")
    page.get_by_role("textbox", name="Message", exact=True).wait_for()
    page.wait_for_timeout(1000)
    lcp = page.evaluate(LCP)
    context.close()
    return FirstLoad(sum(sizes) / 1000, len(sizes), lcp)


def metrics(session: CDPSession) -> dict[str, float]:
    """Chromium's counters of this page, seconds."""
    return {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}


def read(page: Page, session: CDPSession, *, tokens: int, rate: int) -> Reading:
    """Ask, and measure until the answer is there."""
    box = page.get_by_role("textbox", name="Message", exact=True)
    box.fill(f"text=markdown n={tokens} rate={rate}")
    page.wait_for_timeout(500)
    before = metrics(session)
    page.evaluate(COUNT_FRAMES)
    started = time.monotonic()
    box.press("Enter")
    page.get_by_role("button", name="Stop", exact=True).wait_for()
    page.evaluate(ENDED)
    seconds = time.monotonic() - started
    after = metrics(session)
    frames, long = page.evaluate(STOP_COUNTING)
    spent = {
        name: after[name] - before[name] for name in ("TaskDuration", "ThreadTime", "ScriptDuration", "LayoutDuration")
    }
    return Reading(
        seconds,
        spent["TaskDuration"] / seconds,
        spent["ThreadTime"] / seconds,
        spent["ScriptDuration"] / seconds,
        spent["LayoutDuration"] / seconds,
        [duration for _, duration in long],
        frames,
    )


def read_in(site: Site, browser: Browser, path: str, *, tokens: int, rate: int) -> Reading:
    """Open a page and read an answer there."""
    context = site.context(browser)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Performance.enable")
    page.goto(path)
    page.get_by_role("textbox", name="Message", exact=True).wait_for()
    page.wait_for_timeout(3000)
    reading = read(page, session, tokens=tokens, rate=rate)
    context.close()
    return reading


def rows_of(what: str, reading: Reading) -> list[tuple[str, str, str]]:
    """What was asked and what was measured."""
    worst = max(reading.long_tasks, default=0.0)
    frames = sorted(reading.frames)
    return [
        (f"{what}: main thread busy", "< 30 %", f"{reading.busy:.1%}"),
        (
            f"{what}: CPU of the main thread; script, layout",
            "",
            f"{reading.cpu:.1%}; {reading.script:.1%}, {reading.layout:.1%}",
        ),
        (f"{what}: tasks over 50 ms, longest", "0", f"{len(reading.long_tasks)}, {worst:.0f} ms"),
        (
            f"{what}: between frames p50 / p99 / max",
            "p99 < 50 ms",
            f"{percentile(frames, 0.5):.0f} / {percentile(frames, 0.99):.0f} / {frames[-1]:.0f} ms",
        ),
        (f"{what}: took", "", f"{reading.seconds:.1f} s, {len(frames)} frames"),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=2000)
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--messages", type=int, default=1000)
    options = parser.parse_args()
    rows: list[tuple[str, str, str]] = []
    with (
        empty_home() as home,
        Upstream() as provider,
        site_on(home, provider) as running,
        sync_playwright() as playwright,
    ):
        site = Site(running, "bench@example.com")
        browser = playwright.chromium.launch(executable_path=browsers.ensure(), args=browsers.FLAGS)
        load = first_load(site, browser)
        rows.append(("first load", "< 450 kB", f"{load.kilobytes:.0f} kB in {load.requests} requests"))
        rows.append(("largest contentful paint", "≤ 1 s", f"{load.lcp / 1000:.2f} s"))
        rows += rows_of("new chat", read_in(site, browser, "/", tokens=options.tokens, rate=options.rate))
        if options.messages:
            chat = site.long_chat(options.messages)
            reading = read_in(site, browser, f"/c/{chat}", tokens=options.tokens, rate=options.rate)
            rows += rows_of(f"{options.messages} messages", reading)
        browser.close()
    width = max(len(name) for name, _, _ in rows)
    print(f"{platform.machine()}, Python {platform.python_version()}; {options.tokens} tokens at {options.rate}/s\n")
    for name, asked, measured in rows:
        print(f"{name:<{width}}  {asked:<12}  {measured}")


if __name__ == "__main__":
    main()
