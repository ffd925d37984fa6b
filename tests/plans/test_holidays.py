"""The public calendar: the file of an isolated office, and tables that were drafted without it."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db.models import F
from hypothesis import given
from hypothesis import strategies as st
from tests.plans.story import AT, PACK, Cast, requirement

from zhibu.norms.services import load_pack
from zhibu.plans.facts import work_calendar
from zhibu.plans.models import Holiday, PlanLine
from zhibu.plans.services import (
    HolidaysFaulty,
    add_line,
    apply_holiday_proposals,
    draft_plan,
    edit_line,
    import_holidays,
    recheck_holidays,
)
from zhibu.plans.services.holidays import read_holidays

YEAR = 2190
TODAY = date(2189, 12, 20)
WHOLE = "\n".join(
    [
        "日期,名称,安排",
        *(f"{YEAR}-{day},假日,休" for day in ("01-01", "05-01", "05-02")),
        *(f"{YEAR}/10/{day},国庆,休" for day in (1, 2, 3)),
        f"{YEAR}年3月10日,特别放假,休",
        f"{YEAR}-03-13,调休,班",
    ]
)


@pytest.mark.django_db
def test_an_imported_year_is_known() -> None:
    """Its days off and the days worked instead count, others stay as the package has them."""
    assert work_calendar().is_provisional(YEAR)
    assert import_holidays(text=WHOLE, by=None, at=AT) == (YEAR,)
    calendar = work_calendar()
    assert not calendar.is_provisional(YEAR)
    assert not calendar.is_working(date(YEAR, 3, 10))
    assert calendar.is_working(date(YEAR, 3, 13))
    assert not calendar.is_working(date(2026, 10, 1))


@pytest.mark.django_db
def test_the_file_wins_over_the_package() -> None:
    """A day off that was cancelled by a later notice is worked."""
    import_holidays(text="2026-10-07,国庆,班", by=None, at=AT)
    assert work_calendar().is_working(date(2026, 10, 7))
    assert not work_calendar().is_working(date(2026, 10, 6))


@pytest.mark.django_db
def test_toml_is_read_as_well() -> None:
    """One table a day; importing a year again replaces it."""
    text = '[[day]]\ndate = 2026-11-24\nname = "放假"\nworking = false\n'
    import_holidays(text=text, by=None, at=AT)
    import_holidays(text=text.replace("24", "25"), by=None, at=AT)
    assert list(Holiday.objects.values_list("day", flat=True)) == [date(2026, 11, 25)]


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("", 0, "没有任何日期"),
        ("2026-02-30,x,休", 1, "无法识别"),
        ("2026-02-03,x,也许", 1, "“休”或“班”"),
        ("日期,名称,安排\n2026-02-03,x,休\n2026-02-03,y,休", 3, "重复"),
        (f"{YEAR}-03-10,特别放假,休", 0, "不完整"),
        ("[[day]\ndate = 1", 0, "TOML"),
        ("[[day]]\nname = 'x'", 1, "无法识别"),
        ("1899-01-01,x,休", 1, "无法识别"),
        ("2026-02-03,x,休\n" * 3000, 0, "过多"),
        ("\n\n2026-02-03,x,休\n2026-02-30,x,休", 4, "无法识别"),
        ("# 办公厅通知\n日期,名称,安排\n2026-02-30,x,休", 3, "无法识别"),
        ("日期,名称,安排\n二月三日,x,休", 2, "无法识别"),
    ],
)
def test_every_fault_of_a_file_is_named(text: str, line: int, word: str) -> None:
    """With its line, and what to do."""
    with pytest.raises(HolidaysFaulty) as refusal:
        read_holidays(text)
    assert any(fault.line == line and word in fault.reason for fault in refusal.value.faults)


def test_notes_and_a_header_may_stand_above_the_days() -> None:
    """Lines with # are for people, in CSV as in TOML."""
    (day,) = read_holidays("# 办公厅通知\n日期,名称,安排\n\n2026-11-24,放假[注],休\n")
    assert (day.day, day.is_working) == (date(2026, 11, 24), False)
    (day,) = read_holidays("# 通知\n [[day]]\ndate = 2026-11-24\nworking = true\n")
    assert (day.day, day.is_working) == (date(2026, 11, 24), True)


@given(st.text(max_size=300))
def test_no_text_crashes_the_reader(text: str) -> None:
    """Junk is a fault, never an error of a library."""
    with suppress(HolidaysFaulty):
        assert read_holidays(text)


