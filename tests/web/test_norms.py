"""The norms: everybody who is signed in reads them; whom they bind is said as far as one may know."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.cast import Cast
from tests.web.plan_story import AT, client, load_norms, text

from zhibu.norms.models import NormVersion
from zhibu.norms.services import choose_pack
from zhibu.rules.verdicts import Certainty
from zhibu.web.pages.norms import SURENESS

LIST = "/norms/"


@pytest.fixture(autouse=True)
def norms(cast: Cast) -> None:
    load_norms(cast)


def pages() -> list[str]:
    return [
        LIST,
        reverse("norm", args=["branch", "2018"]),
        reverse("norm-requirement", args=["branch", "2018", "D1"]),
        reverse("norm-diff") + "?a=beijing-trial@2017&b=branch@2018",
    ]


def test_everybody_signed_in_reads_them(cast: Cast) -> None:
    """Whatever role, also none; a passer-by is asked to sign in."""
    for person in cast.people().values():
        for at in pages():
            assert client(person).get(at).status_code == 200, (person.username, at)
    for at in pages():
        assert Client().get(at).status_code == 302


def test_the_list_says_what_binds_whom_since_when(cast: Cast) -> None:
    """Versions with their dates, the one that binds the reader's branch marked."""
    page = text(client(cast.member).get(LIST))
    assert "第一党支部现在执行" in page
    assert "2018年10月28日" in page
    assert "市直机关工委（2018年11月1日起）" in page


def test_choices_of_others_are_not_told(cast: Cast) -> None:
    """What a neighbouring bureau chose is its own affair (mistake: neighbours that see each other)."""
    choose_pack(
        organization=cast.far_committee,
        pack="beijing-trial",
        since=date(2018, 1, 1),
        by=None,
        at=AT,
    )
    assert "邻局" not in text(client(cast.member).get(LIST))
    assert "邻局" not in text(client(cast.office).get(LIST))
    assert "邻局" in text(client(cast.stranger).get(LIST))
    assert "邻局" in text(client(cast.keeper).get(LIST))


def test_a_version_by_class_with_its_burden(cast: Cast) -> None:
    """Requirements under the labels of the pack; what they cost the reader's branch in a year."""
    at = reverse("norm", args=["branch", "2018"])
    page = text(client(cast.member).get(at))
    assert "必做" in page
    assert "推荐" in page
    assert "第一党支部按本规范2026年必做" in page
    assert "机关支部按本规范" in text(client(cast.keeper).get(at))


@pytest.mark.parametrize(
    ("query", "there", "gone"),
    [
        ("选举", "换届选举", "党费收缴"),
        ("D5", "主题党日", "换届选举"),
        ("党课 主讲", "党课", "换届选举"),
    ],
)
def test_search(cast: Cast, query: str, there: str, gone: str) -> None:
    """By words of title, text and guide; htmx gets the list alone."""
    at = reverse("norm", args=["branch", "2018"])
    page = text(client(cast.member).get(at, {"q": query}, HTTP_HX_REQUEST="true"))
    assert page.lstrip().startswith('<div id="found"')
    assert f">{there}</a>" in page
    assert f">{gone}</a>" not in page


def test_search_for_nonsense(cast: Cast) -> None:
    """Says so, shows it as text, and does not fail."""
    at = reverse("norm", args=["branch", "2018"])
    for query in ("<script>alert(1)</script>", "𠮷" * 300, "\x00", "%"):
        response = client(cast.member).get(at, {"q": query})
        assert response.status_code == 200
        assert "<script>alert" not in text(response)


def test_a_requirement_tells_all_of_itself(cast: Cast) -> None:
    """Text, article and how sure we are, who is bound and why, thresholds, example, burden."""
    page = text(client(cast.member).get(reverse("norm-requirement", args=["branch", "2018", "D1"])))
    for part in (
        "支部党员大会由全体党员参加", "《支部工作条例（试行）》第十一条", SURENESS[Certainty.SEEN],
        "第一党支部：适用", "超过应到会有表决权人数的半数", "记录范例", "怎样做好", "记录4次",
    ):  # fmt: skip
        assert part in page


def test_a_branch_that_is_not_bound_learns_why(cast: Cast) -> None:
    """A branch without groups owes no group meeting, and is told so."""
    at = reverse("norm-requirement", args=["branch", "2018", "D3"])
    page = text(client(cast.neighbour).get(at))
    assert "第二党支部：不适用" in page
    assert "未划分党小组" in page
    assert "第一党支部：适用" in text(client(cast.member).get(at))
    assert "适用</strong>" not in text(client(cast.keeper).get(at))


def test_certainty_is_said_in_plain_words(cast: Cast) -> None:
    """Each degree has its sentence; where the text was not seen, the reader is warned."""
    page = text(client(cast.member).get(reverse("norm-requirement", args=["branch", "2018", "D4"])))
    assert SURENESS[Certainty.SECONDARY] in page
    assert set(SURENESS) == set(Certainty)


def test_what_changes_between_two_versions(cast: Cast) -> None:
    """In words, by requirement; the same twice has no difference; an unknown one says so."""
    at, browser = reverse("norm-diff"), client(cast.member)
    page = text(browser.get(at, {"a": "beijing-trial@2017", "b": "branch@2018"}))
    assert "不再要求" in page or "新增一项" in page
    assert "没有区别" in text(browser.get(at, {"a": "branch@2018", "b": "branch@2018"}))
    assert "比较" in text(browser.get(at))
    for wrong in ("x", "branch@9999", "\x00@1", "<script>alert(1)</script>"):
        response = browser.get(at, {"a": wrong, "b": "branch@2018"})
        assert response.status_code == 404
        assert "没有这个版本" in text(response)
        assert "<script>alert" not in text(response)


def test_what_does_not_exist_is_a_404(cast: Cast) -> None:
    """Unknown pack, version, requirement."""
    browser = client(cast.member)
    for at in (
        "/norms/x/1/",
        "/norms/branch/1900/",
        "/norms/branch/2018/D999/",
        "/norms/𠮷/1/D1/",
        "/norms/%00/1/",
        "/norms/branch@2018/2018/",
    ):
        assert browser.get(at).status_code == 404


def test_ten_times_the_versions_cost_no_more_queries(cast: Cast) -> None:
    """The list reads a fixed number of times."""
    browser = client(cast.member)
    with CaptureQueriesContext(connection) as few:
        browser.get(LIST)
    one = NormVersion.objects.get(pack="branch")
    NormVersion.objects.bulk_create(
        NormVersion(
            pack=f"p{n}", version="1", title=one.title, in_force_from=one.in_force_from,
            source=one.source, digest=f"{n:064}", loaded_at=AT,
        )
        for n in range(30)
    )  # fmt: skip
    with CaptureQueriesContext(connection) as many:
        browser.get(LIST)
    assert len(many) == len(few) <= 12
    for at in pages()[1:]:
        with CaptureQueriesContext(connection) as queries:
            browser.get(at)
        assert len(queries) <= 12


def test_a_comparison_begins_with_two_versions(cast: Cast) -> None:
    """Nobody wants to compare one with itself."""
    for at in (LIST, reverse("norm-diff")):
        page = text(client(cast.member).get(at))
        first, second = (part.split("</select>")[0] for part in page.split("<select")[1:3])
        assert "selected" not in first
        assert second.count("<option") > 1
        assert "selected" in second.split("<option")[2]
