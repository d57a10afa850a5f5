"""What the README and the docs lead to is there: pages, sections, pictures, and the commands that they tell to type."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "frontend" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"")
DJANGOS_OWN = {"migrate", "makemigrations", "check", "shell"}
COMMANDS = {path.stem for path in ROOT.glob("backend/*/management/commands/*.py")} | DJANGOS_OWN
TARGETS = set(re.findall(r"^([a-z0-9-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))


def prose(text: str) -> str:
    """The page without its code blocks."""
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Its headings as links name them."""
    headings = re.findall(r"^#{1,6} +(.+?)\s*$", prose(page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def broken(page: Path, text: str) -> list[str]:
    """The links of a text that stands in `page` and lead nowhere."""
    found = []
    for groups in LINK.findall(prose(text)):
        link = next(filter(None, groups))
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        there = target.is_relative_to(ROOT) and target.exists()
        if not there or (anchor and anchor not in anchors(target)):
            found.append(link)
    return found


def wrong_commands(text: str) -> list[str]:
    """Lines of bash blocks that start `make` or `./manage.py` with a name that is not there."""
    found = []
    for block in re.findall(r"^```bash\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            match = re.match(r"(?:\w+=\S+ )*(make|\./manage\.py) +([a-z0-9_-]+)", line)
            if match and match[2] not in (TARGETS if match[1] == "make" else COMMANDS):
                found.append(line)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page) -> None:
    assert broken(page, page.read_text()) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_exists(page) -> None:
    assert wrong_commands(page.read_text()) == []


def test_a_broken_link_and_a_wrong_command_would_be_seen() -> None:
    page = ROOT / "README.md"
    assert broken(page, "[a](docs/nothing.md) [b](docs/api.md#nothing) [c](docs/api.md)") == [
        "docs/nothing.md",
        "docs/api.md#nothing",
    ]
    assert broken(page, '<img src="docs/images/nothing.png">') == ["docs/images/nothing.png"]
    assert wrong_commands("```bash\nmake run  # start\nmake coffee\n./manage.py nothing\n```\n") == [
        "make coffee",
        "./manage.py nothing",
    ]


def test_the_readmes_pictures_are_small() -> None:
    for name in ("chat-light.png", "chat-dark.png"):
        assert 0 < (ROOT / "docs" / "images" / name).stat().st_size < 200_000
