"""The doctor's rules as data: checks, symptoms with their sentences, and the lines for each proxy.

`python -m backend.ops.connection.rules page|en|de` prints what the page carries of them.
"""

import json
import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

RULES = Path(__file__).with_name("rules.toml")
PROXIES = {
    "nginx": "nginx",
    "haproxy": "HAProxy",
    "caddy": "Caddy",
    "apache": "Apache",
    "cloudflare": "Cloudflare",
    "rivulet": "Rivulet",
}
LANGUAGES = ("en", "de")


@dataclass(frozen=True, slots=True)
class Symptom:
    """One thing that can be wrong: a sentence in each language, and the lines to write by proxy."""

    code: str
    sentences: dict[str, str]
    lines: dict[str, str]


@dataclass(frozen=True, slots=True)
class Rules:
    """All of it. `checks` are titles by code and language, `numbers` what the tests measure against."""

    checks: dict[str, dict[str, str]]
    symptoms: dict[str, Symptom]
    numbers: dict[str, Any]


@cache
def rules() -> Rules:
    """The rules, read once. Raises `ValueError` for a name that is neither a language nor a proxy."""
    raw = tomllib.loads(RULES.read_text("utf-8"))
    symptoms = {}
    for code, entry in raw["symptoms"].items():
        unknown = set(entry) - set(PROXIES) - set(LANGUAGES)
        if unknown:
            raise ValueError(f"rules.toml: {code} has {', '.join(sorted(unknown))}, which is no proxy")
        sentences = {language: entry[language] for language in LANGUAGES}
        lines = {proxy: entry[proxy].strip() for proxy in PROXIES if proxy in entry}
        symptoms[code] = Symptom(code, sentences, lines)
    return Rules(raw["checks"], symptoms, raw["numbers"])


def number(name: str) -> float:
    """One of the numbers."""
    return float(rules().numbers[name])


def page() -> str:
    """Lines and numbers for the page; its words are in `words`."""
    found = rules()
    lines = {code: symptom.lines for code, symptom in found.symptoms.items()}
    return _json({"proxies": PROXIES, "numbers": found.numbers, "lines": lines})


def words(language: str) -> str:
    """The page's words in one language."""
    found = rules()
    checks = {f"check_{code}": titles[language] for code, titles in found.checks.items()}
    return _json(checks | {code: symptom.sentences[language] for code, symptom in found.symptoms.items()})


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    form = sys.argv[1] if len(sys.argv) == 2 else ""
    if form != "page" and form not in LANGUAGES:
        sys.exit(f"There is no form {form}: page, {' or '.join(LANGUAGES)}.")
    sys.stdout.write(page() if form == "page" else words(form))