def test_lines_on_days_off_get_a_proposal(cast: Cast) -> None:
    """Drafted without the calendar, checked with it; applied, the table is provisional no more."""
    plan = draft_plan(branch=cast.branch, year=YEAR, by=cast.secretary, at=AT)
    line = plan.lines.get(requirement="D1", ordinal=1)
    edit_line(
        line=line, revision=1, by=cast.secretary, at=AT,
        changes={"planned_on": date(YEAR, 3, 10)},
    )  # fmt: skip
    add_line(
        plan=plan, revision=2, by=cast.secretary, at=AT,
        values={"title": "读书会", "planned_on": date(YEAR, 3, 10)},
    )  # fmt: skip
    assert not recheck_holidays(plan, today=TODAY)
    import_holidays(text=WHOLE, by=None, at=AT)
    found = recheck_holidays(plan, today=TODAY)
    assert {one.line.title for one in found} == {"支部党员大会", "读书会"}
    moved = apply_holiday_proposals(
        plan=plan, revision=3, by=cast.secretary, at=AT, lines=[line.pk]
    )
    plan.refresh_from_db()
    line.refresh_from_db()
    assert (moved, plan.is_provisional, plan.revision) == (1, False, 4)
    assert work_calendar().is_working(line.planned_on)
    assert line.opens_on <= line.planned_on <= line.due_on


@pytest.mark.parametrize(
    ("today", "proposed"),
    [
        (date(2026, 2, 1), date(2026, 3, 11)),  # the next day is free
        (date(2026, 3, 16), date(2026, 3, 16)),  # not a day that is over
        (date(2026, 3, 31), date(2026, 3, 31)),
        (date(2026, 4, 1), None),  # overdue: nothing to be moved in time any more
    ],
)
def test_no_day_that_is_over_is_proposed(cast: Cast, today: date, proposed: date | None) -> None:
    """An office that imports the file in the middle of the year."""
    plan = draft_plan(branch=cast.branch, year=2026, by=cast.secretary, at=AT)
    line = plan.lines.get(requirement="D1", ordinal=1)
    PlanLine.objects.filter(pk=line.pk).update(planned_on=date(2026, 3, 10), event=None)
    plan.lines.exclude(pk=line.pk).delete()
    import_holidays(text="2026-03-10,特别放假,休", by=None, at=AT)
    found = recheck_holidays(plan, today=today)
    assert [one.proposed_on for one in found] == ([proposed] if proposed else [])
    at = datetime(today.year, today.month, today.day, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
    moved = apply_holiday_proposals(plan=plan, revision=1, by=cast.secretary, at=at)
    line.refresh_from_db()
    assert (moved, line.planned_on) == (len(found), proposed or date(2026, 3, 10))


def test_only_meetings_keep_a_day_free(cast: Cast) -> None:
    """A committee meeting is no reason to put a group's off, nor what needs no meeting at all."""
    meeting = requirement("D1", activity="committee_meeting", attendees="committee", unit="month")
    dues = requirement("D7", title="党费收缴", activity="dues", attendees="none", unit="month")
    group = requirement(
        "D4", title="党小组会", activity="group_meeting", attendees="group", unit="month",
        scope='{ per = "group", needs_groups = true }',
    )  # fmt: skip
    head = PACK.replace('version = "1"', 'version = "2"').replace("2010-01-01", "2026-01-01")
    load_pack(text=head + meeting + dues + group, by=None, at=AT)
    plan = draft_plan(branch=cast.branch, year=2026, by=cast.secretary, at=AT)
    plan.lines.filter(requirement="D4").update(planned_on=date(2026, 3, 10))
    plan.lines.exclude(requirement="D4").update(planned_on=date(2026, 3, 11))
    plan.lines.filter(requirement="D4").exclude(ordinal=3).delete()
    import_holidays(text="2026-03-10,特别放假,休", by=None, at=AT)
    (found,) = recheck_holidays(plan, today=date(2026, 2, 1))
    assert found.proposed_on == date(2026, 3, 11)


def test_what_was_due_before_the_system_was_in_use_is_not_moved(cast: Cast) -> None:
    """Nothing about it is to be mended."""
    plan = draft_plan(branch=cast.branch, year=2026, by=cast.secretary, at=AT)
    PlanLine.objects.filter(plan=plan).update(planned_on=F("due_on"), event=None)
    import_holidays(text="2026-01-30,特别放假,休\n2026-01-31,特别放假,休", by=None, at=AT)
    assert recheck_holidays(plan, today=date(2026, 1, 1))
    plan.branch.in_use_since = date(2027, 1, 1)
    assert not recheck_holidays(plan, today=date(2026, 1, 1))
