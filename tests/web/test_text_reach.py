"""传达, followed: levels and names for those in scope, reminding those only, visits, the list to take along."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.cast import FOUNDED, Cast, client_of
from tests.web.text_story import NINE, ZONE, a_text, infirm, members_of, read, tie, work

from zhibu.ledger.models import Entry
from zhibu.network.dissemination.models import Receipt, Text
from zhibu.network.dissemination.services import forward_text, recall_text, record_visit
from zhibu.network.notices.models import Notice
from zhibu.network.notices.services import read_notices_of
from zhibu.org.models import Member, Membership
from zhibu.org.services import transfer_member
from zhibu.people.models import Person
from zhibu.rules.reach import Mode, Readers

pytestmark = pytest.mark.usefixtures("data_dir")
MOST = 12
NOON = datetime(2026, 3, 12, 12, tzinfo=ZONE)


def at(name: str, text: Text, organization: Any) -> str:
    return reverse(name, args=[text.pk, organization.pk])


def page_of(client: Client, text: Text, organization: Any, **asked: str) -> str:
    answer = client.get(at("text-reach", text, organization), asked)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_levels_open_down_to_the_names(cast: Cast) -> None:
    """The committee's page names its branches in the order of the tree, a branch's page its members."""
    text = a_text(cast.committee, cast.office)
    for member in (*cast.members[:7], members_of(cast.other_branch)[0]):
        read(text, member)
    client = client_of(cast.office)
    said = page_of(client, text, cast.committee)
    assert "应传达12人，还有4人没有传达到，在2个党组织" in said
    assert said.index("第一党支部") < said.index("第二党支部")
    assert "不排名次" in said
    assert at("text-reach", text, cast.branch) in said
    names = page_of(client, text, cast.branch)
    for member in cast.members[7:]:
        assert member.name in names
    assert cast.members[0].name not in names
    reached = page_of(client, text, cast.branch, part="reached")
    assert cast.members[0].name in reached
    assert "本人阅知" in reached
    everybody = page_of(client, text, cast.committee, part="left")
    assert cast.members[8].name in everybody
    assert members_of(cast.other_branch)[2].name in everybody
    for part in ("levels", "left", "reached"):
        for word in ("时长", "排名：", "第1名", "%"):
            assert word not in page_of(client, text, cast.committee, part=part)


@pytest.mark.parametrize(
    ("who", "own", "above"),
    [
        ("secretary", 200, 404), ("deputy", 200, 404), ("office", 200, 200), ("leader", 200, 200),
        ("member", 404, 404), ("group_leader", 404, 404), ("neighbour", 404, 404),
        ("stranger", 404, 404), ("far_office", 404, 404), ("nobody", 404, 404),
        ("keeper", 404, 404), ("security_admin", 404, 404),
    ],
)  # fmt: skip
def test_who_sees_whom_it_has_reached(cast: Cast, who: str, own: int, above: int) -> None:
    """A branch sees itself, the level above all; members and strangers nothing."""
    text = a_text(cast.committee, cast.office)
    client = client_of(getattr(cast, who))
    for name in ("text-reach", "text-unreached"):
        assert client.get(at(name, text, cast.branch)).status_code == own
        assert client.get(at(name, text, cast.committee)).status_code == above
    is_issuer = who in {"secretary", "office"}
    answer = client.post(at("text-remind", text, cast.branch))
    assert answer.status_code == (303 if is_issuer else 404)


def test_how_people_were_reached_is_said_as_numbers(cast: Cast, freeze: Any) -> None:
    """At the level above a branch too: by reading, by a visit; and who left since."""
    text = a_text(cast.committee, cast.office)
    for member in (*cast.members[:3], members_of(cast.other_branch)[0]):
        read(text, member)
    old = cast.members[7]
    infirm(old, cast.branch, cast.secretary)
    record_visit(
        text=text, member=old, visitor=cast.members[1], visited_on=date(2026, 3, 12),
        by=cast.secretary, at=NOON,
    )  # fmt: skip
    client = client_of(cast.office)
    for is_folded in (False, True):
        if is_folded:
            work(NOON)
        said = page_of(client, text, cast.committee)
        assert "已传达 5 人</span>（本人阅知 4 人，上门传达 1 人）" in said
        assert "本人阅知3、上门传达1" in said
        assert "已转出" not in said
    for member, branch in ((cast.members[5], cast.far_branch), (cast.members[0], cast.far_branch)):
        transfer_member(member=member, branch=branch, on=date(2026, 3, 14), by=None, at=NOON)
    freeze(date(2026, 3, 13))
    assert "已转出" not in page_of(client, text, cast.committee)
    freeze(date(2026, 3, 14))  # who had read it counts as reached
    said = page_of(client, text, cast.committee)
    assert "未传达 7 人</span>（其中已转出1人）" in said


def test_the_neighbour_sees_its_own_part_only(cast: Cast) -> None:
    """Mistake 14: the same text, the other branch's page and names."""
    text = a_text(cast.committee, cast.office)
    client = client_of(cast.neighbour)
    own = page_of(client, text, cast.other_branch)
    assert members_of(cast.other_branch)[0].name in own
    assert not any(member.name in own for member in cast.members)
    for part in ("", "?part=left", "?part=reached", "?part=levels"):
        assert client.get(at("text-reach", text, cast.branch) + part).status_code == 404
    other = a_text(cast.committee, cast.office, organizations=(cast.branch.pk,))
    assert client.get(at("text-reach", other, cast.other_branch)).status_code == 404


