"""依法遮盖: whether one part of a filed record may be blacked out, and what must be said for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from zhibu.rules.digests import PARTS, PERMANENT_PARTS
from zhibu.rules.elements import says_nothing
from zhibu.rules.verdicts import Severity, Verdict

REDACTABLE: Final = tuple(part for part in PARTS if part not in PERMANENT_PARTS)
"""The parts that may be blacked out, in their order."""

LONGEST_BASIS: Final = 200
LONGEST_REASON: Final = 250


def judge_redaction(
    *, part: str, basis: str, reason: str, showing: Collection[str], has_draft: bool
) -> tuple[Verdict, ...]:
    """What stands against blacking out a part; nothing when it may be done.

    `showing` names the parts that still show something in any version. `basis` is the law or rule
    that asks for it, `reason` why it asks here; neither can be taken back later, since both are
    signed.
    """
    return tuple(_judge(part, basis.strip(), reason.strip(), showing, has_draft))


def say_ground(basis: str, reason: str) -> str:
    """Basis and reason as they are signed and shown ever after."""
    return f"依据：{basis.strip()}；理由：{reason.strip()}"


def _judge(
    part: str, basis: str, reason: str, showing: Collection[str], has_draft: bool
) -> Iterator[Verdict]:
    if part not in REDACTABLE:
        yield _against("REDACT-01", "part")
    elif part not in showing:
        yield _against("REDACT-02", "part")
    if has_draft:
        yield _against("REDACT-03", "")
    if not basis or says_nothing(basis):
        yield _against("REDACT-04", "basis")
    if not reason or says_nothing(reason):
        yield _against("REDACT-05", "reason")
    for field, text, most in (("basis", basis, LONGEST_BASIS), ("reason", reason, LONGEST_REASON)):
        if len(text) > most:
            yield _against("REDACT-06", field, length=len(text), most=most)


def _against(rule: str, subject: str, **facts: int) -> Verdict:
    return Verdict(rule, Severity.ERROR, subject, facts)
