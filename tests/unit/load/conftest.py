"""The adapters' fixture."""

from tests.unit.providers.conftest import make

__all__ = ["make"]
