"""The navigation: what it offers to whom, and which entry it marks."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.cast import Cast, client_of
from tests.web.record_story import make_table

pytestmark = pytest.mark.django_db


def ways(client: Client, name: str, *args: Any) -> tuple[list[str], list[str]]:
    """The labels of the navigation on a page, and those that are marked."""
    response = client.get(reverse(name, args=args))
    assert response.status_code == 200, (name, args)
    offered = response.context["ways"]
    return [way.label for way in offered], [way.label for way in offered if way.is_here]


def test_pages_of_any_year_and_line_belong_to_their_list(cast: Cast) -> None:
    """The tables of last year and next year are still the table, not today's page."""
    line = make_table(cast).lines.first()
    client = client_of(cast.secretary)
    branch = cast.branch.pk
    for name, args, label in (
        ("branch-home", (branch,), "今天"),
        ("plan", (branch, 2026), "安排表"),
        ("plan", (branch, 2025), "安排表"),
        ("plan-draft", (branch, 2027), "安排表"),
        ("line", (line.pk,), "安排表"),
        ("record-list", (branch,), "记录"),
        ("record-new", (branch,), "记录"),
        ("book", (branch, 2025), "手册"),
        ("roster", (branch,), "组织"),
        ("transfers", (branch,), "组织"),
        ("choices", (branch,), "组织"),
        ("choices-add", (branch,), "组织"),
        ("organization", (branch,), "组织"),
        ("norm-list", (), "规范"),
    ):
        assert ways(client, name, *args)[1] == [label], (name, args)


def test_whoever_looks_from_above_stays_in_the_overview(cast: Cast) -> None:
    """The office has no 安排表 of its own: a branch's table is marked as 总览."""
    make_table(cast)
    client = client_of(cast.office)
    assert ways(client, "plan", cast.branch.pk, 2026)[1] == ["总览"]
    assert ways(client, "overview", cast.branch.pk)[1] == ["总览"]


def test_whoever_looks_from_above_finds_all_pages_of_a_branch(cast: Cast) -> None:
    """From the table to the book, where it is countersigned; the branch's own people need no second row."""
    make_table(cast)
    args = (cast.branch.pk, 2026)
    client = client_of(cast.office)
    shown = client.get(reverse("plan", args=args)).context["branch_ways"]
    assert [way.label for way in shown] == ["本月情况", "安排表", "记录", "手册"]
    assert [way.label for way in shown if way.is_here] == ["安排表"]
    for way in shown:
        assert client.get(way.address).status_code == 200, way.label
    own = client_of(cast.secretary).get(reverse("plan", args=args))
    assert own.context["branch_ways"] == ()


def test_every_entry_opens(cast: Cast) -> None:
    """No one is offered an entry that answers with “没有这个页面”."""
    for part, person in cast.people().items():
        client = client_of(person)
        response = client.get(reverse("norm-list"))
        for way in response.context["ways"]:
            assert client.get(way.address).status_code == 200, (part, way.label)
