"""A Chromium for the tests: from the PATH, else installed. `python -m tests.support.browser` prints where it is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "chrome")
ABSENT = (
    # Hidden windows of the address bar, two renderers beside each page that cost more than the page does.
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    # What Playwright switches off: of two such switches Chromium takes the last.
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
)
FLAGS = [
    f"--disable-features={','.join(ABSENT)}",
    *(["--no-sandbox", "--disable-dev-shm-usage"] if os.geteuid() == 0 else []),
]


def find() -> str | None:
    """The browser that is there, on the PATH or where Playwright keeps its own."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    try:
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            path = playwright.chromium.executable_path
    except ImportError:
        return None
    return path if Path(path).exists() else None


def ensure() -> str:
    """Find the browser or install one. Raises `SystemExit` with what to install when neither works."""
    if path := find():
        return path
    attempts = []
    if os.geteuid() == 0 and shutil.which("apt-get"):
        attempts += [["apt-get", "update"], ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]]
    attempts.append([sys.executable, "-m", "playwright", "install", "chromium"])
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in attempts:
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=env, check=False)
        if path := find():
            return path
    raise SystemExit(
        "The browser tests need Chromium or Google Chrome on the PATH; none is there, and none could be installed: "
        "install one (Debian: apt-get install chromium)."
    )


if __name__ == "__main__":
    print(ensure())
