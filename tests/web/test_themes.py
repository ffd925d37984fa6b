"""The pages of themes: who begins, changes and ends them, who sees what of their course."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import docx
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.cast import AT, Cast, client_of
from tests.handbook.scene import AT as SCENE_AT
from tests.handbook.scene import make_scene
from tests.web.record_story import make_table

from zhibu.handbook.models import Record
from zhibu.ledger.models import Entry
from zhibu.network.themes.models import Carrying, Theme
from zhibu.network.themes.services import begin_theme, end_theme
from zhibu.org.models import Organization
from zhibu.org.services import found_organization
from zhibu.people.models import Person
from zhibu.plans.models import Plan, PlanLine
from zhibu.rules.contents import Carried
from zhibu.rules.norm import Activity

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]
SENT = {
    "title": "党纪学习教育",
    "text": "逐章逐条学，每支部至少两次。",
    "since": "2026-03-01",
    "until": "",
}


def begin(cast: Cast, organization: Organization | None = None, **changes: Any) -> Theme:
    values: dict[str, Any] = {
        "organization": organization or cast.committee, "title": "党纪学习教育",
        "text": "逐章逐条学，每支部至少两次。", "since": date(2025, 4, 1), "by": cast.office, "at": AT,
    }  # fmt: skip
    return begin_theme(**{**values, **changes})


def serve(theme: Theme, branch: Organization, *days: date) -> None:
    for day in days:
        record = Record.objects.create(branch=branch, drafted_at=AT)
        Carrying.objects.create(theme=theme, organization=branch, record=record, day=day)


def get(person: Person, name: str, *args: Any, query: str = "") -> Any:
    return client_of(person).get(reverse(name, args=args) + query)


def test_begun_by_the_office_and_seen_below(cast: Cast) -> None:
    """The office begins it; a member of a branch below reads it; the neighbour's committee does not."""
    answer = client_of(cast.office).post(reverse("theme-begin", args=(cast.committee.pk,)), SENT)
    assert answer.status_code == 303
    theme = Theme.objects.get()
    assert Entry.objects.filter(verb="begin_theme", subject_id=theme.pk).count() == 1
    for person, organization in (
        (cast.office, cast.committee), (cast.member, cast.branch), (cast.group_leader, cast.branch),
        (cast.neighbour, cast.other_branch), (cast.keeper, cast.committee),
    ):  # fmt: skip
        listed = get(person, "theme-list", organization.pk)
        assert "党纪学习教育" in listed.content.decode(), person
        shown = get(person, "theme", organization.pk, theme.pk)
        assert "逐章逐条学" in shown.content.decode()
    for person in (cast.stranger, cast.far_office):
        assert get(person, "theme", cast.far_branch.pk, theme.pk).status_code == 404
        assert get(person, "theme", cast.committee.pk, theme.pk).status_code == 404
    assert get(cast.neighbour, "theme", cast.branch.pk, theme.pk).status_code == 404


def test_who_may_not_begin_change_or_end(cast: Cast) -> None:
    """A member, a secretary above their branch, a neighbour: 404, and nothing moves."""
    theme = begin(cast)
    for person in (cast.member, cast.secretary, cast.leader, cast.neighbour, cast.far_office):
        client = client_of(person)
        for address in (
            reverse("theme-begin", args=(cast.committee.pk,)),
            reverse("theme-change", args=(theme.pk,)), reverse("theme-end", args=(theme.pk,)),
        ):  # fmt: skip
            assert client.get(address).status_code == 404
            assert client.post(address, SENT).status_code == 404
    assert Theme.objects.get().title == theme.title


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": ""}, "请填写专题名称"), ({"title": "长" * 101}, "100"), ({"text": ""}, "请填写工作要求"),
        ({"since": "1899-01-01"}, "日期过早"), ({"since": "没有"}, "请填写日期"),
        ({"until": "2026-02-01"}, "不能早于"), ({"kinds": "group"}, "请从列表中选择"),
    ],
)  # fmt: skip
def test_a_bad_form_is_answered_in_words(cast: Cast, changes: dict[str, str], said: str) -> None:
    """422 with what to mend; what was typed stays."""
    sent = {**SENT, **changes}
    answer = client_of(cast.office).post(reverse("theme-begin", args=(cast.committee.pk,)), sent)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Theme.objects.exists()


def test_script_is_text(cast: Cast) -> None:
    """What was typed is shown as it was typed (mistake 6)."""
    theme = begin(cast, title="<script>alert(1)</script>𠮷", text="<img src=x onerror=alert(1)>")
    for name, args in (
        ("theme", (cast.committee.pk, theme.pk)), ("theme-list", (cast.branch.pk,)),
        ("theme-end", (theme.pk,)),
    ):  # fmt: skip
        page = get(cast.office, name, *args).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "𠮷" in page


