"""The daily round: told to whom it concerns, on working days, once, however often a worker goes."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.cast import client_of
from tests.handbook.scene import make_scene

from zhibu.network.notices.models import Channel, Kind, Message, Notice, ReminderRound
from zhibu.network.reminders import services
from zhibu.network.reminders.services import remind_due
from zhibu.org.models import Grant, Organization
from zhibu.org.reach import reach_of
from zhibu.people.models import Person
from zhibu.people.roles import Role
from zhibu.plans.models import Plan, PlanLine, Tally
from zhibu.plans.services import fold_tallies

if TYPE_CHECKING:
    from tests.handbook.scene import Scene

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Asia/Shanghai")


def _at(month: int, day: int, hour: int = 9) -> datetime:
    return datetime.combine(date(2026, month, day), time(hour), tzinfo=ZONE)


@pytest.fixture
def scene(data_dir: object) -> Scene:
    return make_scene()


def _line(scene: Scene, due: date, group: Organization | None = None) -> PlanLine:
    """The only line of the branch that is not done."""
    line = PlanLine.objects.filter(branch=scene.branch).order_by("id").first()
    assert line is not None
    others = PlanLine.objects.filter(branch=scene.branch).exclude(pk=line.pk)
    others.filter(due_on__lt=date(2027, 6, 1)).update(due_on=date(2030, 12, 31))
    PlanLine.objects.filter(pk=line.pk).update(
        opens_on=due - timedelta(days=30), planned_on=due, due_on=due, group=group
    )
    line.refresh_from_db()
    return line


def _told(kind: Kind) -> set[Person]:
    return {notice.person for notice in Notice.objects.filter(kind=kind).select_related("person")}


def _days(scene: Scene, *days: tuple[int, int]) -> None:
    for month, day in days:
        remind_due(at=_at(month, day), seconds=600)  # the whole round, however slow the machine


def test_the_committee_is_told_before_and_after(scene: Scene) -> None:
    """A week before, the day after; not the members, not the office, not the neighbours."""
    line = _line(scene, date(2026, 3, 31))
    _days(scene, (3, 23), (3, 24), (3, 25))
    cast = scene.cast
    assert _told(Kind.DUE) == {cast.secretary, cast.deputy}
    notice = Notice.objects.filter(person=cast.secretary).get()
    assert "3月31日" in notice.title
    assert str(line.pk) in notice.address
    assert client_of(cast.secretary).get(notice.address).status_code == 200
    _days(scene, (3, 31))
    assert not _told(Kind.OVERDUE)
    _days(scene, (4, 1), (4, 2))
    assert _told(Kind.OVERDUE) == {cast.secretary, cast.deputy}
    assert Notice.objects.filter(person=cast.secretary).count() == 2


def test_a_line_of_a_group_is_told_to_its_leader_too(scene: Scene) -> None:
    """Only to the leader of that group."""
    cast = scene.cast
    _line(scene, date(2026, 3, 31), group=cast.group)
    _days(scene, (3, 24))
    assert _told(Kind.DUE) == {cast.secretary, cast.deputy, cast.group_leader}
    Notice.objects.all().delete()
    ReminderRound.objects.all().delete()
    _line(scene, date(2026, 3, 31), group=cast.other_group)
    _days(scene, (3, 24))
    assert _told(Kind.DUE) == {cast.secretary, cast.deputy}


def test_the_chat_of_the_branch_hears_what_is_due_and_not_what_is_late(scene: Scene) -> None:
    """Where it has a robot; once."""
    for organization in (scene.branch, scene.cast.committee):
        Channel.objects.create(
            organization=organization, tool="wecom", host="h", target="x",
            verified_at=_at(1, 5), made_at=_at(1, 5),
        )  # fmt: skip
    _line(scene, date(2026, 3, 31))
    _days(scene, (3, 24), (3, 25), (4, 1), (4, 7))
    message = Message.objects.get()
    assert message.organization == scene.branch
    assert message.title == Notice.objects.filter(kind=Kind.DUE)[0].title


def test_the_days_before_are_the_organisations_choice(scene: Scene) -> None:
    """`soon_days` of the branch."""
    Organization.objects.filter(pk=scene.branch.pk).update(soon_days=20)
    _line(scene, date(2026, 3, 31))
    _days(scene, (3, 10))
    assert not _told(Kind.DUE)
    _days(scene, (3, 11))
    assert _told(Kind.DUE)


def test_the_office_hears_of_it_a_week_later_in_one_line(scene: Scene) -> None:
    """Once, the nearest office, with a number; after the branch."""
    cast = scene.cast
    _line(scene, date(2026, 3, 31))
    fold_tallies()
    Tally.objects.all().delete()
    for organization in (scene.branch, cast.committee, cast.commission):
        Tally.objects.create(
            organization=organization,
            year=2026,
            practice_class="B",
            due_on=date(2026, 3, 31),
            total=1,
        )
    _days(scene, (4, 1), (4, 2), (4, 3), (4, 7))
    told = Notice.objects.filter(person=cast.office)
    assert [notice.title for notice in told] == [
        "下级党支部又有1项逾期满一周仍未完成，请了解情况，给予帮助"
    ]
    assert client_of(cast.office).get(told[0].address).status_code == 200
    _days(scene, (4, 8), (4, 9), (4, 13))
    assert told.count() == 1
    assert not Notice.objects.filter(person__in=[cast.far_office, cast.leader]).exists()
    assert Notice.objects.filter(person=cast.secretary, kind=Kind.OVERDUE).count() == 3  # weekly


def test_what_is_done_waived_or_before_use_is_not_told(scene: Scene) -> None:
    """Nor what stands in a draft."""
    line = _line(scene, date(2026, 3, 31))
    Organization.objects.filter(pk=scene.branch.pk).update(in_use_since=date(2026, 4, 1))
    _days(scene, (3, 24), (4, 1))
    assert not Notice.objects.exists()
    Organization.objects.filter(pk=scene.branch.pk).update(in_use_since=None)
    PlanLine.objects.filter(pk=line.pk).update(
        discharged_by=line.pk, happened_on=date(2026, 3, 30), filed_on=date(2026, 3, 30)
    )
    _days(scene, (4, 7))
    assert not Notice.objects.exists()
    PlanLine.objects.filter(pk=line.pk).update(discharged_by=None, happened_on=None, filed_on=None)
    Plan.objects.filter(branch=scene.branch).update(state="draft", adopted_at=None)
    _days(scene, (4, 13))
    assert not Notice.objects.exists()


@pytest.mark.parametrize(
    "at",
    [_at(3, 28), _at(3, 29), _at(4, 6), _at(3, 24, 6)],  # Saturday, Sunday, 清明, before seven
)
def test_on_days_off_and_at_night_nobody_is_reminded(scene: Scene, at: datetime) -> None:
    """Nothing is begun; the next working day makes up for it."""
    _line(scene, date(2026, 3, 31))
    assert remind_due(at=at) == 0
    assert not ReminderRound.objects.exists()


def test_a_day_is_gone_over_once(scene: Scene) -> None:
    """Again on the same day does nothing; a round that was lost is made up for."""
    _line(scene, date(2026, 3, 31))
    assert remind_due(at=_at(3, 24)) > 0
    count = Notice.objects.count()
    assert remind_due(at=_at(3, 24, 15)) == 0
    ReminderRound.objects.all().delete()  # as if the worker had never written it down
    remind_due(at=_at(3, 24, 16))
    assert Notice.objects.count() == count


def test_a_worker_that_dies_between_chunks(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next goes on where it stopped, and tells the rest; nothing twice, nothing left out."""
    _line(scene, date(2026, 3, 31))
    _many_branches(scene, 10)

    class Killed(BaseException):
        pass

    real, calls = services.tell_all, []

    def die_in_the_third(*args: object, **kwargs: object) -> None:
        calls.append(1)
        real(*args, **kwargs)  # type: ignore[arg-type]
        if len(calls) == 3:
            raise Killed

    monkeypatch.setattr(services, "tell_all", die_in_the_third)
    with pytest.raises(Killed):
        remind_due(at=_at(3, 24), chunk=4)
    monkeypatch.setattr(services, "tell_all", real)
    assert ReminderRound.objects.get().finished_at is None
    remind_due(at=_at(3, 24), chunk=4)
    assert ReminderRound.objects.get().finished_at is not None
    told = Counter(Notice.objects.filter(kind=Kind.DUE).values_list("person", flat=True))
    assert len(told) == 12  # ten secretaries, and the two of the cast
    assert set(told.values()) == {1}


