"""The bell, the list of notices, opening one: only one's own, and only what one may still see."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.cast import client_of
from tests.web.text_story import NINE, a_text, give_account

from zhibu.network.dissemination.services import amend_text
from zhibu.network.notices.models import Kind, Notice
from zhibu.network.notices.services import tell
from zhibu.people.models import Person
from zhibu.people.roles import Verb

if TYPE_CHECKING:
    from tests.cast import Cast

AT = datetime(2026, 3, 12, 9, tzinfo=ZoneInfo("Asia/Shanghai"))


def _tell(
    cast: Cast, *people: Person, once: str = "a", title: str = "报送整改情况", **more: Any
) -> None:
    values = {
        "kind": Kind.TASK, "organization_id": cast.branch.id, "subject": "", "at": AT,
        "verb": Verb.SEE_BRANCH, "address": reverse("branch-home", args=[cast.branch.pk]),
    }  # fmt: skip
    tell(people=[p.id for p in people], title=title, once=once, **(values | more))


def _text(client: Client, name: str, *args: object) -> str:
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_bell_leads_to_the_list_and_counts(cast: Cast) -> None:
    """A plain link on every page, the number loaded after it; nothing where nothing is unread."""
    _tell(cast, cast.secretary)
    client = client_of(cast.secretary)
    home = _text(client, "branch-home", cast.branch.pk)
    assert f'href="{reverse("notice-list")}"' in home
    assert f'hx-get="{reverse("notice-count")}"' in home
    assert 'class="unread">1<' in _text(client, "notice-count")
    assert _text(client_of(cast.deputy), "notice-count").strip() == ""
    for number in range(120):
        _tell(cast, cast.secretary, once=f"{number}")
    assert "99+" in _text(client, "notice-count")


def test_opening_marks_as_read_and_goes_there(cast: Cast) -> None:
    """Also from a link in a mail."""
    _tell(cast, cast.secretary)
    client = client_of(cast.secretary)
    notice = Notice.objects.get()
    assert "未读" in _text(client, "notice-list")
    answer = client.get(reverse("notice", args=[notice.pk]))
    assert answer["Location"] == notice.address
    notice.refresh_from_db()
    assert notice.read_at is not None
    assert "全部标为已读" not in _text(client, "notice-list")


def test_the_unread_come_first_and_all_can_be_marked(cast: Cast) -> None:
    """The newest unread on top, below them what was read."""
    for number in range(3):
        _tell(
            cast,
            cast.secretary,
            once=f"{number}",
            title=f"事项{number}",
            at=AT + timedelta(hours=number),
        )
    Notice.objects.filter(once="2").update(read_at=AT)
    client = client_of(cast.secretary)
    page = _text(client, "notice-list")
    assert page.index("事项1") < page.index("事项0") < page.index("事项2")
    answer = client.post(reverse("notice-read-all"))
    assert answer.status_code == 303
    assert "已将2条通知标为已读" in _text(client, "notice-list")
    assert not Notice.objects.unread().exists()


def test_who_lost_the_right_sees_no_title(cast: Cast) -> None:
    """Not in the list, not in the number, not by its address; and nobody else's."""
    _tell(cast, cast.secretary, cast.member, title="不该看见的标题")
    notice = Notice.objects.get(person=cast.secretary)
    client = client_of(cast.secretary)
    cast.secretary.grants.update(until=AT)
    assert "不该看见的标题" not in _text(client, "notice-list")
    assert _text(client, "notice-count").strip() == ""
    assert client.get(reverse("notice", args=[notice.pk])).status_code == 404
    notice.refresh_from_db()
    assert notice.read_at is None
    for person in (cast.stranger, cast.office, cast.nobody):
        other = client_of(person)
        assert other.get(reverse("notice", args=[notice.pk])).status_code == 404
        assert "不该看见的标题" not in _text(other, "notice-list")
    assert client_of(cast.member).get(reverse("notice", args=[uuid4()])).status_code == 404


def test_ten_times_the_notices_cost_no_more_queries(cast: Cast) -> None:
    """A page of fifty, whatever the number."""
    client = client_of(cast.secretary)
    counts = []
    for many in (60, 600):
        for number in range(many):
            _tell(cast, cast.secretary, once=f"{many}-{number}", title=f"事项{number}")
        with CaptureQueriesContext(connection) as seen:
            page = _text(client, "notice-list")
        counts.append(len(seen))
        assert page.count("/notices/0") + page.count('class="new"') >= 50
        assert len(page.encode()) < 200_000
    assert counts[0] == counts[1] <= 12
    with CaptureQueriesContext(connection) as seen:
        _text(client, "notice-count")
    assert len(seen) <= 6


def test_a_title_is_shown_as_text(cast: Cast) -> None:
    """Peers' mistake 6: nothing of it is a script; rare signs and odd pages do no harm."""
    _tell(cast, cast.secretary, title="<script>alert(1)</script>𠮷")
    client = client_of(cast.secretary)
    page = _text(client, "notice-list")
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;𠮷" in page
    for query in ("?page=0", "?page=x", "?page=99999999999999999999"):
        assert client.get(reverse("notice-list") + query).status_code == 200


def test_nothing_is_marked_by_looking(cast: Cast) -> None:
    """The list and the number change nothing; marking all is a form."""
    _tell(cast, cast.secretary)
    client = client_of(cast.secretary)
    _text(client, "notice-list")
    _text(client, "notice-count")
    assert client.get(reverse("notice-read-all")).status_code == 405
    assert Notice.objects.unread().count() == 1


def test_the_empty_list_says_what_it_is_for(cast: Cast) -> None:
    """Somebody without any role too."""
    assert "没有通知" in _text(client_of(cast.nobody), "notice-list")


def test_the_number_leads_nobody_away(cast: Cast, settings: Any) -> None:
    """Asked beside a page that sets a password or a second factor: no redirect, nothing shown."""
    from zhibu.people.roles import Role

    settings.MFA_ROLES = frozenset({Role.SECRETARY})
    _tell(cast, cast.secretary, cast.member)
    Person.objects.filter(pk=cast.member.pk).update(must_set_password=True)
    for person in (cast.secretary, cast.member):
        client = client_of(person)
        assert client.get(reverse("notice-list")).status_code == 302
        answer = client.get(reverse("notice-count"), headers={"HX-Request": "true"})
        assert answer.status_code == 204
        assert "HX-Redirect" not in answer


def test_a_corrected_title_is_said_as_it_stands(cast: Cast) -> None:
    """What was told keeps its lead; a notice of something else is left alone."""
    text = a_text(cast.committee, cast.office, title="关于学习的统知")
    client = give_account(cast)
    tell_again = {"subject": f"text:{text.pk}", "once": "x", "verb": None}
    _tell(cast, cast.member, title="请阅读：关于学习的统知", kind=Kind.TEXT, **tell_again)
    _tell(cast, cast.member, title="关于学习的统知", once="other")
    amend_text(
        text=text, revision=text.revision, title="关于学习的通知", body=text.body, note="错字",
        is_new_version=False, by=cast.office, at=NINE,
    )  # fmt: skip
    said = _text(client, "notice-list")
    assert ">请阅读：关于学习的通知<" in said
    assert ">关于学习的统知<" in said  # of something else
    assert "请阅读：关于学习的统知" not in said