def test_only_those_not_reached_are_reminded_and_once_a_day(cast: Cast, freeze: Any) -> None:
    """At noon: seven have read, two have not, one of them has an account; the others hear nothing."""
    text = a_text(cast.committee, cast.office)
    for member in cast.members[:7]:
        read(text, member)
    late = Person.objects.create(username="late", name=cast.members[7].name)
    tie(cast.members[7], late)
    Notice.objects.all().delete()
    freeze(NOON)
    client = client_of(cast.office)
    answer = client.post(at("text-remind", text, cast.committee), follow=True)
    said = answer.content.decode()
    assert "已提醒还没有传达到的1人；另有4人没有账号或者已经转出" in said
    work(NOON)
    assert list(Notice.objects.values_list("person", flat=True)) == [late.pk]
    said = page_of(client, text, cast.committee)
    assert "最近一次提醒：3月12日，提醒1人" in said
    again = client.post(at("text-remind", text, cast.committee), follow=True).content.decode()
    assert "一天之内不重复提醒" in again
    work(NOON)
    assert Notice.objects.count() == 1


def test_nobody_is_reminded_of_what_was_recalled(cast: Cast) -> None:
    """The button is gone, and an old page's press says so."""
    text = a_text(cast.committee, cast.office)
    recall_text(text=text, reason="发错了。", by=cast.office, at=NINE)
    client = client_of(cast.office)
    said = page_of(client, text, cast.committee)
    assert "文件已经撤回" in said
    assert "提醒未传达的" not in said
    Notice.objects.all().delete()
    client.post(at("text-remind", text, cast.committee))
    work(NOON)
    assert not Notice.objects.exists()


def test_where_a_text_is_stuck(cast: Cast) -> None:
    """Level by level: the committee sees the branches that have not sent it on."""
    text = a_text(cast.committee, cast.office, mode=Mode.BY_LEVEL)
    client = client_of(cast.office)
    said = page_of(client, text, cast.committee)
    assert "还没有转发下级的：第一党支部、第二党支部" in said
    forward_text(text=text, organization=cast.branch, words="", by=cast.secretary, at=NINE)
    said = page_of(client, text, cast.committee)
    assert "还没有转发下级的：第二党支部" in said