def test_a_round_that_its_day_did_not_finish_is_not_told_again(scene: Scene) -> None:
    """Whom it came to is told of newer days alone; the others of all since the last whole round."""
    _line(scene, date(2026, 3, 31))
    _days(scene, (3, 23))  # nothing yet: a week before is the next day
    assert not Notice.objects.exists()
    _many_branches(scene, 6)
    remind_due(at=_at(3, 24), seconds=0, chunk=4)  # and then the worker stood still
    first = Counter(Notice.objects.filter(kind=Kind.DUE).values_list("person", flat=True))
    assert first
    assert ReminderRound.objects.get(day=date(2026, 3, 24)).finished_at is None
    remind_due(at=_at(3, 25), seconds=0, chunk=6)  # a little further, once more not to the end
    _days(scene, (3, 26))
    told = Counter(Notice.objects.filter(kind=Kind.DUE).values_list("person", flat=True))
    assert len(told) == 8  # six secretaries, and the two of the cast
    assert len(told) > len(first)
    assert set(told.values()) == {1}


def _many_branches(scene: Scene, number: int) -> None:
    """Branches with a table of one line each and a secretary."""
    parent, norm = scene.cast.committee, Plan.objects.filter(branch=scene.branch).get().norm
    start = Organization.objects.filter(parent=parent).count() + 100
    branches = Organization.objects.bulk_create(
        Organization(
            kind="branch", name=f"支部{n}", short_name=f"支部{n}", parent=parent,
            path=f"{parent.path}{start + n:04}", founded_on=date(2015, 1, 1),
        )
        for n in range(number)
    )  # fmt: skip
    people = Person.objects.bulk_create(
        Person(username=f"s{start + n}", name="某", password="x") for n in range(number)
    )
    Grant.objects.bulk_create(
        Grant(person=person, role=Role.SECRETARY, organization=branch, since=_at(1, 1))
        for person, branch in zip(people, branches, strict=True)
    )
    plans = Plan.objects.bulk_create(
        Plan(
            branch=branch,
            year=2026,
            norm=norm,
            state="adopted",
            drafted_at=_at(1, 1),
            adopted_at=_at(1, 1),
        )
        for branch in branches
    )
    PlanLine.objects.bulk_create(
        PlanLine(
            plan=plan, branch=plan.branch, year=2026, practice_class="X", activity="other",
            title="自选活动", opens_on=date(2026, 1, 1), planned_on=date(2026, 3, 31),
            due_on=date(2026, 3, 31),
        )
        for plan in plans
    )  # fmt: skip


