"""日历订阅: the address is seen once, shows what its person may see today, and ends with the right."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from icalendar import Calendar, Event
from tests.cast import client_of
from tests.handbook.scene import AT, Scene, make_scene

from zhibu.ledger.models import Entry
from zhibu.network.feeds.models import Feed
from zhibu.network.feeds.services import MOST, make_feed, revoke_feed
from zhibu.org.models import Grant, Member, Organization
from zhibu.people.models import Person
from zhibu.plans.models import Plan, PlanLine
from zhibu.rules.contents import Decision, TaskNote
from zhibu.rules.norm import Activity

pytestmark = pytest.mark.usefixtures("data_dir")
ADDRESS = re.compile(r"http://testserver(/calendar/[\w-]+\.ics)")


@pytest.fixture
def scene(db: Any, freeze: Callable[..., None]) -> Scene:
    freeze(AT)
    return make_scene()


def made(person: Person, organization: Organization | None) -> str:
    """The path of a new address."""
    secret = make_feed(organization=organization, by=person, at=AT).secret
    return reverse("feed-calendar", args=(secret,))


def events(address: str) -> dict[str, Event]:
    """What a calendar reads there, by UID; checked line by line on the way."""
    answer = Client().get(address)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Cache-Control"] == "private, no-store"
    body = answer.content
    assert body.endswith(b"\r\n")
    for line in body.split(b"\r\n"):
        assert len(line) <= 75, line
        assert b"\n" not in line
        line.decode() if not line.startswith(b" ") else None
    found = Calendar.from_ical(body)
    assert not found.errors
    got = {str(each["uid"]): each for each in found.walk("VEVENT")}
    assert len(got) == len(found.walk("VEVENT"))
    return got


def titles(address: str) -> set[str]:
    return {str(each["summary"]) for each in events(address).values()}


def test_the_address_is_made_shown_once_and_listed(scene: Scene) -> None:
    """With a picture to scan; afterwards only that there is one. No secret in the database."""
    client = client_of(scene.cast.member)
    answer = client.post(reverse("feeds"), {"of": str(scene.branch.pk)})
    text = answer.content.decode()
    address = ADDRESS.search(text)
    assert address is not None
    assert "<svg" in text
    assert "webcal://testserver" in text
    assert answer["Cache-Control"] == "private, no-store"
    again = client.get(reverse("feeds")).content.decode()
    assert ADDRESS.search(again) is None
    assert "第一党支部安排表" in again
    assert "还没有日历读取过" in again
    events(address[1])
    assert "最近读取2026年3月20日" in client.get(reverse("feeds")).content.decode()
    secret = address[1].removeprefix("/calendar/").removesuffix(".ics")
    row = Feed.objects.get()
    assert secret not in str(Feed.objects.values())
    assert row.used_on == AT.date()
    assert Entry.objects.filter(verb="make_feed", subject_id=row.pk).count() == 1


def test_a_branch_sees_its_table(scene: Scene) -> None:
    """Every line that is within a year: planned, last day, what became of it; no minutes, no names."""
    line = scene.lines(Activity.MEMBERS_MEETING)[0]
    content = scene.content(lines=(str(line.pk),), minutes="只有支部知道的讨论内容。" * 9)
    scene.file(content)
    PlanLine.objects.filter(pk=scene.lines(Activity.LESSON)[4].pk).update(
        presenter="甲一明", responsible="乙二芳", topic="学习党章"
    )
    address = made(scene.cast.member, scene.branch)
    found = events(address)
    done = found[f"line-{line.pk.hex}@zhibu"]
    assert str(done["summary"]) == "支部党员大会（已完成）"
    assert done["dtstart"].dt == date(2026, 3, 12)
    assert done["dtend"].dt == date(2026, 3, 13)
    assert done["last-modified"].dt == AT
    open_line = scene.lines(Activity.LESSON)[5]
    last = found[f"due-{open_line.pk.hex}@zhibu"]
    assert last["dtstart"].dt == open_line.due_on
    assert str(last["url"]).startswith(f"http://testserver/b/{scene.branch.pk}/plan/2026/")
    assert len([uid for uid in found if uid.startswith("line-")]) == PlanLine.objects.count()
    whole = Client().get(address).content.decode().replace("\r\n ", "")
    for hidden in ("只有支部知道", "甲一明", "乙二芳", "VALARM"):
        assert hidden not in whole
    assert "主题：学习党章" in whole


def test_a_draft_of_a_table_is_on_no_calendar(scene: Scene) -> None:
    """Only what was adopted is agreed on."""
    address = made(scene.cast.secretary, scene.branch)
    Plan.objects.update(state="draft", adopted_at=None)
    assert events(address) == {}


def test_a_person_sees_what_asks_for_them(scene: Scene) -> None:
    """Meetings of all members; a group's for those of the group; nothing of the committee's."""
    cast = scene.cast
    fifth = cast.members[4]
    Member.objects.filter(pk=fifth.pk).update(person=cast.member)
    mine = PlanLine.objects.create(
        plan=scene.plan, branch=scene.branch, year=2026, practice_class="X", title="第一组学习",
        activity="group_meeting", group=fifth.memberships.get().group, opens_on=date(2026, 4, 1),
        planned_on=date(2026, 4, 9), due_on=date(2026, 4, 30),
    )  # fmt: skip
    for group in {cast.group, cast.other_group} - {mine.group}:
        PlanLine.objects.create(
            plan=scene.plan, branch=scene.branch, year=2026, practice_class="X", title="他组学习",
            activity="group_meeting", group=group, opens_on=date(2026, 4, 1),
            planned_on=date(2026, 4, 9), due_on=date(2026, 4, 30),
        )  # fmt: skip
        # By a norm that asks all members, in each group by itself.
        PlanLine.objects.create(
            plan=scene.plan, branch=scene.branch, year=2026, practice_class="B", title="他组党课",
            activity="lesson", group=group, opens_on=date(2026, 4, 1), due_on=date(2026, 4, 30),
            planned_on=date(2026, 4, 9), ordinal=1,
            requirement=scene.lines(Activity.LESSON)[0].requirement,
        )  # fmt: skip
    PlanLine.objects.create(
        plan=scene.plan, branch=scene.branch, year=2026, practice_class="X", title="支委碰头",
        activity="committee_meeting", opens_on=date(2026, 4, 1), planned_on=date(2026, 4, 9),
        due_on=date(2026, 4, 30),
    )  # fmt: skip
    found = titles(made(cast.member, None))
    assert {f"第一组学习（{mine.group.short_name}）", "党课"} <= found
    assert not any("他组" in one or "支委" in one for one in found)
    assert "支委碰头" in titles(made(cast.secretary, None))


def test_a_task_of_a_meeting_stands_on_its_owners_calendar(scene: Scene) -> None:
    """On the day by which it is due; on nobody else's."""
    cast = scene.cast
    task = TaskNote(owner=str(cast.members[1].pk), owner_name="乙二芳", due_on=date(2026, 4, 15))
    content = scene.content()
    scene.file(replace(content, decisions=(Decision("整理台账", for_=7, task=task),)))
    found = [e for e in events(made(cast.deputy, None)).values() if "任务到期" in str(e["summary"])]
    assert [str(one["summary"]) for one in found] == ["任务到期：整理台账"]
    assert found[0]["dtstart"].dt == date(2026, 4, 15)
    assert not any("任务" in one for one in titles(made(cast.secretary, None)))