def test_who_cannot_read_it_yet_is_told_apart(cast: Cast) -> None:
    """Above it is stuck: nobody has to remind those below, their level has to send it on."""
    text = a_text(cast.commission, cast.office, mode=Mode.BY_LEVEL)
    client = client_of(cast.office)
    assert "尚未转发到本人" in page_of(client, text, cast.branch)
    for organization in (cast.committee, cast.branch):
        forward_text(text=text, organization=organization, words="", by=cast.office, at=NINE)
    said = page_of(client, text, cast.branch)
    assert "尚未转发到本人" not in said
    assert "未传达" in said


def test_a_branch_is_not_asked_to_send_on_what_is_for_secretaries(cast: Cast) -> None:
    """It has nobody below to send it to: neither its list nor the text offers it."""
    text = a_text(cast.commission, cast.office, mode=Mode.BY_LEVEL, readers=Readers.SECRETARIES)
    forward_text(text=text, organization=cast.committee, words="", by=cast.office, at=NINE)
    client = client_of(cast.secretary)
    for address in (
        reverse("text", args=[text.pk]),
        reverse("text-list", args=[cast.branch.pk]) + "?part=arrived",
    ):
        said = client.get(address).content.decode()
        assert text.title in said
        assert "转发给本支部党员" not in said
        assert "待转发" not in said


def test_sending_on_settles_what_asked_for_it(cast: Cast) -> None:
    """For whoever was told; reading the text does not."""
    text = a_text(cast.commission, cast.office, mode=Mode.BY_LEVEL)
    forward_text(text=text, organization=cast.committee, words="", by=cast.office, at=NINE)
    work()
    tie(cast.members[0], cast.secretary)
    asked = Notice.objects.get(person=cast.secretary, title__startswith="请转发")
    read_notices_of(by=cast.secretary, subject=asked.subject, at=NOON)
    asked.refresh_from_db()
    assert asked.read_at is None
    forward_text(text=text, organization=cast.branch, words="", by=cast.secretary, at=NOON)
    asked.refresh_from_db()
    assert asked.read_at == NOON


def test_an_old_member_is_visited(cast: Cast) -> None:
    """Offered beside the infirm alone; written down with the day; taken back with a reason."""
    text = a_text(cast.committee, cast.office)
    infirm(cast.members[5], cast.branch, cast.secretary)
    client = client_of(cast.secretary)
    said = page_of(client, text, cast.branch)
    address = reverse("text-visit", args=[text.pk, cast.members[5].pk])
    assert said.count("登记上门传达") == 1
    assert address in said
    assert client.get(address).status_code == 200
    values = {"visited_on": "2026-03-12", "visitor": str(cast.members[1].pk)}
    assert client.post(address, values).status_code == 303
    reached = page_of(client, text, cast.branch, part="reached")
    assert "乙二芳上门传达" in reached
    receipt = Receipt.objects.get()
    back = reverse("text-visit-withdraw", args=[receipt.pk])
    assert back in reached
    assert client.post(back, {"reason": ""}).status_code == 422
    assert client.post(back, {"reason": "记错了人。"}).status_code == 303
    assert cast.members[5].name in page_of(client, text, cast.branch)


@pytest.mark.parametrize(
    "wrong",
    [
        {"visited_on": "2026-03-13"}, {"visited_on": "2026-03-01"}, {"visited_on": ""},
        {"visited_on": "1899-01-01"}, {"visited_on": "x"}, {"visitor": ""}, {"visitor": "x"},
        {"visitor": "self"}, {"visitor": "neighbour"},
    ],
)  # fmt: skip
def test_a_visit_that_cannot_be_is_told(cast: Cast, wrong: dict[str, str]) -> None:
    """Mistake 4: not tomorrow, not before the text was sent, not by oneself, not by a stranger."""
    text = a_text(cast.committee, cast.office)
    infirm(cast.members[5], cast.branch, cast.secretary)
    values = {"visited_on": "2026-03-12", "visitor": str(cast.members[1].pk), **wrong}
    people = {"self": cast.members[5], "neighbour": members_of(cast.other_branch)[0]}
    if values["visitor"] in people:
        values["visitor"] = str(people[values["visitor"]].pk)
    address = reverse("text-visit", args=[text.pk, cast.members[5].pk])
    answer = client_of(cast.secretary).post(address, values)
    assert answer.status_code == 422
    assert "alert" in answer.content.decode()
    assert not Receipt.objects.exists()


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("secretary", 200), ("deputy", 200), ("group_leader", 404), ("member", 404),
        ("office", 404), ("neighbour", 404), ("stranger", 404), ("nobody", 404),
    ],
)  # fmt: skip
def test_who_writes_a_visit_down(cast: Cast, who: str, status: int) -> None:
    """Those who write all records of the member's branch."""
    text = a_text(cast.committee, cast.office)
    infirm(cast.members[5], cast.branch, cast.secretary)
    address = reverse("text-visit", args=[text.pk, cast.members[5].pk])
    client = client_of(getattr(cast, who))
    assert client.get(address).status_code == status
    nowhere = reverse("text-visit", args=[uuid4(), cast.members[5].pk])
    assert client.get(nowhere).status_code == 404


