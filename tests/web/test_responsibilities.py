"""The pages of responsibilities: my own, and those of an organisation's posts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.cast import AT as LONG_AGO
from tests.cast import client_of
from tests.handbook.scene import Scene, make_scene
from tests.network.test_responsibilities import a_leader

from zhibu.org.models import Grant, Organization, Post
from zhibu.org.services import admit_member, appoint, found_organization

if TYPE_CHECKING:
    from tests.cast import Cast

NOW = datetime(2026, 4, 3, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
MINE = "/my/responsibilities/"
pytestmark = pytest.mark.usefixtures("data_dir")


@pytest.fixture
def scene(db: None, freeze: Callable[..., None]) -> Scene:
    freeze(NOW)
    return make_scene()


@pytest.fixture
def cast(scene: Scene) -> Cast:
    return scene.cast


def of(organization: Organization) -> str:
    return reverse("responsibility-list", args=[organization.pk])


def sent(answer: Any) -> str:
    return str(answer.content.decode())


def test_mine_explains_itself(cast: Cast) -> None:
    """Each item: what, how it stands, why, on what article, and where that is read."""
    assert reverse("responsibility-mine") == MINE
    page = sent(client_of(cast.secretary).get(MINE))
    assert "党支部书记" in page
    assert "应办16项，已办0项，有4项逾期未办，最早的应于1月31日（周六）前（含当日）完成。" in page
    assert "《支部工作条例（试行）》第十一条、第十四条" in page
    assert "（据转引资料）" in page  # how sure of it
    assert "由本人自行掌握，没有记录可以看出，系统不作判断。" in page
    assert reverse("plan", args=[cast.branch.pk, 2026]) in page


@pytest.mark.parametrize("who", ["secretary", "deputy", "leader", "office", "neighbour"])
def test_every_link_of_mine_opens(cast: Cast, who: str) -> None:
    """A link that leads to a 404 would be a dead end."""
    client = client_of(getattr(cast, who))
    page = client.get(MINE).context["page"]
    links = {item.link for card in page.cards for item in card.items if item.link}
    assert links
    for link in links:
        assert client.get(link).status_code == 200, link


def test_who_has_no_post_is_told_so(cast: Cast) -> None:
    """Nothing to judge, and what to do."""
    for person in (cast.member, cast.nobody, cast.system_admin):
        answer = client_of(person).get(MINE)
        assert answer.status_code == 200
        assert "目前没有列入责任清单的岗位" in sent(answer)


def test_nobody_types_anything_in(cast: Cast) -> None:
    """There is no form on these pages but signing out, and nothing is written by looking."""
    client = client_of(cast.secretary)
    for address in (MINE, of(cast.branch)):
        page = sent(client.get(address))
        main = page[page.index("<main") : page.index("</main>")]
        assert "<form" not in main
        assert client.post(address, {"state": "met"}).status_code == 405


def test_those_above_see_the_posts_in_the_order_of_the_tree(cast: Cast) -> None:
    """Own posts in full, those below in short, with what is overdue and why; no shares."""
    answer = client_of(cast.office).get(of(cast.committee))
    page = answer.context["page"]
    assert [card.title for card in page.cards] == ["领导班子成员", "党办"]
    names = [group.organization.short_name for group in page.groups]
    assert names == ["第一党支部", "第二党支部"]
    text = sent(answer)
    assert "按安排表完成规定动作：本年度安排表中的必做事项应办16项" in text
    assert "不排名" in text
    main = text[text.index("<main") : text.index("</main>")]
    assert not re.search(r"\d%|百分|第\d+名", main)


def test_who_may_not_sees_nothing(cast: Cast) -> None:
    """Strangers and members get a 404; a secretary sees the own branch and not the committee."""
    for person in (cast.stranger, cast.far_office, cast.member, cast.nobody, cast.neighbour):
        assert client_of(person).get(of(cast.branch)).status_code == 404
    secretary = client_of(cast.secretary)
    assert secretary.get(of(cast.branch)).status_code == 200
    assert secretary.get(of(cast.committee)).status_code == 404
    assert secretary.get(of(cast.other_branch)).status_code == 404
    assert client_of(cast.office).get(of(cast.group)).status_code == 404


def test_a_branch_shows_its_posts_in_full(cast: Cast) -> None:
    """One branch: every item is there."""
    answer = client_of(cast.office).get(of(cast.branch))
    page = answer.context["page"]
    assert [card.title for card in page.cards] == ["党支部书记", "组织委员", "宣传委员"]
    assert "党费收缴" in sent(answer)


def test_names_are_shown_as_text(cast: Cast) -> None:
    """A name that looks like markup stays a name (mistake 6)."""
    member = cast.members[0]
    member.name = "<script>alert(1)</script>𠮷"
    member.save(update_fields=["name"])
    text = sent(client_of(cast.office).get(of(cast.branch)))
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text


def test_twelve_queries_and_200_kilobytes_whatever_the_size(cast: Cast, scene: Scene) -> None:
    """A committee of 60 branches with a post each: pages, at most 12 queries."""
    a_leader(scene)
    scene.file()
    for number in range(60):
        branch = found_organization(
            name=f"新支部{number}", short_name=f"新支部{number}", kind="branch",
            parent=cast.committee, founded_on=date(2020, 1, 1), by=None, at=LONG_AGO,
        )  # fmt: skip
        for office in (Post.Office.SECRETARY, Post.Office.ORGANIZATION, Post.Office.PUBLICITY):
            member = admit_member(
                name=f"党员{number}{office}", branch=branch, joined_on=date(2010, 7, 1), by=None,
                full_on=date(2011, 7, 1), since=date(2020, 1, 1), at=LONG_AGO,
            )  # fmt: skip
            appoint(
                member=member, organization=branch, office=office, since=date(2020, 1, 1),
                by=None, at=LONG_AGO,
            )  # fmt: skip
    for person in (cast.office, cast.leader):
        client = client_of(person)
        for address in (of(cast.committee), f"{of(cast.committee)}?page=2", MINE):
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                answer = client.get(address)
            assert answer.status_code == 200
            assert len(answer.content) < 200_000
            assert len(queries) <= 12, (address, [each["sql"][:90] for each in queries])
    for person in (cast.secretary, cast.deputy):
        client = client_of(person)
        client.get(MINE)
        with CaptureQueriesContext(connection) as queries:
            client.get(MINE)
        assert len(queries) <= 12


def test_who_holds_one_organisation_alone_sees_no_other(cast: Cast) -> None:
    """The list is of the posts here and right below: a role without what lies below has no such page.

    What one's own post asks is on a page of one's own.
    """
    Grant.objects.filter(person=cast.office).update(with_below=False)
    assert client_of(cast.office).get(of(cast.committee)).status_code == 404
    assert client_of(cast.office).get(reverse("responsibility-mine")).status_code == 200
