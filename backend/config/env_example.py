"""Prints `.env.example`: every setting with its meaning and default, from the class that reads them."""

import sys
import textwrap
from pathlib import Path

from pydantic_core import PydanticUndefined

from backend.config.environment import ROOT, Environment

HEAD = (
    "# Copy this to .env and uncomment what you set.\n# Written by `make schemas` from backend/config/environment.py.\n"
)


def text() -> str:
    """The whole file."""
    told = [HEAD]
    for name, setting in Environment.model_fields.items():
        value = "" if setting.default is PydanticUndefined else setting.default
        if isinstance(value, Path):
            value = value.relative_to(ROOT) if value.is_relative_to(ROOT) else value
        meaning = textwrap.fill(setting.description or "", 110, initial_indent="# ", subsequent_indent="# ")
        told.append(f"{meaning}\n#{name.upper()}={value}\n")
    return "\n".join(told)


if __name__ == "__main__":
    sys.stdout.write(text())
