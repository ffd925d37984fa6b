"""What is said to be wrong with a stored table: of what is still to be done, and of nothing else."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest
from tests.plans.story import AT, Cast

from zhibu.plans.facts import judge_plan
from zhibu.plans.models import Plan, PlanLine
from zhibu.plans.services import add_line, discharge_lines, waive_line


def clashes(plan: Plan) -> int:
    return sum(verdict.rule == "TABLE-04" for verdict in judge_plan(plan))


@pytest.mark.parametrize("end", ["done", "waived"])
def test_a_clash_with_what_is_over_is_none(cast: Cast, adopted: Plan, end: str) -> None:
    """Two meetings on one day are said until one of them is done or waived."""
    meeting = adopted.lines.get(requirement="D1", ordinal=1)
    # On a day on which nothing else is held.
    PlanLine.objects.filter(pk=meeting.pk).update(planned_on=date(2026, 3, 3), event=None)
    add_line(
        plan=adopted, revision=adopted.revision, by=cast.secretary, at=AT, reason="支部特色",
        values={"title": "读书会", "planned_on": date(2026, 3, 3)},
    )  # fmt: skip
    assert clashes(adopted) == 1
    if end == "done":
        discharge_lines(
            lines=[meeting.pk], record_id=uuid4(), happened_on=date(2026, 3, 3),
            filed_on=date(2026, 3, 4), by=cast.secretary,
        )  # fmt: skip
    else:
        waive_line(line=meeting, reason="处室合并", by=cast.office, at=AT)
    assert clashes(adopted) == 0
    assert "TABLE-01" not in {verdict.rule for verdict in judge_plan(adopted)}
