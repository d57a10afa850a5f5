"""Keys of the encrypted fields: from the environment, else made once and kept in `RIVULET_HOME`, for us alone."""

import base64
import hashlib
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from backend.config.kept import kept_secret

KEY_BYTES = 32


def encryption_keys(given: str, *, home: Path) -> dict[str, bytes]:
    """Keys by id, the one for new values first. Raises `ImproperlyConfigured` for a key file that can't be used."""
    if given:
        return parse_keys(given)
    try:
        kept = kept_secret(home / "encryption_key")
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"The key of encrypted fields can't be used. {error}") from error
    key = hashlib.sha256(b"rivulet encrypted fields" + kept.encode()).digest()
    return {hashlib.sha256(key).hexdigest()[:8]: key}


def parse_keys(given: str) -> dict[str, bytes]:
    """The keys in `id:base64 of 32 bytes`, comma-separated. Raises `ValueError` that shows none of them."""
    keys: dict[str, bytes] = {}
    for part in given.split(","):
        name, _, encoded = part.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except ValueError:
            key = b""
        if not name.isalnum() or len(key) != KEY_BYTES or name in keys:
            raise ValueError(
                "it must be `id:base64 of 32 bytes`, comma-separated, each id once and of letters and digits"
            )
        keys[name] = key
    return keys
