"""What the main pages ask of the database stays the same when there is ten times as much."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.cast import Cast, client_of
from tests.web.record_story import AT, Writer, a_filed_record, a_line, make_table

from zhibu.handbook.models import Record, RecordVersion
from zhibu.org.models import Member, Membership, Organization
from zhibu.people.keys import new_key
from zhibu.people.models import Person
from zhibu.plans.models import Plan, PlanLine, Tally, TallyDelta
from zhibu.plans.queries import lines_at_hand
from zhibu.plans.services.tallies import fold_tallies

pytestmark = pytest.mark.django_db
MOST = 12
TODAY = date(2026, 3, 12)


@pytest.fixture
def plan(cast: Cast) -> Plan:
    """The branch's table: a record filed, a line waived, a line of a group, one of no duty."""
    plan = make_table(cast)
    a_filed_record(cast, plan)
    add_lines(plan, cast, 4)
    while fold_tallies():
        pass
    return plan


def add_lines(plan: Plan, cast: Cast, number: int) -> None:
    """Lines of January to April: to do, done, waived; every other one of a group."""
    lines = []
    for at in range(number):
        due = date(2026, at % 4 + 1, 28)
        line = PlanLine(
            plan=plan, branch=cast.branch, year=2026, practice_class="X", activity="other",
            title=f"自选活动{at}", group=cast.group if at % 2 else None,
            opens_on=due.replace(day=1), planned_on=due - timedelta(days=at % 20), due_on=due,
        )  # fmt: skip
        if at % 4 == 2:
            line.waived_at, line.waived_by, line.waive_reason = AT, cast.office, "支部委员住院"
        if at % 4 == 1:
            line.discharged_by = uuid4()
            line.happened_on = line.filed_on = TODAY - timedelta(days=at % 10)
        lines.append(line)
    PlanLine.objects.bulk_create(lines)


def add_records(cast: Cast, number: int) -> None:
    """Filed records and drafts beside those that are there."""
    version = RecordVersion.objects.order_by("sequence")[0]
    drafts = []
    for at in range(number):
        filed = Record.objects.create(branch=cast.branch, drafted_by=cast.deputy, drafted_at=AT)
        copy = RecordVersion.objects.get(pk=version.pk)
        copy.pk, copy.record, copy.submission = new_key(), filed, new_key()
        copy.sequence, copy.previous, copy.link = 100 + at, "a" * 64, f"{at:064d}"
        copy.save(force_insert=True)
        Record.objects.filter(pk=filed.pk).update(state="filed", current=copy)
        drafts.append(
            Record(
                branch=cast.branch, drafted_by=cast.deputy, drafted_at=AT, revision=1,
                draft={"topic": f"草稿{at}", "activities": ["other"]},
            )
        )  # fmt: skip
    Record.objects.bulk_create(drafts)


def add_people(cast: Cast, number: int) -> None:
    """Members of the branch, half of them in a group."""
    members = [
        Member(name=f"成员{at}", joined_on=date(2005, 7, 1), full_on=date(2006, 7, 1))
        for at in range(number)
    ]
    Member.objects.bulk_create(members)
    Membership.objects.bulk_create(
        Membership(
            member=member, branch=cast.branch, since=date(2015, 1, 1),
            group=cast.group if at % 2 else None,
        )
        for at, member in enumerate(members)
    )  # fmt: skip


def add_branches(cast: Cast, number: int) -> None:
    """Branches of the committee, with counts folded in and left to fold."""
    above = cast.committee
    branches = [
        Organization(
            kind="branch", name=f"支部{at}", short_name=f"支部{at}", parent=above,
            path=f"{above.path}y{at:03d}", founded_on=date(2015, 1, 1),
        )
        for at in range(number)
    ]  # fmt: skip
    Organization.objects.bulk_create(branches)
    days = [date(2026, month, 28) for month in range(1, 13)]
    Tally.objects.bulk_create(
        Tally(organization=b, year=2026, practice_class="B", due_on=day, total=3, done=1)
        for b in branches
        for day in days
    )
    TallyDelta.objects.bulk_create(
        TallyDelta(path=b.path, year=2026, practice_class="B", due_on=days[0], done=1)
        for b in branches
    )


def ask(person: Person, address: str) -> list[str]:
    """The queries of a page, when the process knows the norm already."""
    client = client_of(person)
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        response = client.get(address)
    assert response.status_code == 200, address
    return [query["sql"] for query in queries.captured_queries]


def test_pages_ask_the_same_of_ten_times_as_much(cast: Cast, plan: Plan) -> None:
    """Home, table, record form, book and the overviews, in at most twelve queries."""
    writer = Writer(cast.secretary).start(cast, a_line(plan, "committee_meeting")).complete()
    pages = {
        "home": (cast.secretary, reverse("branch-home", args=[cast.branch.pk])),
        "table": (cast.secretary, reverse("plan", args=[cast.branch.pk, 2026])),
        "records": (cast.secretary, reverse("record-list", args=[cast.branch.pk])),
        "record form": (cast.secretary, reverse("record-edit", args=[writer.key])),
        "new record": (cast.secretary, reverse("record-new", args=[cast.branch.pk])),
        "book": (cast.secretary, reverse("book", args=[cast.branch.pk, 2026])),
        "overview": (cast.office, reverse("overview", args=[cast.committee.pk])),
        "overdue": (cast.office, reverse("overview-overdue", args=[cast.committee.pk])),
    }
    few = {name: ask(*page) for name, page in pages.items()}
    add_lines(plan, cast, 10 * plan.lines.count())
    add_records(cast, 60)
    add_people(cast, 90)
    add_branches(cast, 30)
    many = {name: ask(*page) for name, page in pages.items()}
    # A list that no longer fits on its first page is counted: one query, however long it is.
    grown = {name: len(many[name]) - len(few[name]) for name in pages}
    counted = {"records": 2, "overdue": 1}  # what is filed and what is being written: two lists
    assert grown == {name: counted.get(name, 0) for name in pages}, many
    assert {name: len(sql) for name, sql in many.items() if len(sql) > MOST} == {}


def test_what_is_at_hand_comes_in_one_query(cast: Cast, plan: Plan) -> None:
    """With the norm, branch and group of each line: the home and the start of a record show them."""

    def read() -> int:
        with CaptureQueriesContext(connection) as queries:
            for line in lines_at_hand(cast.branch, TODAY):
                assert line.plan.norm.title
                assert line.branch.name
                assert line.group is None or line.group.short_name
        return len(queries)

    few = lines_at_hand(cast.branch, TODAY).count()
    assert read() == 1
    add_lines(plan, cast, 10 * few)
    assert lines_at_hand(cast.branch, TODAY).count() >= 5 * few
    assert read() == 1
