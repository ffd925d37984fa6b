"""The form in which a value is digested and signed: RFC 8785; fixed forms of key and moment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import rfc8785


def canonical_text(value: Any) -> str:
    """The value as canonical JSON. Raises ValueError for what JSON cannot hold."""
    return rfc8785.dumps(value).decode()


def canonical_key(key: UUID) -> str:
    """A key as it is digested: 32 hex digits."""
    return key.hex


def canonical_moment(moment: datetime) -> str:
    """A moment as it is digested: UTC, microseconds. Raises ValueError without a time zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
