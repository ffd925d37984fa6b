"""Home and overview: what is due and missing, the tree by months, and a bound on queries."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.cast import Cast, client_of
from tests.web.record_story import make_table

pytestmark = pytest.mark.django_db
MOST = 12


def ask(person: Any, name: str, *args: Any) -> tuple[Any, int]:
    client = client_of(person)
    address = reverse(name, args=args)
    client.get(address)  # what a process learns once (norms) is not this page's doing
    with CaptureQueriesContext(
        connection,
    ) as queries:
        response = client.get(address)
    return response, len(queries)


def test_home_says_what_is_missing_and_due(cast: Cast) -> None:
    """On 12 March the lines of January and February that nobody proved are overdue."""
    make_table(cast)
    response, queries = ask(cast.secretary, "branch-home", cast.branch.pk)
    assert response.status_code == 200
    page = response.context["page"]
    assert page.missing
    assert all(item.line.due_on < date(2026, 3, 12) for item in page.missing)
    assert all(item.line.due_on >= date(2026, 3, 12) for item in page.due)
    assert "记录一次活动" in response.content.decode()
    assert queries <= MOST


def test_home_tells_nobody_to_do_what_only_others_may(cast: Cast) -> None:
    """A member reads who sees to what is overdue; a group's leader is asked for the group's only."""
    bare = ask(cast.member, "branch-home", cast.branch.pk)[0].context["page"]
    assert bare.advice == "本支部还没有本年度安排表。"
    make_table(cast)
    pages = {
        person: ask(person, "branch-home", cast.branch.pk)[0].context["page"]
        for person in (cast.secretary, cast.member, cast.group_leader)
    }
    assert "请先补开或补记" in pages[cast.secretary].advice
    assert pages[cast.member].advice.endswith("由支部书记、委员补开或补记。")
    of_group = [
        item for item in pages[cast.group_leader].missing if item.line.group_id == cast.group.pk
    ]
    assert pages[cast.group_leader].advice.startswith(
        f"有{len(of_group)}项逾期未完成，请先补开或补记"
    )


def test_home_without_a_table_says_what_to_do(cast: Cast) -> None:
    """An empty branch is told to draft its table."""
    response, _ = ask(cast.secretary, "branch-home", cast.branch.pk)
    assert "还没有本年度安排表，请先起草。" in response.content.decode()


def test_overview_counts_every_line_once(cast: Cast) -> None:
    """The cells of the months add up to the lines of the table."""
    plan = make_table(cast)
    response, queries = ask(cast.office, "overview", cast.committee.pk)
    assert response.status_code == 200
    page = response.context["page"]
    assert page.total.cell.total == plan.lines.count()
    assert sum(cell.cell.total for cell in page.months) == plan.lines.count()
    assert page.total.cell.overdue == plan.lines.filter(due_on__lt=date(2026, 3, 12)).count()
    assert [row.organization.path for row in page.rows] == sorted(
        row.organization.path for row in page.rows
    )
    assert queries <= MOST


@pytest.mark.parametrize("name", ["overview-overdue", "overview-xlsx"])
def test_what_hangs_on_the_overview_opens(cast: Cast, name: str) -> None:
    """The overdue list and the Excel file open for the office and not for a stranger."""
    make_table(cast)
    response, queries = ask(cast.office, name, cast.committee.pk)
    assert response.status_code == 200
    assert queries <= MOST
    assert client_of(cast.stranger).get(reverse(name, args=[cast.committee.pk])).status_code == 404


def test_course_is_a_picture_without_script(cast: Cast) -> None:
    """The chart is SVG that nothing can run in."""
    make_table(cast)
    response, _ = ask(cast.office, "overview-course", cast.committee.pk, 2026)
    assert response["Content-Type"] == "image/svg+xml"
    assert b"<script" not in response.content


def test_cell_names_each_line_and_why(cast: Cast) -> None:
    """A cell of a branch opens on its lines, each with its reason; month 13 is no page."""
    make_table(cast)
    response, queries = ask(cast.office, "overview-cell", cast.branch.pk, 2026, 1)
    assert response.status_code == 200
    assert response.context["items"]
    assert queries <= MOST
    wrong = reverse("overview-cell", args=[cast.branch.pk, 2026, 13])
    assert client_of(cast.office).get(wrong).status_code == 404


@pytest.mark.parametrize("name", ["organization", "roster"])
def test_tree_and_roster_open(cast: Cast, name: str) -> None:
    """The pages of a branch open for its secretary within the bound."""
    response, queries = ask(cast.secretary, name, cast.branch.pk)
    assert response.status_code == 200
    assert queries <= MOST


def test_founding_asks_again_when_the_place_is_impossible(cast: Cast) -> None:
    """What was typed survives, and the page says what is wrong."""
    client = client_of(cast.secretary)
    address = reverse("organization-found", args=[cast.branch.pk])
    response = client.post(
        address,
        {"kind": "group", "name": "第三党小组", "short_name": "三组", "field": "organ", "founded_on": "1899-01-01"},
    )  # fmt: skip
    assert response.status_code == 422
    assert "日期过早" in response.content.decode()
    assert "第三党小组" in response.content.decode()


@pytest.mark.parametrize(
    ("name", "fields", "day"),
    [
        ("appoint", {"office": "secretary"}, "since"),
        (
            "organization-found",
            {"kind": "group", "name": "第三组", "short_name": "三组", "field": "organ"},
            "founded_on",
        ),
        ("organization-term", {"number": "9", "ends_on": "2099-01-01"}, "began_on"),
    ],
)
def test_a_year_that_was_mistyped_is_not_years_ahead(
    cast: Cast, name: str, fields: dict[str, str], day: str
) -> None:
    """Who takes office in 2036 leaves nobody in office today; a year from today is not too far."""
    client = client_of(cast.secretary)
    address = reverse(name, args=[cast.branch.pk])
    response = client.post(
        address, {**fields, "member": str(cast.members[-1].pk), day: "2036-03-12"}
    )
    assert response.status_code == 422
    assert "日期在一年以后" in response.content.decode()
    response = client.post(
        address, {**fields, "member": str(cast.members[-1].pk), day: "2027-03-12"}
    )
    assert response.status_code == 302


@pytest.mark.parametrize("year", ["9" * 5000, "²", "-1", "明年", ""])
def test_a_year_that_is_none_means_this_year(cast: Cast, year: str) -> None:
    """Whatever stands in the address, the overview opens on a year."""
    response = client_of(cast.office).get(
        reverse("overview", args=[cast.committee.pk]), {"year": year}
    )
    assert response.status_code == 200
    assert response.context["page"].year == 2026
