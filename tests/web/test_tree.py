"""Changing the tree in the browser: shown first, done when confirmed, refused with a reason."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.cast import AT, PASSWORD, Cast, client_of
from tests.web.record_story import Fields, make_table

from zhibu.ledger.models import Entry
from zhibu.org.models import Membership, Organization, Place, Post
from zhibu.org.services import found_organization, grant_role, open_account
from zhibu.people.models import Person
from zhibu.people.roles import Role
from zhibu.web.forms.tree import LISTED

pytestmark = pytest.mark.django_db


@pytest.fixture
def commission_office(cast: Cast) -> Person:
    """Who may edit both committees."""
    person = open_account(
        username="gongwei",
        name="工委办",
        password=PASSWORD,
        must_set_password=False,
        by=None,
        at=AT,
    )
    grant_role(
        person=person, role=Role.OFFICE, organization=cast.commission, with_below=True, since=AT,
        by=None, at=AT,
    )  # fmt: skip
    return person


def confirm(client: Any, address: str, given: dict[str, Any]) -> Any:
    """Send the form, then what the page that shows the consequences holds."""
    shown = client.post(address, given)
    assert shown.status_code == 200, shown.content.decode()
    page = Fields()
    page.feed(shown.content.decode())
    return client.post(address, _many(page.values))


def _many(values: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in values:
        found.setdefault(name, []).append(value)
    return found


def test_a_move_is_shown_and_then_done(cast: Cast, commission_office: Person) -> None:
    """What follows is said; nothing happens before it is confirmed."""
    make_table(cast)
    client = client_of(commission_office)
    address = reverse("organization-move", args=(cast.branch.pk,))
    given = {"parent": str(cast.far_committee.pk), "on": "2026-03-02"}
    entries = Entry.objects.count()
    shown = client.post(address, given)
    text = shown.content.decode()
    assert "还没有办理" in text
    assert "从此不能查看的人员" in text
    assert "办公室（市局直属机关党委党办）" in text
    assert "外单位党办（邻局直属机关党委党办）" in text
    assert Entry.objects.count() == entries
    done = confirm(client, address, given)
    assert done.status_code == 302
    moved = Organization.objects.get(pk=cast.branch.pk)
    assert moved.parent_id == cast.far_committee.pk
    assert client_of(cast.office).get(reverse("organization", args=(moved.pk,))).status_code == 404
    page = client_of(cast.far_office).get(reverse("organization", args=(moved.pk,)))
    assert "沿革" in page.content.decode()


def test_what_changed_meanwhile_is_shown_again(cast: Cast, commission_office: Person) -> None:
    """A confirmation of something else than what was shown does nothing but show it again."""
    client = client_of(commission_office)
    address = reverse("organization-merge", args=(cast.branch.pk,))
    given = {"target": str(cast.other_branch.pk), "on": "2026-03-02", "shown": "0" * 16}
    answer = client.post(address, given)
    assert answer.status_code == 200
    assert "情况刚刚有变化" in answer.content.decode()
    assert Organization.objects.get(pk=cast.branch.pk).dissolved_on is None


def test_a_merge_without_javascript(cast: Cast) -> None:
    """The office merges two branches of its own."""
    make_table(cast)
    client = client_of(cast.office)
    address = reverse("organization-merge", args=(cast.branch.pk,))
    done = confirm(client, address, {"target": str(cast.other_branch.pk), "on": "2026-03-02"})
    assert done.status_code == 302
    assert Membership.objects.filter(branch=cast.other_branch, until=None).count() == 12
    book = client.get(reverse("book", args=(cast.branch.pk, 2026)))
    assert book.status_code == 200


def test_a_split_takes_the_chosen_members(cast: Cast) -> None:
    """Several chosen members survive the page in between."""
    chosen = [str(member.pk) for member in cast.members[5:8]]
    address = reverse("organization-split", args=(cast.branch.pk,))
    given = {"name": "第三党支部", "short_name": "三支部", "on": "2026-03-02", "members": chosen}
    done = confirm(client_of(cast.office), address, given)
    made = Organization.objects.get(name="第三党支部")
    assert done["Location"] == reverse("organization", args=(made.pk,))
    assert Membership.objects.filter(branch=made, until=None).count() == 3


def test_a_rename_and_a_dissolution(cast: Cast) -> None:
    """Each with its day."""
    client = client_of(cast.office)
    address = reverse("organization-rename", args=(cast.branch.pk,))
    confirm(client, address, {"name": "综合支部", "short_name": "综合", "on": "2026-03-02"})
    assert list(Place.objects.filter(organization=cast.branch).values_list("name", flat=True)) == [
        "第一党支部",
        "综合支部",
    ]
    address = reverse("organization-dissolve", args=(cast.group.pk,))
    refused = client.post(address, {"last_day": "2026-03-01"})
    assert refused.status_code == 422
    assert "还有党员在册" in refused.content.decode()


@pytest.mark.parametrize(
    ("verb", "given", "said"),
    [
        ("move", {"parent": "", "on": "2026-03-02"}, "请填写这一项"),
        ("move", {"parent": "0190a0a0-0000-7000-8000-000000000000", "on": "2026-03-02"}, "选择"),
        ("merge", {"target": "x" * 300, "on": "1899-01-01"}, "日期过早"),
        ("rename", {"name": "𠮷" * 201, "short_name": "简", "on": "2026-03-02"}, "200"),
        ("rename", {"name": "新", "short_name": "新", "on": "2100-01-01"}, "还没有到"),
        ("split", {"name": "新", "short_name": "新", "on": "2026-03-02"}, "请选择"),
        ("dissolve", {"last_day": "昨天"}, "请填写日期"),
    ],
)
def test_bad_input_is_told_and_kept(
    cast: Cast, commission_office: Person, verb: str, given: dict[str, str], said: str
) -> None:
    """A clear message, what was typed still there, nothing changed."""
    client = client_of(commission_office)
    entries = Entry.objects.count()
    address = reverse(f"organization-{verb}", args=(cast.branch.pk,))
    answer = client.post(address, given)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert said in text
    if given.get("name") == "新":
        assert 'value="新"' in text
    assert Entry.objects.count() == entries


@pytest.mark.parametrize("verb", ["rename", "move", "merge", "split", "dissolve"])
def test_only_the_level_above(cast: Cast, verb: str) -> None:
    """The branch itself, its neighbour and strangers find no such page."""
    address = reverse(f"organization-{verb}", args=(cast.branch.pk,))
    for person in (cast.secretary, cast.neighbour, cast.stranger, cast.far_office, cast.leader):
        assert client_of(person).get(address).status_code == 404
        assert client_of(person).post(address, {}).status_code == 404
    assert client_of(cast.office).get(address).status_code == 200


def test_nobody_moves_where_they_do_not_reach(cast: Cast) -> None:
    """A committee of somebody else is no choice, even when its key is sent."""
    address = reverse("organization-move", args=(cast.branch.pk,))
    answer = client_of(cast.office).post(
        address, {"parent": str(cast.far_committee.pk), "on": "2026-03-02"}
    )
    assert answer.status_code == 422
    assert Organization.objects.get(pk=cast.branch.pk).parent_id == cast.committee.pk


def test_of_many_the_name_is_written(cast: Cast, commission_office: Person) -> None:
    """With more than a list can hold, one writes the name; what fits several is told."""
    for number in range(LISTED):
        found_organization(
            name=f"分局第{number:02d}党委", short_name=f"{number:02d}党委", kind="committee",
            parent=cast.commission, founded_on=date(2015, 1, 1), by=None, at=AT,
        )  # fmt: skip
    client = client_of(commission_office)
    address = reverse("organization-move", args=(cast.branch.pk,))
    assert 'type="text" name="parent"' in client.get(address).content.decode()
    for name, said in (("分局第0", "有多个组织符合"), ("没有这个", "没有找到")):
        answer = client.post(address, {"parent": name, "on": "2026-03-02"})
        assert answer.status_code == 422
        assert said in answer.content.decode()
    assert confirm(client, address, {"parent": "第07", "on": "2026-03-02"}).status_code == 302
    assert Organization.objects.get(pk=cast.branch.pk).parent.short_name == "07党委"  # type: ignore[union-attr]


def test_a_split_of_many_takes_written_names(cast: Cast, commission_office: Person) -> None:
    """With more children than a list can hold their names are written, a line each."""
    for number in range(LISTED):
        found_organization(
            name=f"市局第{number:02d}支部", short_name="支部" if number < 2 else f"{number:02d}支部",
            kind="branch", parent=cast.committee, founded_on=date(2015, 1, 1), by=None, at=AT,
        )  # fmt: skip
    client = client_of(commission_office)
    address = reverse("organization-split", args=(cast.committee.pk,))
    assert len(client.get(address).content) < 30_000
    given = {"name": "新设党委", "short_name": "新设", "on": "2026-03-02"}
    answer = client.post(address, given | {"children": "支部\n没有这个\n07支部"})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "有多个组织叫“支部”，请写全称。" in text
    assert "没有找到“没有这个”" in text
    assert "07支部</textarea>" in text
    confirm(client, address, given | {"children": "07支部\r\n\r\n 市局第08支部 \r\n07支部"})
    made = Organization.objects.get(name="新设党委")
    assert [each.name for each in made.children.all()] == ["市局第07支部", "市局第08支部"]


def test_posts_are_paged(cast: Cast) -> None:
    """A hundred posts do not make a long page; both lists turn by themselves."""
    for number in range(60):
        member = cast.members[number % 9]
        Post.objects.create(
            member=member,
            organization=cast.branch,
            office="committee_member",
            since=date(2020, 1, 1),
        )
    client = client_of(cast.office)
    address = reverse("organization", args=(cast.branch.pk,))
    first = client.get(address).context["page"].posts
    second = client.get(f"{address}?posts=2&page=1").context["page"].posts
    assert (len(first), len(second)) == (50, first.paginator.count - 50)


def test_the_page_of_an_organisation_stays_within_its_queries(cast: Cast) -> None:
    """With its history."""
    client = client_of(cast.office)
    address = reverse("organization", args=(cast.branch.pk,))
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    assert len(queries) <= 12


def test_the_overview_shows_the_tree_of_its_year(cast: Cast, commission_office: Person) -> None:
    """A branch that moved in March stands under both, each with its own part of the year."""
    plan = make_table(cast)
    move = {"parent": str(cast.far_committee.pk), "on": "2026-03-02"}
    address = reverse("organization-move", args=(cast.branch.pk,))
    confirm(client_of(commission_office), address, move)
    rename = {"name": "新名支部", "short_name": "新名", "on": "2026-03-03"}
    confirm(
        client_of(commission_office), reverse("organization-rename", args=(cast.branch.pk,)), rename
    )
    left = client_of(cast.office).get(reverse("overview", args=(cast.committee.pk,)))
    (old,) = [r for r in left.context["page"].rows if r.organization.pk == cast.branch.pk]
    came = client_of(cast.far_office).get(reverse("overview", args=(cast.far_committee.pk,)))
    (new,) = [r for r in came.context["page"].rows if r.organization.pk == cast.branch.pk]
    before = plan.lines.filter(due_on__lt=date(2026, 3, 2)).count()
    assert (old.name, new.name) == ("第一党支部", "新名")
    assert old.year.cell.total == before > 0
    assert new.year.cell.total == plan.lines.count() - before
    assert left.context["page"].total.cell.total == before
    assert not old.address
    assert new.address
    assert "至3月1日" in left.content.decode()
    assert "3月2日划入" in came.content.decode()
    last = client_of(cast.office).get(
        reverse("overview", args=(cast.committee.pk,)), {"year": 2025}
    )
    assert [r.name for r in last.context["page"].rows] == ["第一党支部", "第二党支部"]
    assert last.context["page"].rows[0].stay == ""


def test_a_branch_does_not_rename_itself_as_a_correction(cast: Cast) -> None:
    """What its secretary sends as a name is ignored; the rest is saved. The level above may."""
    address = reverse("organization-edit", args=(cast.branch.pk,))
    given = {"name": "假冒支部", "short_name": "假冒", "field": "organ", "theme_day": "day:8", "is_pilot": "on"}  # fmt: skip
    assert "请上级党组织办理" in client_of(cast.secretary).get(address).content.decode()
    assert client_of(cast.secretary).post(address, given).status_code == 302
    branch = Organization.objects.get(pk=cast.branch.pk)
    assert (branch.name, branch.theme_day, branch.is_pilot) == (cast.branch.name, "day:8", False)
    assert client_of(cast.office).post(address, given).status_code == 302
    assert Organization.objects.get(pk=cast.branch.pk).name == "假冒支部"