def test_the_list_to_take_along(cast: Cast) -> None:
    """Names in the order of the tree, one line in the ledger, formulas stay text."""
    text = a_text(cast.committee, cast.office, title="=1+1")
    for member in cast.members[:8]:
        read(text, member)
    answer = client_of(cast.office).get(at("text-unreached", text, cast.committee))
    assert answer.status_code == 200
    sheet: Any = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4, max_col=5)]
    names = [row[3] for row in rows if row[3]]
    assert names == [cast.members[8].name, *(m.name for m in members_of(cast.other_branch))]
    assert rows[0][1:3] == [cast.committee.name, cast.branch.name]
    assert Entry.objects.filter(verb="export_unreached").count() == 1


def test_reading_names_leaves_a_line(cast: Cast) -> None:
    """Levels are numbers; names are read, and that is noted."""
    text = a_text(cast.committee, cast.office)
    client = client_of(cast.office)
    page_of(client, text, cast.committee)
    assert not Entry.objects.filter(verb="see_reach").exists()
    page_of(client, text, cast.branch)
    assert Entry.objects.filter(verb="see_reach", person=cast.office).count() == 1


def crowd(cast: Cast, number: int) -> None:
    """More members in the branch."""
    people = [
        Member(name=f"成员{n}", joined_on=date(2005, 7, 1), full_on=date(2006, 7, 1))
        for n in range(number)
    ]
    Member.objects.bulk_create(people)
    Membership.objects.bulk_create(
        Membership(member=one, branch=cast.branch, since=FOUNDED) for one in people
    )


@pytest.mark.parametrize("mode", [Mode.AT_ONCE, Mode.BY_LEVEL])
def test_the_pages_ask_no_more_with_ten_times_as_many(cast: Cast, mode: Mode) -> None:
    """Twelve questions at most, 200 KB at most, with 9 members and with 600."""
    for number in (0, 591):
        crowd(cast, number)
        text = a_text(cast.committee, cast.office, mode=mode, at=NINE + timedelta(minutes=number))
        if mode is Mode.BY_LEVEL:
            forward_text(
                text=text, organization=cast.branch, words="好。", by=cast.secretary, at=NINE
            )
        for member in cast.members[:5]:
            read(text, member)
        infirm(cast.members[6 if number else 7], cast.branch, cast.secretary)
        work()
        for who, organization in (
            (cast.office, cast.committee), (cast.office, cast.branch), (cast.secretary, cast.branch),
        ):  # fmt: skip
            client = client_of(who)
            for part in ("levels", "left", "reached"):
                address = at("text-reach", text, organization) + f"?part={part}"
                client.get(address)
                with CaptureQueriesContext(connection) as queries:
                    answer = client.get(address)
                assert answer.status_code == 200
                assert len(answer.content) < 200_000
                sql = [
                    q["sql"][:60] + q["sql"][q["sql"].find("FROM") :][:60]
                    for q in queries
                    if "SAVEPOINT" not in q["sql"]
                ]
                assert len(sql) <= MOST, (part, len(sql), sql)