@pytest.mark.parametrize("what", ["closed", "revoked", "grant ended", "moved away"])
def test_it_ends_with_the_right(scene: Scene, what: str) -> None:
    """404, the same as for an address that never was; and at once."""
    cast = scene.cast
    person = cast.office if what == "moved away" else cast.member
    address = made(person, scene.branch)
    assert Client().get(address).status_code == 200
    if what == "closed":
        Person.objects.filter(pk=person.pk).update(is_active=False)
    elif what == "revoked":
        revoke_feed(feed=Feed.objects.get(), by=person, at=AT)
    elif what == "grant ended":
        Grant.objects.filter(person=person).update(until=AT - timedelta(days=1))
    else:
        path = cast.far_committee.path + "000z"
        Organization.objects.filter(pk=scene.branch.pk).update(path=path)
    gone, never = Client().get(address), Client().get(reverse("feed-calendar", args=("x" * 32,)))
    assert gone.status_code == never.status_code == 404
    token = re.compile(rb'"X-CSRFToken": "\w+"')
    assert token.sub(b"", gone.content) == token.sub(b"", never.content)


def test_ones_own_calendar_empties_with_the_role(scene: Scene) -> None:
    """The address of a person stays, what they may not see any more leaves it."""
    address = made(scene.cast.secretary, None)
    assert titles(address)
    Grant.objects.filter(person=scene.cast.secretary).update(until=AT - timedelta(days=1))
    assert titles(address) == set()


