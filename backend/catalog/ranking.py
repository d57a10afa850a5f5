"""The order in which a provider's models are first shown: what most people want on top."""

import re

from backend.providers.base import UpstreamModel

_FIRST = (
    re.compile(r"^gpt-\d+(\.\d+)?o?$"),
    re.compile(r"^deepseek-chat$"),
    re.compile(r"^claude-sonnet-"),
    re.compile(r"^claude-opus-"),
    re.compile(r"^deepseek-"),
    re.compile(r"^gpt-\d+(\.\d+)?o?-(mini|nano)$"),
    re.compile(r"^claude-"),
    re.compile(r"^o\d+(-mini)?$"),
)
_OTHERS = len(_FIRST)


def ranked(models: list[UpstreamModel]) -> list[UpstreamModel]:
    """Known families first, the newest of each on top; all others in the provider's own order."""

    def key(place: tuple[int, UpstreamModel]) -> tuple[int, int, int]:
        position, model = place
        family = next((number for number, pattern in enumerate(_FIRST) if pattern.search(model.name)), _OTHERS)
        age = -(model.created or 0) if family < _OTHERS else 0
        return family, age, position

    return [model for _, model in sorted(enumerate(models), key=key)]
