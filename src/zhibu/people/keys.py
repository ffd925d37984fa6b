"""Primary keys: UUIDv7, made anywhere without asking, in the order of time."""

from __future__ import annotations

from uuid import UUID

from uuid_utils.compat import uuid7


def new_key() -> UUID:
    """A new key."""
    return uuid7()
