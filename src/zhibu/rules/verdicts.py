"""What a rule answers: a verdict with the rule's id, the facts it saw and the article it rests on.

A verdict carries data, not sentences. `zhibu.rules.wording` puts the Chinese words on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Certainty(StrEnum):
    """How sure we are of a rule's text; the marks of the field guide."""

    SEEN = "V"
    SECONDARY = "V2"
    UNVERIFIED = "K"


@dataclass(frozen=True, slots=True)
class Article:
    """Where a demand comes from."""

    text: str
    source: str = ""
    certainty: Certainty = Certainty.UNVERIFIED


class Severity(StrEnum):
    """How much a verdict weighs: an error stops filing, a warning is said, a note explains."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One answer of one rule.

    `rule` is a stable id such as ``DUTY-03``; `subject` names the field, line or person that is
    spoken of; `facts` holds the values that the sentence needs.
    """

    rule: str
    severity: Severity
    subject: str = ""
    facts: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    article: Article | None = None