def test_changed_by_two_at_once(cast: Cast) -> None:
    """The second sees what the first wrote, keeps what they typed, and may save over it."""
    theme = begin(cast)
    address = reverse("theme-change", args=(theme.pk,))
    client = client_of(cast.office)
    first = {**SENT, "title": "甲的名称", "revision": "1"}
    assert client.post(address, first).status_code == 303
    second = client.post(address, {**SENT, "title": "乙的名称", "revision": "1"})
    assert second.status_code == 409
    page = second.content.decode()
    assert "甲的名称" in page
    assert 'value="乙的名称"' in page
    assert 'name="revision" value="2"' in page
    assert client.post(address, {**SENT, "title": "乙的名称", "revision": "2"}).status_code == 303
    assert Theme.objects.get().title == "乙的名称"


def test_ended_with_a_reason_and_kept(cast: Cast) -> None:
    """No end without a reason; then it is among the earlier ones, and its course stays."""
    theme = begin(cast)
    serve(theme, cast.branch, date(2025, 5, 6))
    address = reverse("theme-end", args=(theme.pk,))
    client = client_of(cast.office)
    bad = client.post(address, {"on": "2026-03-10", "reason": "", "revision": "1"})
    assert bad.status_code == 422
    good = client.post(address, {"on": "2026-03-10", "reason": "已并入新的专题", "revision": "1"})
    assert good.status_code == 303
    assert theme.title not in get(cast.member, "theme-list", cast.branch.pk).content.decode()
    earlier = get(cast.member, "theme-list", cast.branch.pk, query="?which=earlier")
    assert theme.title in earlier.content.decode()
    page = get(cast.office, "theme", cast.committee.pk, theme.pk).content.decode()
    assert "已并入新的专题" in page
    assert "1次" in page
    assert client.get(address).status_code == 404


