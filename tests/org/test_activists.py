"""入党积极分子: dated, refused where it makes no sense, and what the rules see of them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.plans.story import AT, Cast, make_cast

from zhibu.ledger.models import Entry
from zhibu.norms.facts import norm_for
from zhibu.norms.services import choose_pack, load_pack
from zhibu.org.activists import change_activist, enrol_activist
from zhibu.org.facts import branch_facts
from zhibu.org.models import Activist
from zhibu.org.services import Refused
from zhibu.plans.services import draft_plan, redraft
from zhibu.rules.branches import Span
from zhibu.rules.duties import derive_duties

CATALOGUE = Path(__file__).parents[2] / "catalogue"


@pytest.fixture
def cast(db: Any) -> Cast:
    return make_cast()


def enrol(cast: Cast, since: date = date(2026, 3, 10), **more: Any) -> Activist:
    return enrol_activist(
        branch=cast.branch, name=more.pop("name", "钱九明"), since=since, by=cast.secretary,
        at=AT, **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("since", "until", "in_2026"),
    [
        (date(2026, 3, 10), None, True),
        (date(2025, 3, 10), date(2026, 1, 1), True),
        (date(2025, 3, 10), date(2025, 12, 31), False),
        (date(2027, 1, 1), None, False),
    ],
)
def test_the_rules_see_whom_the_year_touches(
    cast: Cast, since: date, until: date | None, in_2026: bool
) -> None:
    """With their whole dates; a year that they do not touch does not see them."""
    enrol(cast, since, until=until)
    expected = (Span(since, until),) if in_2026 else ()
    assert branch_facts(cast.branch, year=2026).activists == expected
    assert branch_facts(cast.neighbour, year=2026).activists == ()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "  "}, "请填写姓名"),
        ({"until": date(2026, 3, 9)}, "结束日期不能早于列入日期"),
        ({"name": "钱九明 "}, "已经列入"),
    ],
)
def test_what_makes_no_sense_is_refused(cast: Cast, changes: dict[str, Any], said: str) -> None:
    """Nothing is stored, and no line is left."""
    enrol(cast)
    with pytest.raises(Refused, match=said):
        enrol(cast, **changes)
    assert Activist.objects.count() == 1
    assert Entry.objects.filter(verb="enrol_activist").count() == 1


def test_a_group_has_none(cast: Cast) -> None:
    """The branch prepares, not its group."""
    with pytest.raises(Refused, match="只能登记在党支部"):
        enrol_activist(
            branch=cast.group, name="钱九明", since=date(2026, 1, 1), by=cast.secretary, at=AT
        )


def test_it_ends_and_may_begin_again(cast: Cast) -> None:
    """The ledger names the fields that changed, never the name of somebody who is no member."""
    one = enrol(cast)
    change_activist(
        activist=one, name=one.name, since=one.since, until=date(2026, 8, 1), by=cast.secretary,
        at=AT,
    )  # fmt: skip
    line = Entry.objects.get(verb="change_activist")
    assert line.detail == {"fields": ["until"]}
    again = enrol(cast, date(2026, 10, 1))
    assert Activist.objects.count() == 2
    with pytest.raises(Refused, match="已经列入"):
        change_activist(
            activist=one, name=one.name, since=one.since, until=None, by=cast.secretary, at=AT
        )
    assert not Entry.objects.filter(detail__icontains=again.name).exists()


@pytest.fixture
def todays_norm(cast: Cast) -> Cast:
    """The bureau works by the pack that holds D28."""
    text = (CATALOGUE / "branch-2018.toml").read_text(encoding="utf-8")
    version = load_pack(text=text, by=None, at=AT)
    choose_pack(organization=cast.bureau, pack=version.pack, since=date(2026, 1, 1), by=None, at=AT)
    return cast


def test_the_examination_falls_due_each_half_year(todays_norm: Cast) -> None:
    """D28 is asked from the month after, in each half-year, until the preparation ends."""
    cast = todays_norm

    def due() -> list[tuple[date, date]]:
        _, norm = norm_for(cast.branch, 2026)
        duties = derive_duties(norm, branch_facts(cast.branch, year=2026), 2026)
        return [(d.window.opens, d.window.due) for d in duties if d.requirement.code == "D28"]

    assert due() == []
    one = enrol(cast)
    assert due() == [
        (date(2026, 4, 1), date(2026, 6, 30)),
        (date(2026, 7, 1), date(2026, 12, 31)),
    ]
    change_activist(
        activist=one, name=one.name, since=one.since, until=date(2026, 6, 20), by=cast.secretary,
        at=AT,
    )  # fmt: skip
    assert due() == [(date(2026, 4, 1), date(2026, 6, 30))]


def test_it_comes_into_the_table(todays_norm: Cast) -> None:
    """A new table has it; one that was drafted before is offered it."""
    cast = todays_norm
    before = draft_plan(branch=cast.branch, year=2026, by=cast.secretary, at=AT)
    assert not before.lines.filter(requirement="D28").exists()
    enrol(cast, date(2026, 1, 1))
    assert [line.requirement for line in redraft(before).new] == ["D28", "D28"]
    after = draft_plan(branch=cast.branch, year=2027, by=cast.secretary, at=AT)
    assert after.lines.filter(requirement="D28").count() == 2
