"""Whom a text is for, how it gets to them level by level, and what reaching somebody takes."""

from __future__ import annotations

from enum import StrEnum


class Mode(StrEnum):
    """How a text goes down."""

    AT_ONCE = "at_once"
    BY_LEVEL = "by_level"


class Readers(StrEnum):
    """Who in an organisation is to read it."""

    MEMBERS = "members"
    COMMITTEE = "committee"
    SECRETARIES = "secretaries"
