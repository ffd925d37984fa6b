"""Lines that are held together: whatever moves or drops one of them, the others are told apart."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from tests.plans.story import AT, PACK, Cast, requirement

from zhibu.norms.services import load_pack
from zhibu.plans.models import Plan, PlanLine
from zhibu.plans.services import (
    apply_holiday_proposals,
    apply_redraft,
    edit_line,
    import_holidays,
    redraft,
)


def pair_of(plan: Plan) -> tuple[PlanLine, PlanLine]:
    """A lesson and the theme day with which it is held."""
    lesson = plan.lines.filter(requirement="D2", event__isnull=False).order_by("planned_on")[1]
    return lesson, plan.lines.get(event=lesson.event, requirement="D3")


def events(*lines: PlanLine) -> list[UUID | None]:
    return [PlanLine.objects.get(pk=line.pk).event for line in lines]


def test_who_stays_behind_alone_is_not_held_together(cast: Cast, draft: Plan) -> None:
    """A lesson moved to another month leaves its theme day by itself."""
    lesson, theme_day = pair_of(draft)
    away = next(
        day
        for day in (lesson.opens_on + timedelta(days=n) for n in range(60))
        if day.month != theme_day.planned_on.month
    )
    changes = {"planned_on": away}
    edit_line(line=lesson, revision=draft.revision, changes=changes, by=cast.secretary, at=AT)
    assert events(lesson, theme_day) == [None, None]
    theme_day.refresh_from_db()
    assert theme_day.planned_on.month != away.month


def test_what_is_moved_off_a_holiday_alone_parts(cast: Cast, draft: Plan) -> None:
    """Only one of the two is ticked: a later move must not take the other along."""
    lesson, theme_day = pair_of(draft)
    day = lesson.planned_on
    import_holidays(text=f"{day},特别放假,休", by=None, at=AT)
    moved = apply_holiday_proposals(
        plan=draft, revision=draft.revision, by=cast.secretary, at=AT, lines=[lesson.pk]
    )
    assert moved == 1
    assert events(lesson, theme_day) == [None, None]


def test_what_is_moved_off_a_holiday_together_stays_together(cast: Cast, draft: Plan) -> None:
    """Both are ticked."""
    lesson, theme_day = pair_of(draft)
    import_holidays(text=f"{lesson.planned_on},特别放假,休", by=None, at=AT)
    assert apply_holiday_proposals(
        plan=draft, revision=draft.revision, by=cast.secretary, at=AT
    ) == 2  # fmt: skip
    assert events(lesson, theme_day) == [lesson.event, lesson.event]


@pytest.mark.parametrize("code", ["D2", "D3"])
def test_a_changed_norm_parts_what_it_tears_apart(cast: Cast, draft: Plan, code: str) -> None:
    """Whether the lesson gets another window or the theme day is no longer asked for."""
    lesson, theme_day = pair_of(draft)
    asked = {
        "D1": requirement("D1"),
        "D2": requirement("D2", title="党课", activity="lesson", unit="half"),
        "D3": requirement("D3", title="主题党日", activity="theme_day", unit="month"),
    }
    if code == "D3":
        asked = {"D1": asked["D1"], "D2": requirement("D2", title="党课", activity="lesson")}
    # The window of the second half begins after the day on which the lesson stands now.
    head = PACK.replace('version = "1"', 'version = "2"').replace("2010-01-01", "2026-01-01")
    load_pack(text=head + "".join(asked.values()), by=None, at=AT)
    difference = redraft(draft)
    apply_redraft(
        plan=draft, revision=draft.revision, add=[], by=cast.secretary, at=AT,
        end=[line.pk for line in difference.ended if line.pk != lesson.pk],
        shift=[one.line.pk for one in difference.shifted],
    )  # fmt: skip
    lesson.refresh_from_db()
    assert lesson.event is None
    if code == "D2":
        assert lesson.planned_on >= date(2026, 7, 1)
        assert events(theme_day) == [None]
    else:
        assert not PlanLine.objects.filter(pk=theme_day.pk).exists()
