"""An organisation ends: what it had in hand goes on elsewhere, or ends with it, and says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from tests.cast import Cast, make_cast
from tests.network.test_feedback import AT, case_of, kinds, send

from zhibu.network.feedback.allowance import ALLOWANCE
from zhibu.network.feedback.queries import originals_of
from zhibu.network.feedback.services import answer_case, reopen_case, take_case
from zhibu.network.tasks.models import Task
from zhibu.network.tasks.services import assign_task, reopen_task, spread_assignment
from zhibu.network.tasks.services.keeping import TaskRefused
from zhibu.network.tree import services as tree
from zhibu.network.tree.outcomes import Outcome, rehearse
from zhibu.org.models import Membership, Organization

pytestmark = pytest.mark.django_db
DUE = date(2026, 5, 1)


@pytest.fixture
def cast() -> Iterator[Cast]:
    ALLOWANCE.forget()
    yield make_cast()
    ALLOWANCE.forget()


def assign(cast: Cast, title: str, *to: Organization) -> list[Task]:
    above = to[0].parent
    assert above is not None
    made = assign_task(
        organization=above, title=title, text="", proof="", due_on=DUE, meeting="",
        met_on=None, kinds=[], chosen=[each.pk for each in to], by=cast.office, at=AT,
    )  # fmt: skip
    spread_assignment(key=made.pk, at=AT)
    return list(Task.objects.filter(assignment=made).order_by("organization__path"))


def merge(cast: Cast) -> Outcome:
    return tree.merge(
        source=cast.branch, target=cast.other_branch, on=AT.date(), by=cast.office, at=AT
    )


def test_tasks_go_on_where_it_was_merged_into(cast: Cast) -> None:
    """One that both were given is done once; the trace says where it came from."""
    (own,) = assign(cast, "报送值班表", cast.branch)
    both = assign(cast, "整理党员档案", cast.branch, cast.other_branch)
    outcome = merge(cast)
    assert outcome.settled == (
        "1项在办任务转由第二党支部继续办理。",
        "1项在办任务不再办理。",
    )
    own.refresh_from_db()
    assert (own.organization, own.state) == (cast.other_branch, Task.State.OPEN)
    assert "第一党支部并入第二党支部" in own.steps.get().words
    states = {task.organization_id: Task.objects.get(pk=task.pk).state for task in both}
    assert states == {cast.branch.pk: "dropped", cast.other_branch.pk: "open"}


def test_tasks_end_with_a_dissolved_one(cast: Cast) -> None:
    """Nobody is left to do them; they are not taken up again."""
    (task,) = assign(cast, "报送值班表", cast.far_branch)
    Membership.objects.filter(branch=cast.far_branch).update(until=date(2026, 1, 1))
    outcome = tree.dissolve(
        organization=cast.far_branch, last_day=AT.date(), by=cast.far_office, at=AT
    )
    assert outcome.settled == ("1项在办任务不再办理。",)
    task.refresh_from_db()
    assert (task.state, task.ending) == ("dropped", "organization")
    with pytest.raises(TaskRefused, match="组织撤销"):
        reopen_task(task=task, reason="误撤", by=cast.far_office, at=AT)


def test_feedback_is_taken_over_with_its_originals(cast: Cast) -> None:
    """The asker sees that it goes on, and the heir reads what was written, without the name."""
    sent = send(cast, cast.member, to=cast.branch)
    case = case_of(sent)
    outcome = merge(cast)
    assert "1件未办结的反映转由第二党支部继续办理。" in outcome.settled
    case.refresh_from_db()
    assert case.organization == cast.other_branch
    assert kinds(case)[-1] == "moved"
    sent.feedback.refresh_from_db()
    assert sent.feedback.opened_to == cast.other_branch
    assert [each.text for each in originals_of(case)] == [sent.feedback.text]


def test_who_asks_again_after_the_end_is_heard_above(cast: Cast) -> None:
    """It does not wait in an organisation where nobody is left; the asker sees where it went."""
    sent = send(cast, cast.member, to=cast.branch)
    case = case_of(sent)
    answer_case(case=case, answer="已经改为每月最后一周", by=cast.secretary, at=AT)
    merge(cast)
    later = AT + timedelta(days=3)
    reopen_case(feedback=sent.feedback, reason="还是不行", at=later)
    case.refresh_from_db()
    assert (case.organization, case.state) == (cast.committee, "received")
    assert case.waiting_since == later.date()
    assert kinds(case)[-2:] == ["reopened", "moved"]
    (original,) = originals_of(case)
    assert (original.text, original.name) == (sent.feedback.text, "")


def test_originals_go_on_with_who_takes_over_from_who_took_over(cast: Cast) -> None:
    """Else nobody who handles it could read what was written."""
    sent = send(cast, cast.member, to=cast.branch)
    case = case_of(sent)
    for days, to, by in ((20, cast.committee, cast.office), (40, cast.commission, cast.keeper)):
        take_case(case=case, to=to, reason="久未办理", by=by, at=AT + timedelta(days=days))
        case.refresh_from_db()
        assert [each.text for each in originals_of(case)] == [sent.feedback.text]


def test_what_was_rehearsed_has_not_happened(cast: Cast) -> None:
    """The preview says the same and leaves everything as it was."""
    (task,) = assign(cast, "报送值班表", cast.branch)
    case = case_of(send(cast, cast.member, to=cast.branch))
    told = rehearse(lambda: merge(cast)).settled
    task.refresh_from_db()
    case.refresh_from_db()
    assert (task.organization_id, case.organization_id) == (cast.branch.pk, cast.branch.pk)
    assert told == merge(cast).settled
