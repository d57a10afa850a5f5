"""Identifiers: UUIDv7, so that rows sort by the time they were made."""

import uuid

import uuid_utils


def new_id() -> uuid.UUID:
    """A fresh UUIDv7 (RFC 9562) as the standard library's class."""
    return uuid.UUID(int=uuid_utils.uuid7().int)


def new_epoch() -> str:
    """A fresh epoch of a topic: 22 characters of `[A-Za-z0-9_-]`, never reused."""
    return new_id().hex[:22]