def test_ten_times_the_branches_in_a_chunk_cost_no_more_queries(scene: Scene) -> None:
    """On PostgreSQL; on SQLite the statements that insert are shorter, and more."""
    _line(scene, date(2026, 3, 31))
    counts = []
    for number, day in ((20, 24), (200, 25)):
        Notice.objects.all().delete()
        ReminderRound.objects.all().delete()
        _many_branches(scene, number)
        with CaptureQueriesContext(connection) as seen:
            remind_due(at=_at(3, day))
        statements = [q["sql"] for q in seen if not q["sql"].startswith("INSERT")]
        counts.append(len(statements))
        assert Notice.objects.filter(kind=Kind.DUE).count() >= number
    assert counts[0] == counts[1] < 30


def test_what_is_told_may_be_seen(scene: Scene) -> None:
    """Every notice of a round is one that its person may open."""
    cast = scene.cast
    _line(scene, date(2026, 3, 31), group=cast.group)
    _days(scene, (3, 24), (4, 1), (4, 7))
    for person in cast.people().values():
        mine = Notice.objects.filter(person=person)
        at = _at(4, 7)
        assert mine.visible_to(reach_of(person, at)).count() == mine.count()
        for notice in mine:
            assert client_of(person).get(notice.address).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once(scene: Scene) -> None:
    """One round, each told once, and it is finished."""
    _line(scene, date(2026, 3, 31))
    _many_branches(scene, 30)
    barrier, errors = threading.Barrier(3), []

    def work() -> None:
        try:
            barrier.wait()
            for _ in range(5):
                remind_due(at=_at(3, 24), chunk=3)
        except Exception as error:  # noqa: BLE001 - of whatever kind
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    remind_due(at=_at(3, 24))
    told = Counter(Notice.objects.filter(kind=Kind.DUE).values_list("person", flat=True))
    assert len(told) == 32
    assert set(told.values()) == {1}
