"""An office begins in the middle of a year: what was due before is not owed, and nothing is lost."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest
from tests.plans.story import AT, Cast

from zhibu.ledger.models import Entry
from zhibu.org.models import Organization
from zhibu.org.services import found_organization
from zhibu.plans.facts import judge_plan, standing_of
from zhibu.plans.models import Plan, PlanLine
from zhibu.plans.queries import find_plan, lines_at_hand, overdue_lines, read_tallies
from zhibu.plans.services import begin_use, discharge_lines, draft_plan, redraft
from zhibu.rules.standing import State

BEGAN = date(2026, 7, 1)
TODAY = date(2026, 9, 10)


def begin(organization: Organization, cast: Cast, since: date | None = BEGAN) -> None:
    begin_use(organization=organization, since=since, by=cast.office, at=AT)


def states(plan: Plan) -> dict[State, int]:
    found: dict[State, int] = {}
    for line in PlanLine.objects.filter(plan=plan).select_related("branch", "waived_by"):
        state = standing_of(line, TODAY).state
        found[state] = found.get(state, 0) + 1
    return found


def owed(organization: Organization) -> int:
    return sum(count.total for count in read_tallies([organization], 2026)[organization.pk])


def test_a_new_table_leaves_out_what_was_due_before(cast: Cast) -> None:
    """Drafted after the beginning it holds nothing that ended before, and has no gaps."""
    begin(cast.bureau, cast)
    branch = Organization.objects.get(pk=cast.branch.pk)
    plan = draft_plan(branch=branch, year=2026, by=cast.secretary, at=AT)
    assert plan.lines.exists()
    assert not plan.lines.filter(due_on__lt=BEGAN).exists()
    assert not [v for v in judge_plan(plan) if v.rule in {"TABLE-01", "TABLE-03"}]


def test_an_adopted_table_keeps_its_lines_and_judges_them_anew(cast: Cast, adopted: Plan) -> None:
    """The lines of before are 启用前: not overdue, not counted, not to be mended; none is gone."""
    before = adopted.lines.count()
    earlier = adopted.lines.filter(due_on__lt=BEGAN).count()
    assert earlier
    assert owed(cast.bureau) == before
    begin(cast.bureau, cast)
    plan = find_plan(cast.branch, 2026)
    assert plan is not None
    found = states(plan)
    assert found[State.BEFORE_USE] == earlier
    assert found[State.OVERDUE] == plan.lines.filter(due_on__range=(BEGAN, TODAY)).count() - (
        plan.lines.filter(due_on=TODAY).count()
    )
    assert sum(found.values()) == before
    assert owed(cast.bureau) == owed(plan.branch) == before - earlier
    assert not overdue_lines(cast.bureau, TODAY).filter(due_on__lt=BEGAN).exists()
    assert not [line for line in lines_at_hand(plan.branch, TODAY) if line.due_on < BEGAN]
    assert not [v for v in judge_plan(plan) if v.rule in {"TABLE-01", "TABLE-03"}]
    assert not redraft(plan).ended
    begin(cast.bureau, cast, None)
    assert owed(cast.bureau) == before


def test_a_record_of_an_earlier_day_still_counts(cast: Cast, adopted: Plan) -> None:
    """What was done before may be written down: that line is done and counts again."""
    begin(cast.branch, cast)
    line = adopted.lines.filter(due_on__lt=BEGAN).select_related("branch").first()
    assert line is not None
    count = owed(cast.branch)
    discharge_lines(
        lines=[line], record_id=uuid4(), happened_on=line.opens_on, filed_on=TODAY,
        by=cast.secretary,
    )  # fmt: skip
    line.refresh_from_db()
    assert standing_of(line, TODAY).state is State.DONE
    assert owed(cast.branch) == count + 1


def test_a_draft_is_offered_to_drop_what_is_no_longer_owed(cast: Cast) -> None:
    """Of a draft the earlier lines may be taken out; nothing happens by itself."""
    plan = draft_plan(branch=cast.branch, year=2026, by=cast.secretary, at=AT)
    count = plan.lines.count()
    begin(cast.branch, cast)
    plan = Plan.objects.select_related("branch", "norm").get(pk=plan.pk)
    ended = redraft(plan).ended
    assert {line.pk for line in ended} == set(
        plan.lines.filter(due_on__lt=BEGAN).values_list("pk", flat=True)
    )
    assert plan.lines.count() == count


@pytest.mark.parametrize("own", [None, date(2026, 4, 1)])
def test_those_below_follow_unless_they_have_a_day_of_their_own(
    cast: Cast, own: date | None
) -> None:
    """A bureau's day holds for its branches; a branch that began by itself keeps its own."""
    if own:
        begin(cast.neighbour, cast, own)
    begin(cast.bureau, cast)
    days = dict(Organization.objects.values_list("pk", "in_use_since"))
    assert days[cast.bureau.pk] == days[cast.branch.pk] == BEGAN
    assert days[cast.neighbour.pk] == (own or BEGAN)
    assert days[cast.group.pk] is None  # a group is judged by its branch
    line = Entry.objects.filter(verb="begin_use").order_by("-id").first()
    assert line is not None
    assert line.detail["organizations"] == (2 if own else 3)


def test_a_branch_founded_later_begins_with_its_parent(cast: Cast) -> None:
    """Entered into the system afterwards, it owes nothing from before the bureau began either."""
    begin(cast.bureau, cast)
    bureau = Organization.objects.get(pk=cast.bureau.pk)
    made = found_organization(
        kind="branch", name="信息处党支部", parent=bureau, founded_on=date(2019, 1, 1),
        by=None, at=AT,
    )  # fmt: skip
    assert made.in_use_since == BEGAN
