"""How attempts at an account are counted: by its name, however somebody writes it."""

from __future__ import annotations

from typing import Final

_LONGEST: Final = 64


def plain_name(name: str) -> str:
    """A user name as attempts are counted: however it is written, it is one account."""
    return name.replace("\0", "").strip().casefold()[:_LONGEST]