def test_nobody_makes_or_ends_what_is_not_theirs(scene: Scene) -> None:
    """A branch that one may not see cannot be chosen; another's address cannot be revoked."""
    cast = scene.cast
    for given in (str(cast.far_branch.pk), str(uuid4()), "x", "", str(cast.committee.pk)):
        assert client_of(cast.member).post(reverse("feeds"), {"of": given}).status_code == 404
    assert (
        client_of(cast.member)
        .get(reverse("feeds"), {"branch": str(cast.far_branch.pk)})
        .status_code
        == 404
    )
    feed = make_feed(organization=None, by=cast.member, at=AT).feed
    answer = client_of(cast.neighbour).post(reverse("feed-revoke", args=(feed.pk,)))
    assert answer.status_code == 404
    answer = client_of(cast.member).post(reverse("feed-revoke", args=(feed.pk,)))
    assert answer.status_code == 303
    feed.refresh_from_db()
    assert feed.revoked_at == AT


def test_an_office_takes_the_calendar_of_a_branch_below(scene: Scene) -> None:
    """It comes from the branch's page and finds the branch chosen."""
    text = (
        client_of(scene.cast.office)
        .get(reverse("feeds"), {"branch": str(scene.branch.pk)})
        .content.decode()
    )
    assert f'value="{scene.branch.pk}" checked' in text


def test_there_is_an_end_to_addresses(scene: Scene) -> None:
    """Said in words, with what to do."""
    for _ in range(MOST):
        make_feed(organization=None, by=scene.cast.member, at=AT)
    answer = client_of(scene.cast.member).post(reverse("feeds"), {"of": "own"})
    assert answer.status_code == 422
    assert "请先停用不用的" in answer.content.decode()


def test_fetched_again_it_is_not_sent_again(scene: Scene, freeze: Callable[..., None]) -> None:
    """304 for the same; new bytes, with a later mark, once something changed."""
    address = made(scene.cast.member, scene.branch)
    first = Client().get(address)
    assert Client().get(address).content == first.content
    same = Client().get(address, headers={"If-None-Match": first["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    line = scene.lines(Activity.LESSON)[3]
    later = AT + timedelta(hours=1)
    scene.file(scene.content(lines=(str(line.pk),), activities=(Activity.LESSON,)), at=later)
    after = Client().get(address, headers={"If-None-Match": first["ETag"]})
    assert after.status_code == 200
    key = f"line-{line.pk.hex}@zhibu"
    before_mark = Calendar.from_ical(first.content)
    was = next(e for e in before_mark.walk("VEVENT") if str(e["uid"]) == key)
    assert events(address)[key]["last-modified"].dt > was["last-modified"].dt


def test_it_shows_a_year_back_and_ahead(scene: Scene, freeze: Callable[..., None]) -> None:
    """What lies further away is left out."""
    address = made(scene.cast.secretary, scene.branch)
    assert events(address)
    freeze(datetime(2028, 6, 1, 9, tzinfo=AT.tzinfo))
    assert events(address) == {}


@pytest.mark.parametrize(
    "secret", ["x", "%00", "a" * 2000, "..%2F..", "<script>", "𠮷", "%FF", "a b", "-"]
)
def test_made_up_addresses_are_not_there(scene: Scene, secret: str) -> None:
    """404, whatever is asked for."""
    assert Client().get(f"/calendar/{secret}.ics").status_code == 404
    assert Client().post(f"/calendar/{secret}.ics").status_code in {403, 404, 405}


def test_hostile_titles_are_text(scene: Scene) -> None:
    """Line breaks and signs of the format cannot end an entry or begin another."""
    line = scene.lines(Activity.LESSON)[5]
    evil = "党课;X=1,\\n\r\nEND:VEVENT\r\nBEGIN:VALARM\r\n" + "𠮷" * 60
    PlanLine.objects.filter(pk=line.pk).update(title=evil[:200], topic="a:b\nSUMMARY:x")
    found = events(made(scene.cast.member, scene.branch))
    assert f"line-{line.pk.hex}@zhibu" in found
    whole = Client().get(made(scene.cast.member, scene.branch)).content
    assert b"\r\nBEGIN:VALARM" not in whole


def test_twelve_queries_whatever_there_is(scene: Scene) -> None:
    """For both kinds of calendar."""
    member = scene.cast.members[0]
    assert member.person == scene.cast.secretary
    for organization in (scene.branch, None):
        address = made(scene.cast.secretary, organization)
        Client().get(address)
        with CaptureQueriesContext(connection) as seen:
            Client().get(address)
        assert len(seen) <= 12, [one["sql"][:80] for one in seen.captured_queries]
