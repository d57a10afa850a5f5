"""An inline template: `{{name}}` stands for a variable."""

import re
from collections.abc import Mapping

_VARIABLE = re.compile(r"\{\{\s*([^{}\s][^{}]*?)\s*\}\}")


def variables_of(*texts: str) -> list[str]:
    """The variables' names in the order of their first use."""
    return list(dict.fromkeys(name for text in texts for name in _VARIABLE.findall(text)))


def render(text: str, variables: Mapping[str, str]) -> str:
    """The text with its variables. Raises `KeyError` for one that is missing."""
    return _VARIABLE.sub(lambda found: variables[found[1]], text)
