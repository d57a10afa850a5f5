"""Takes out of a page what it keeps from the eyes of its readers: words that a model would read and nobody would see.

Runs where pages are read (`backend.search.child`). What hides an element: the attribute `hidden`, `aria-hidden="true"`,
a style of its own (`display: none`, `visibility: hidden`, `opacity: 0`, `font-size: 0`), a rule of a `<style>` in the
page (`display: none`, `visibility: hidden`), being a `<template>`, `<script>` or `<noscript>`. Files of styles are not
read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

NEVER_SHOWN = frozenset({"template", "script", "noscript"})
WHOLE = frozenset({"html", "head", "body", "title", "meta"})
"""What is not taken out: a page that hides all of itself shows itself by a script."""

MOST_RULES = 5000
MOST_ABOVE = 100
"""How far up the elements that a selector names are looked for."""

_COMMENT = re.compile(r"/\*.*?(\*/|$)", re.DOTALL)
_SIMPLE = re.compile(r"([.#]?)(-?[A-Za-z_\u0080-\uffff][\w\u0080-\uffff-]*|\*)")
_ZERO = re.compile(r"[+-]?(0+\.?0*|\.0+)(%|[a-z]+)?")
_CONDITIONS = re.compile(r"@(media\s+(all|screen)|layer\b.*|supports\b.*)", re.IGNORECASE | re.DOTALL)

Rank = tuple[bool, int, int, int]
"""Of a declaration: whether it is important, and how much its selector's ids, classes and tags count."""


@dataclass(slots=True)
class _Step:
    """One element of a selector. `child`: what stands before it is its parent, not any element above."""

    tag: str = ""
    ident: str = ""
    classes: set[str] = field(default_factory=set)
    child: bool = False

    def fits(self, element: Any) -> bool:
        return (
            self.tag in ("", element.tag)
            and self.ident in ("", element.get("id"))
            and self.classes <= set((element.get("class") or "").split())
        )


@dataclass(slots=True)
class _Rule:
    steps: list[_Step]
    display: tuple[Rank, bool] | None
    visibility: tuple[Rank, bool] | None

    def fits(self, element: Any) -> bool:
        return _fits(self.steps, len(self.steps) - 1, element)


def take_out(tree: Any) -> None:
    """Remove every hidden element of an lxml tree; the text behind each stays."""
    rules = _Rules("\n".join(style.text or "" for style in tree.iter("style")))
    hidden = [
        element
        for element in tree.iter()
        if isinstance(element.tag, str) and element.tag not in WHOLE and _hides(element, rules)
    ]
    for element in reversed(hidden):
        if element.getparent() is not None:
            element.drop_tree()


def _hides(element: Any, rules: "_Rules") -> bool:
    if element.tag in NEVER_SHOWN or "hidden" in element.attrib:
        return True
    if (element.get("aria-hidden") or "").strip().lower() == "true":
        return True
    own = _declared(element.get("style") or "")
    if any(_ZERO.fullmatch(own[name][0]) for name in ("opacity", "font-size") if name in own):
        return True
    return rules.hide(element, own)


class _Rules:
    """The rules of a page that say whether elements are seen, found by what they name last."""

    def __init__(self, text: str) -> None:
        self._by: dict[str, list[_Rule]] = {}
        for count, (selector, body) in enumerate(_blocks(_COMMENT.sub(" ", text))):
            if count >= MOST_RULES:
                break
            declared = _declared(body)
            if "display" not in declared and "visibility" not in declared:
                continue
            for one in selector.split(","):
                if steps := _steps(one):
                    self._add(steps, declared)

    def _add(self, steps: list[_Step], declared: dict[str, tuple[str, bool]]) -> None:
        weight = (
            sum(bool(step.ident) for step in steps),
            sum(len(step.classes) for step in steps),
            sum(bool(step.tag) for step in steps),
        )

        def ranked(name: str) -> tuple[Rank, bool] | None:
            if name not in declared:
                return None
            value, important = declared[name]
            return (important, *weight), _is_hiding(name, value)

        last = steps[-1]
        key = f"#{last.ident}" if last.ident else f".{min(last.classes)}" if last.classes else last.tag
        self._by.setdefault(key, []).append(_Rule(steps, ranked("display"), ranked("visibility")))

    def hide(self, element: Any, own: dict[str, tuple[str, bool]]) -> bool:
        """Whether the rule that counts most hides it; its own style counts more, but for what is important."""
        keys = [element.tag, "", f"#{element.get('id')}", *(f".{one}" for one in (element.get("class") or "").split())]
        rules = [rule for key in keys for rule in self._by.get(key, ()) if rule.fits(element)] if self._by else []
        for name in ("display", "visibility"):
            found = [said for rule in rules if (said := getattr(rule, name)) is not None]
            if name in own:
                value, important = own[name]
                found.append(((important, len(rules) + 1000, 0, 0), _is_hiding(name, value)))
            if found and _strongest(found):
                return True
        return False


def _strongest(found: list[tuple[Rank, bool]]) -> bool:
    """What counts most; of equals, hidden."""
    best = max(rank for rank, _ in found)
    return any(hiding for rank, hiding in found if rank == best)


def _is_hiding(name: str, value: str) -> bool:
    return value == "none" if name == "display" else value in ("hidden", "collapse")


def _declared(body: str) -> dict[str, tuple[str, bool]]:
    """Properties of a style with their values, and whether they are important."""
    found: dict[str, tuple[str, bool]] = {}
    for one in body.split(";"):
        name, colon, value = one.partition(":")
        if colon:
            value, _, important = value.lower().partition("!")
            found[name.strip().lower()] = (value.strip(), important.strip() == "important")
    return found


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Selectors with what they declare; of what holds under a condition, only what holds on any screen."""
    at, inside = 0, 0
    while (opening := text.find("{", at)) >= 0:
        selector = text[at:opening].rpartition(";")[2].strip()
        while inside and selector.startswith("}"):
            selector, inside = selector[1:].strip(), inside - 1
        if selector.startswith("@"):
            if _CONDITIONS.fullmatch(selector):
                at, inside = opening + 1, inside + 1
                continue
            at = _end(text, opening)
            continue
        closing = text.find("}", opening)
        closing = len(text) if closing < 0 else closing
        yield selector, text[opening + 1 : closing]
        at = closing + 1


def _end(text: str, opening: int) -> int:
    """Behind the block that opens there."""
    depth = 0
    for found in re.finditer(r"[{}]", text[opening:]):
        depth += 1 if found.group() == "{" else -1
        if depth == 0:
            return opening + found.end()
    return len(text)


def _steps(selector: str) -> list[_Step]:
    """The elements that a selector names, the one it is about last; none where it needs more than names."""
    found: list[_Step] = []
    child = False
    for word in selector.replace(">", " > ").split():
        if word == ">":
            child = True
            continue
        step, at = _Step(child=child), 0
        while at < len(word):
            simple = _SIMPLE.match(word, at)
            if simple is None:
                return []
            sign, name = simple.groups()
            if sign == "#":
                step.ident = name
            elif sign == ".":
                step.classes.add(name)
            elif name != "*":
                step.tag = name.lower()
            at = simple.end()
        found.append(step)
        child = False
    return found


def _fits(steps: list[_Step], at: int, element: Any) -> bool:
    """Whether the steps up to `at` end at `element`; each is sought as near as it can be found."""
    if not steps[at].fits(element):
        return False
    while at:
        child, at = steps[at].child, at - 1
        for _ in range(1 if child else MOST_ABOVE):
            element = element.getparent()
            if element is None:
                return False
            if steps[at].fits(element):
                break
        else:
            return False
    return True