def test_ended_while_somebody_changed_it(cast: Cast) -> None:
    """What it says by now is shown, and what was typed may be sent once more."""
    theme = begin(cast)
    client = client_of(cast.office)
    change = {**SENT, "title": "甲的名称", "revision": "1"}
    assert client.post(reverse("theme-change", args=(theme.pk,)), change).status_code == 303
    address = reverse("theme-end", args=(theme.pk,))
    typed = {"on": "2026-03-10", "reason": "已并入新的专题"}
    answer = client.post(address, {**typed, "revision": "1"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "甲的名称" in page
    assert "已并入新的专题" in page
    assert 'name="revision" value="2"' in page
    assert client.post(address, {**typed, "revision": "2"}).status_code == 303


def test_several_years_side_by_side(cast: Cast) -> None:
    """Each year has its months, the latest first, also one in which nothing was done."""
    theme = begin(cast, since=date(2023, 5, 1))
    serve(theme, cast.branch, date(2023, 6, 1), date(2025, 3, 1), date(2025, 3, 20))
    serve(theme, cast.other_branch, date(2025, 3, 2))
    page = get(cast.office, "theme", cast.committee.pk, theme.pk).context["page"]
    assert [(y.counts.year, y.counts.records, y.counts.organizations) for y in page.years] == [
        (2026, 0, 0), (2025, 3, 2), (2024, 0, 0), (2023, 1, 1),
    ]  # fmt: skip
    assert [u.name for u in page.units] == [cast.branch.short_name, cast.other_branch.short_name]
    # One branch sees its own, and not what its neighbour did.
    own = get(cast.neighbour, "theme", cast.other_branch.pk, theme.pk).context["page"]
    assert [y.counts.records for y in own.years] == [0, 1, 0, 0]
    assert len(own.things) == 1


def test_who_has_not_begun_is_found(cast: Cast) -> None:
    """The office asks for those only, in the order of the tree, without a ranking."""
    theme = begin(cast)
    serve(theme, cast.branch, date(2026, 3, 1))
    page = get(cast.office, "theme", cast.committee.pk, theme.pk, query="?only=none")
    assert [u.name for u in page.context["page"].units] == [cast.other_branch.short_name]
    assert "还有1个组织没有开展" in page.content.decode()


def test_as_many_queries_with_ten_times_the_branches(cast: Cast) -> None:
    """At most twelve, whatever lies below; the answer is paged and stays small (mistake 12)."""
    theme = begin(cast)
    client = client_of(cast.office)
    address = reverse("theme", args=(cast.committee.pk, theme.pk))
    counts = []
    for number in (10, 100):
        for each in range(number):
            branch = found_organization(
                name=f"第{number}-{each}党支部", short_name=f"{number}-{each}支部", parent=cast.committee,
                kind=Organization.Kind.BRANCH, founded_on=date(2015, 1, 1), by=None, at=AT,
            )  # fmt: skip
            serve(theme, branch, date(2026, 1, 5), date(2026, 2, 5))
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address)
        assert len(answer.content) < 200_000
        counts.append(len(queries))
    assert max(counts) <= 12, counts
    assert len(answer.context["page"].units) == 50


def test_a_line_is_given_a_theme(cast: Cast) -> None:
    """On its page, by who drafts or amends; shown there; a member cannot."""
    plan = make_table(cast)
    theme, far = begin(cast), begin(cast, cast.far_committee)
    line = plan.lines.order_by("planned_on")[0]
    address = reverse("line-themes", args=(line.pk,))
    assert client_of(cast.member).get(address).status_code == 404
    client = client_of(cast.secretary)
    assert client.post(address, {"themes": str(far.pk)}).status_code == 422
    assert client.post(address, {"themes": "junk"}).status_code == 422
    assert client.post(address, {"themes": str(theme.pk)}).status_code == 303
    assert Carrying.objects.get().line == line
    assert theme.title in client.get(reverse("line", args=(line.pk,))).content.decode()
    assert client.post(address, {}).status_code == 303
    assert not Carrying.objects.exists()


def test_an_own_line_begins_with_its_theme(cast: Cast) -> None:
    """Added with a theme it carries it; without any running theme the form does not ask."""
    plan = make_table(cast)
    address = reverse("plan-add", args=(cast.branch.pk, 2026))
    client = client_of(cast.secretary)
    assert "专题" not in client.get(address).content.decode().split("<form")[-1]
    theme = begin(cast)
    sent = {
        "title": "参观展览", "activity": "theme_day", "planned_on": "2026-05-08", "reason": "补充",
        "revision": str(plan.revision), "themes": str(theme.pk),
    }  # fmt: skip
    assert client.post(address, sent).status_code == 303
    line = PlanLine.objects.get(title="参观展览")
    assert Carrying.objects.get().line == line


def test_the_next_years_table_goes_on_with_it(cast: Cast) -> None:
    """Drafted on its page, a new table carries what last year's lines carried."""
    plan = make_table(cast)
    theme = begin(cast)
    line = plan.lines.filter(activity="lesson").order_by("planned_on")[0]
    Carrying.objects.create(theme=theme, organization=cast.branch, line=line)
    answer = client_of(cast.secretary).post(
        reverse("plan-draft", args=(cast.branch.pk, 2027)), {"source": "last_year"}
    )
    assert answer.status_code == 303
    after = Carrying.objects.get(line__plan=Plan.objects.get(year=2027)).line
    assert after is not None
    assert (after.requirement, after.ordinal) == (line.requirement, line.ordinal)


def test_the_report_says_what_the_page_says(cast: Cast) -> None:
    """PDF and Word; each taking leaves a line of the ledger; nobody without the right to export."""
    theme = begin(cast)
    serve(theme, cast.branch, date(2025, 5, 6), date(2026, 1, 7))
    end_theme(theme=theme, revision=1, on=date(2026, 3, 1), reason="完成", by=cast.office, at=AT)
    args = (cast.committee.pk, theme.pk)
    assert get(cast.office, "theme-pdf", *args).content.startswith(b"%PDF")
    word = get(cast.office, "theme-docx", *args)
    made = docx.Document(io.BytesIO(word.content))
    text = "\n".join(p.text for p in made.paragraphs)
    text += "\n".join(
        cell.text for table in made.tables for row in table.rows for cell in row.cells
    )
    for said in ("党纪学习教育", "2025年：开展1次，1个组织参加", "尚未开展", "不排名次", "完成"):
        assert said in text
    assert Entry.objects.filter(verb="export_theme").count() == 2
    assert get(cast.member, "theme-pdf", cast.branch.pk, theme.pk).status_code == 404


def test_talks_are_not_told_to_everybody(db: Any, freeze: Callable[..., None]) -> None:
    """A member finds no talk among the records of a theme; who writes the records does."""
    freeze(SCENE_AT)
    scene = make_scene()
    theme = begin(scene.cast)
    scene.file(
        activities=(Activity.TALK,), topic="与某同志的谈话", decisions=(),
        themes=(Carried(str(theme.pk), theme.title),),
    )  # fmt: skip
    for person, is_told in ((scene.cast.member, False), (scene.cast.secretary, True)):
        page = get(person, "theme", scene.branch.pk, theme.pk).content.decode()
        assert ("与某同志的谈话" in page) is is_told
