"""Telling people and organisations: once each, in bulk, shown only to whom may still see."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.cast import make_cast

from zhibu.network.notices import asking
from zhibu.network.notices.models import Channel, Kind, Message, Notice
from zhibu.network.notices.queries import count_unread, seen_by
from zhibu.network.notices.services import (
    read_all_notices,
    read_notice,
    take_back,
    tell,
    tell_organization,
)
from zhibu.org.reach import reach_of
from zhibu.people.models import Person
from zhibu.people.roles import Verb

if TYPE_CHECKING:
    from tests.cast import Cast

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 12, 10, 30, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def _tell(cast: Cast, *people: Person, once: str = "a", **more: object) -> int:
    values: dict[str, object] = {
        "kind": Kind.TASK,
        "title": "报送整改情况",
        "address": "/somewhere/",
        "organization_id": cast.branch.id,
        "subject": "task:1",
        "verb": Verb.SEE_BRANCH,
        "at": AT,
    }
    return tell(people=[p.id for p in people], once=once, **(values | more))  # type: ignore[arg-type]


def test_each_is_told_once(cast: Cast) -> None:
    """The same occasion again tells only those who were not told."""
    assert _tell(cast, cast.secretary, cast.deputy, cast.secretary) == 2
    assert _tell(cast, cast.secretary, cast.member) == 1
    assert Notice.objects.count() == 3
    assert _tell(cast, cast.secretary, once="b") == 1


def test_ten_thousand_people_take_few_statements(cast: Cast) -> None:
    """A statement for each batch, not for each person."""
    people = Person.objects.bulk_create(
        Person(username=f"p{n}", name="某", password="x") for n in range(10_000)
    )
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert _tell(cast, *people) == 10_000
    assert len(seen) < (20 if connection.vendor == "postgresql" else 140)
    assert Notice.objects.count() == 10_000


def test_only_who_may_still_see_is_shown_it(cast: Cast) -> None:
    """A notice disappears with the right and comes back with it."""
    _tell(cast, cast.secretary, cast.stranger, cast.office, cast.nobody)

    def shown(person: Person) -> int:
        mine = Notice.objects.filter(person=person)
        return mine.visible_to(reach_of(person, AT)).count()

    assert [shown(p) for p in (cast.secretary, cast.stranger, cast.office, cast.nobody)] == [
        1, 0, 1, 0,
    ]  # fmt: skip
    _tell(cast, cast.nobody, once="own", verb=None)
    assert shown(cast.nobody) == 1
    _tell(cast, cast.secretary, cast.office, once="above", verb=Verb.WAIVE_LINE)
    assert (shown(cast.secretary), shown(cast.office)) == (1, 2)
    cast.secretary.grants.update(until=AT - timedelta(days=1))
    assert shown(cast.secretary) == 0


def test_an_address_that_leads_out_is_refused(cast: Cast) -> None:
    """Nothing is stored that would send somebody elsewhere, and it is said so."""
    for address in ("https://example.org/", "//example.org/", "", "x" * 301):
        with pytest.raises(ValueError, match="path inside"):
            _tell(cast, cast.secretary, address=address)
        with pytest.raises(ValueError, match="path inside"):
            tell_organization(
                organization_id=cast.branch.id, kind=Kind.TEXT, title="x", address=address,
                once="a", at=AT,
            )  # fmt: skip
    assert not Notice.objects.exists()


def test_a_long_title_is_cut_and_lines_are_joined(cast: Cast) -> None:
    """What is kept fits the column of both databases, the rare signs too."""
    _tell(cast, cast.secretary, title="𠮷\n" * 300)
    title = Notice.objects.get().title
    assert len(title) == 200
    assert title.startswith("𠮷 𠮷")
    assert title.endswith("…")


def test_a_robot_says_it_once(cast: Cast) -> None:
    """One message for each organisation and occasion; none for later where there is no robot."""
    for organization in (cast.branch, cast.other_branch):
        Channel.objects.create(
            organization=organization,
            tool="wecom",
            host="h",
            target="x",
            verified_at=AT,
            made_at=AT,
        )

    def say(organization: UUID) -> bool:
        return tell_organization(
            organization_id=organization, kind=Kind.TEXT, title="学习通知", address="/a/",
            once="text:1", at=AT,
        )  # fmt: skip

    assert [say(cast.branch.id), say(cast.branch.id), say(cast.other_branch.id)] == [
        True, False, True,
    ]  # fmt: skip
    say(cast.committee.id)
    assert Message.objects.count() == 2


def test_what_is_taken_back_is_gone(cast: Cast) -> None:
    """A recalled text leaves no title behind."""
    _tell(cast, cast.secretary, cast.deputy, subject="text:1")
    _tell(cast, cast.secretary, once="b", subject="text:2")
    Channel.objects.create(
        organization=cast.branch, tool="wecom", host="h", target="x", verified_at=AT, made_at=AT
    )
    for subject in ("text:1", "text:2"):
        tell_organization(
            organization_id=cast.branch.id, kind=Kind.TEXT, title="学习通知", address="/a/",
            once=subject, subject=subject, at=AT,
        )  # fmt: skip
    assert take_back(subject="text:1") == 2
    assert Message.objects.get().subject == "text:2"
    assert Notice.objects.get().subject == "text:2"


def test_reading_counts_the_first_time(cast: Cast) -> None:
    """The moment of the first opening stays."""
    _tell(cast, cast.secretary)
    _tell(cast, cast.secretary, once="b")
    notice = Notice.objects.get(once="a")
    read_notice(notice=notice, at=AT)
    read_notice(notice=notice, at=AT + timedelta(days=1))
    notice.refresh_from_db()
    assert notice.read_at == AT
    _tell(cast, cast.secretary, once="lost", organization_id=cast.far_branch.id)
    assert read_all_notices(by=cast.secretary, at=AT) == 1  # what is hidden is not counted
    assert Notice.objects.get(once="lost").read_at is None
    assert read_all_notices(by=cast.deputy, at=AT) == 0


def test_a_room_is_asked_again_about_its_things(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What no verb decides is decided by who knows: hidden as soon as they say no, and back with yes."""
    seen, hidden = uuid4(), uuid4()
    readable = {seen}
    monkeypatch.setattr(asking, "_askers", {"thing": lambda _, keys: readable & set(keys)})
    for key in (seen, hidden):
        _tell(cast, cast.member, once=str(key), subject=f"thing:{key}", verb=None)
    _tell(cast, cast.member, once="other", subject="task:1")
    reach = reach_of(cast.member, AT)

    def shown() -> set[str]:
        return {notice.subject for notice in seen_by(cast.member, reach)}

    assert shown() == {f"thing:{seen}", "task:1"}
    assert count_unread(cast.member, reach) == 2
    readable.add(hidden)
    assert len(shown()) == 3
    readable.clear()
    assert shown() == {"task:1"}
