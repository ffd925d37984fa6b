"""What stands against blacking a part out: the part, a draft, no basis, no reason, too long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhibu.rules.digests import PARTS
from zhibu.rules.redaction import (
    LONGEST_BASIS,
    LONGEST_REASON,
    REDACTABLE,
    judge_redaction,
    say_ground,
)

BASIS, REASON = "个人信息保护法第四十七条", "本人申请删除"


def rules(
    part: str = "minutes",
    basis: str = BASIS,
    reason: str = REASON,
    showing: frozenset[str] = frozenset(PARTS),
    has_draft: bool = False,
) -> list[tuple[str, str]]:
    verdicts = judge_redaction(
        part=part, basis=basis, reason=reason, showing=showing, has_draft=has_draft
    )
    return [(verdict.rule, verdict.subject) for verdict in verdicts]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"part": "attachments"}, []),
        ({"part": "head"}, [("REDACT-01", "part")]),  # without it a version proves nothing
        ({"part": ""}, [("REDACT-01", "part")]),
        ({"part": "digests"}, [("REDACT-01", "part")]),
        ({"showing": frozenset({"agenda"})}, [("REDACT-02", "part")]),
        ({"has_draft": True}, [("REDACT-03", "")]),
        ({"basis": "  "}, [("REDACT-04", "basis")]),
        ({"basis": "无"}, [("REDACT-04", "basis")]),
        ({"reason": ""}, [("REDACT-05", "reason")]),
        ({"reason": "略"}, [("REDACT-05", "reason")]),
        ({"basis": "某条" * LONGEST_BASIS}, [("REDACT-06", "basis")]),
        ({"reason": "理由" * LONGEST_REASON}, [("REDACT-06", "reason")]),
        ({"basis": "", "reason": ""}, [("REDACT-04", "basis"), ("REDACT-05", "reason")]),
    ],
)
def test_what_stands_against_it(changes: dict[str, object], expected: list[object]) -> None:
    """Everything at once, each beside its field."""
    assert rules(**changes) == expected  # type: ignore[arg-type]


@given(st.text(max_size=300), st.text(max_size=300), st.sampled_from(["", *PARTS]))
def test_a_ground_that_passes_fits_its_column(basis: str, reason: str, part: str) -> None:
    """Whatever is let through names a part that may go, and basis and reason fit 500 characters."""
    if not rules(part, basis, reason):
        assert part in REDACTABLE
        ground = say_ground(basis, reason)
        assert len(ground) <= 500
        assert ground.startswith("依据：")
