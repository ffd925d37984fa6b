"""What is wrong with a row of a roster, or asked about it: data, not sentences.

`zhibu.rules.wording_roster` puts the Chinese words on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as made
from types import MappingProxyType
from typing import Any

from zhibu.rules.verdicts import Severity


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: `row` as Excel numbers it (0 = the whole file), `field` by its name ("" = the row).

    An error keeps the import from being confirmed; a warning is to be looked at; a note explains.
    """

    row: int
    field: str
    rule: str
    severity: Severity = Severity.ERROR
    facts: Mapping[str, Any] = made(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Question:
    """What only a person can decide. `key` stays the same for the same file and roster."""

    key: str
    row: int
    rule: str
    options: tuple[str, ...]
    facts: Mapping[str, Any] = made(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value as it is kept and as the file has it (plain values: text, day, yes/no, names)."""

    field: str
    before: Any
    after: Any


SAME = "same"
ANOTHER = "another"
YEAR_LATER = "year_later"
MEND = "mend"
