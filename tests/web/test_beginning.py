"""The first day of use: said by the level above, seen on the organisation, the table, the overview."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.cast import Cast, client_of
from tests.web.record_story import make_table

from zhibu.org.models import Organization
from zhibu.plans.models import PlanLine
from zhibu.rules.standing import State

pytestmark = pytest.mark.django_db
BEGAN = date(2026, 3, 1)
MOST = 12


def begin(cast: Cast, organization: Organization, since: str = "2026-03-01") -> None:
    address = reverse("organization-use", args=(organization.pk,))
    response = client_of(cast.office).post(address, {"in_use_since": since})
    assert response.status_code == 302


@pytest.mark.parametrize(
    ("who", "where", "status"),
    [
        ("office", "branch", 200),
        ("office", "committee", 404),  # only the level above may say it
        ("secretary", "branch", 404),  # a branch does not excuse itself
        ("leader", "branch", 404),
        ("neighbour", "branch", 404),
        ("far_office", "branch", 404),
        ("office", "group", 404),  # a group is judged by its branch
    ],
)
def test_the_level_above_says_the_day(cast: Cast, who: str, where: str, status: int) -> None:
    """Whoever could spare a branch its overdue lines is never the branch itself."""
    address = reverse("organization-use", args=(getattr(cast, where).pk,))
    client = client_of(getattr(cast, who))
    assert client.get(address).status_code == status
    assert client.post(address, {"in_use_since": "2026-03-01"}).status_code == (
        302 if status == 200 else status
    )
    day = Organization.objects.get(pk=getattr(cast, where).pk).in_use_since
    assert day == (BEGAN if status == 200 else None)


def test_the_pages_say_since_when(cast: Cast) -> None:
    """Earlier lines are 启用前 in the table, missing nowhere, and not counted in the overview."""
    plan = make_table(cast)
    earlier = plan.lines.filter(due_on__lt=BEGAN).count()
    assert earlier
    begin(cast, cast.branch)
    office, secretary = client_of(cast.office), client_of(cast.secretary)
    page = office.get(reverse("organization", args=(cast.branch.pk,))).content.decode()
    assert "2026年3月1日启用系统" in page.replace("（周日）", "")

    response = secretary.get(reverse("plan", args=(cast.branch.pk, 2026)))
    counts = {count.state: count.number for count in response.context["page"].counts}
    assert counts[State.BEFORE_USE] == earlier
    assert State.OVERDUE not in counts
    assert "本支部2026年3月1日启用系统" in response.content.decode().replace("（周日）", "")

    home = secretary.get(reverse("branch-home", args=(cast.branch.pk,))).context["page"]
    assert not home.missing

    overview = office.get(reverse("overview", args=(cast.committee.pk,)))
    shown = overview.context["page"]
    assert shown.total.cell.total == plan.lines.count() - earlier
    assert shown.total.cell.overdue == 0
    assert "2026年3月1日启用" in overview.content.decode()
    assert "启用前到期、尚未完成的事项不计入应完成数" in overview.content.decode()
    other = office.get(reverse("overview", args=(cast.committee.pk,)), {"year": "2027"})
    assert "启用" not in other.content.decode()

    assert not list(
        office.get(reverse("overview-overdue", args=(cast.committee.pk,))).context["items"]
    )
    cell = office.get(reverse("overview-cell", args=(cast.branch.pk, 2026, 1)))
    assert {item.standing.state for item in cell.context["items"]} == {State.BEFORE_USE}
    assert "系统内不作要求" in cell.content.decode()


def test_an_earlier_line_can_still_be_recorded(cast: Cast) -> None:
    """The table offers to record it like any other."""
    plan = make_table(cast)
    begin(cast, cast.branch)
    line = plan.lines.filter(due_on__lt=BEGAN, group=None).first()
    assert line is not None
    client = client_of(cast.secretary)
    page = client.get(reverse("record-new", args=(cast.branch.pk,)), {"line": str(line.pk)})
    assert page.status_code == 200
    assert line.title in page.content.decode()


@pytest.mark.parametrize("day", ["1899-01-01", "2101-01-01", "昨天", "<script>", "2026-13-01"])
def test_a_day_that_is_none_is_told(cast: Cast, day: str) -> None:
    """The form comes back with a sentence and with what was typed; nothing is stored."""
    address = reverse("organization-use", args=(cast.branch.pk,))
    response = client_of(cast.office).post(address, {"in_use_since": day})
    assert response.status_code == 422
    assert Organization.objects.get(pk=cast.branch.pk).in_use_since is None


@pytest.mark.parametrize("name", ["plan", "branch-home", "overview", "overview-cell"])
def test_no_query_more_for_ten_times_the_lines(cast: Cast, name: str) -> None:
    """The day comes with the rows that are read anyway."""
    plan = make_table(cast)
    begin(cast, cast.branch)
    who = cast.office if name.startswith("overview") else cast.secretary
    args = {
        "plan": (cast.branch.pk, 2026), "branch-home": (cast.branch.pk,),
        "overview": (cast.committee.pk,), "overview-cell": (cast.branch.pk, 2026, 3),
    }[name]  # fmt: skip
    client, address = client_of(who), reverse(name, args=args)

    def queries() -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as found:
            assert client.get(address).status_code == 200
        return len(found)

    def add(count: int) -> None:
        PlanLine.objects.bulk_create(
            PlanLine(
                plan=plan, branch=cast.branch, year=2026, practice_class="X", activity="study",
                title=f"读书会{number}", opens_on=date(2026, 3, 1), planned_on=date(2026, 3, 20),
                due_on=date(2026, 3, 31),
            )
            for number in range(count)
        )  # fmt: skip

    add(60)  # more than a page, which asks how many there are
    few = queries()
    add(540)
    assert queries() <= min(few, MOST)
