"""Secrets that nobody has to choose: made once, kept in the home in a file for us alone."""

import os
import secrets
import time
from pathlib import Path


def kept_secret(path: Path) -> str:
    """The content of a secret's file, which the first process to ask makes; the others wait for its content.

    Raises `OSError` when the file can't be used, `ValueError` with a sentence when it is empty.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o711)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        for _ in range(50):
            value = path.read_text(encoding="ascii").strip()
            if value:
                return value
            time.sleep(0.02)
        raise ValueError(f"The key file {path} is empty. Restore it from a backup, or remove it.") from None
    value = secrets.token_urlsafe(48)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(value)
    return value
