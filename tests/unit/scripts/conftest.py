"""The checks of the repository as modules, imported as they import each other."""

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """A module of scripts/ by its name."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return importlib.import_module
