"""The product under load: as a user starts it, with limits and titles off, against the scripted provider."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.product import Product
from tests.support.upstream import Upstream

PASSWORD = "correct horse 7"


@contextmanager
def empty_home() -> Iterator[Path]:
    """A home that the engines' own user can reach, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="rivulet-bench-") as folder:
        home = Path(folder)
        home.chmod(0o711)
        yield home


def site_on(home: Path, provider: Upstream, **settings: str) -> Product:
    """A site that has not been started yet; disks are synced as in real use."""
    return Product(
        home,
        RIVULET_ENV="development",
        LIMITS="off",
        TITLES="off",
        OPENAI_BASE_URL=provider.url,
        OPENAI_API_KEY="bench",
        **settings,
    )


def new_key(site: Product, email: str) -> str:
    """An API key of a new person."""
    site.manage("user_create", email, "--password", PASSWORD, "--verified")
    return site.manage("apikey_create", email).strip().splitlines()[-1]
