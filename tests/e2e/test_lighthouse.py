"""Lighthouse gives at least 95 in all four categories, to the first visit and to a chat."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Playwright

from backend.config.environment import ROOT
from tests.support import browser as browsers
from tests.support.person import Person
from tests.support.product import Product, free_port

LEAST = 95
RUNS = 3  # a busy machine costs points that the page did not lose: the best run of each category counts
CATEGORIES = {"performance", "accessibility", "best-practices", "seo"}


class Profile:
    """A browser of its own, with its debugging port open to Lighthouse."""

    def __init__(self, playwright: Playwright, folder: Path) -> None:
        self.port = free_port()
        self.context: BrowserContext = playwright.chromium.launch_persistent_context(
            folder,
            executable_path=browsers.ensure(),
            args=[*browsers.FLAGS, f"--remote-debugging-port={self.port}"],
            # Playwright's own defaults for tests are not what people's browsers have.
            ignore_default_args=["--disable-back-forward-cache"],
        )

    def judge(self, address: str) -> dict[str, Any]:
        """One run: `scores` and what `lost` points, or no scores and why it is `unmeasured`."""
        cleaner = self.context.new_page()
        self.context.new_cdp_session(cleaner).send("Network.clearBrowserCache")
        cleaner.close()
        ran = subprocess.run(
            ["node", "scripts/lighthouse.mjs", str(self.port), address],
            cwd=ROOT / "frontend",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr[-2000:]
        found: dict[str, Any] = json.loads(ran.stdout.strip().splitlines()[-1])
        return found


@pytest.fixture
def profile(playwright: Playwright, tmp_path: Path) -> Iterator[Profile]:
    made = Profile(playwright, tmp_path)
    yield made
    made.context.close()


def best_scores(profile: Profile, address: str) -> dict[str, int]:
    """The best score of each category; runs again only while one is too low or Lighthouse lost its own trace."""
    best = dict.fromkeys(CATEGORIES, 0)
    for _ in range(RUNS):
        found = profile.judge(address)
        best |= {name: max(score, best[name]) for name, score in found["scores"].items()}
        if min(best.values()) >= LEAST:
            break
        print(found)
    assert best.keys() == CATEGORIES
    return best


@pytest.mark.alone
@pytest.mark.timeout(330)
def test_the_first_visit(profile: Profile, product: Product) -> None:
    best = best_scores(profile, f"{product.url}/")
    assert min(best.values()) >= LEAST, best


@pytest.mark.alone
@pytest.mark.timeout(330)
def test_a_chat_with_an_answer(profile: Profile, product: Product, ada: Person) -> None:
    answer = ada.asked("text=markdown rate=0")
    state = ada.state()
    profile.context.add_cookies(state["cookies"])  # type: ignore[arg-type]
    page = profile.context.new_page()
    page.goto(f"{product.url}/icon.svg")
    kept = {one["name"]: one["value"] for one in state["origins"][0]["localStorage"]}
    page.evaluate("kept => Object.entries(kept).forEach(([name, value]) => localStorage.setItem(name, value))", kept)
    page.close()
    best = best_scores(profile, f"{product.url}/c/{answer['conversation']}")
    assert min(best.values()) >= LEAST, best
