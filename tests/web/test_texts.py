"""传达, read: whom a text is shown to, what it says, that it is acknowledged once."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.cast import Cast, client_of
from tests.web.text_story import (
    BODY,
    NINE,
    a_draft,
    a_text,
    give_account,
    infirm,
    members_of,
    read,
    tie,
    work,
)

from zhibu.network.dissemination import services
from zhibu.network.dissemination.models import Receipt, Text, TextFile
from zhibu.network.dissemination.services import amend_text, forward_text, recall_text
from zhibu.network.notices.models import Notice
from zhibu.people.models import Person
from zhibu.rules.reach import Mode

pytestmark = pytest.mark.usefixtures("data_dir")
MOST = 12


def page_of(client: Client, text: Text) -> str:
    answer = client.get(reverse("text", args=[text.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def say_read(client: Client, text: Text, version: int | str = 1) -> object:
    return client.post(reverse("text-acknowledge", args=[text.pk]), {"version": version})


def test_a_member_reads_and_says_so_once(cast: Cast) -> None:
    """The list names it, the page has the button; a second press changes nothing."""
    client = give_account(cast)
    text = a_text(cast.committee, cast.office, reach_by=date(2026, 3, 15))
    listed = client.get(reverse("text-reading")).content.decode()
    assert "请您阅读（1件）" in listed
    assert text.title in listed
    assert "请于3月15日（周日）前阅知" in listed
    said = page_of(client, text)
    assert "每名党员都要学到" in said
    assert ">已阅知</button>" in said
    assert say_read(client, text).status_code == 303  # type: ignore[attr-defined]
    first = Receipt.objects.get()
    assert say_read(client, text).status_code == 303  # type: ignore[attr-defined]
    again = Receipt.objects.get()
    assert (first.pk, first.at) == (again.pk, again.at)
    said = page_of(client, text)
    assert "您已于2026年3月12日（周四）阅知" in said
    assert ">已阅知</button>" not in said
    listed = client.get(reverse("text-reading")).content.decode()
    assert "没有需要您阅读的文件" in listed
    assert text.title in listed


def test_what_was_told_of_it_is_settled_with_it(cast: Cast) -> None:
    """The bell does not go on about a text that was acknowledged; other notices stay."""
    client = give_account(cast)
    text, other = a_text(cast.committee, cast.office), a_text(cast.committee, cast.office)
    work(NINE)
    unread = Notice.objects.filter(person=cast.member, read_at=None)
    assert set(unread.values_list("subject", flat=True)) == {f"text:{t.pk}" for t in (text, other)}
    say_read(client, text)
    assert set(unread.values_list("subject", flat=True)) == {f"text:{other.pk}"}


def test_seen_is_not_acknowledged(cast: Cast) -> None:
    """To open the page leaves no trace."""
    client = give_account(cast)
    text = a_text(cast.committee, cast.office)
    page_of(client, text)
    assert not Receipt.objects.exists()


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("secretary", 200), ("deputy", 200), ("member", 200), ("office", 200), ("leader", 200),
        ("neighbour", 404), ("stranger", 404), ("far_office", 404), ("nobody", 404),
        ("group_leader", 404), ("system_admin", 404), ("security_admin", 404),
        ("audit_admin", 404), ("keeper", 404),
    ],
)  # fmt: skip
def test_a_text_for_one_branch_is_seen_there_and_above(cast: Cast, who: str, status: int) -> None:
    """Mistakes 1 and 14: neither the page nor its attachment opens for anybody else."""
    tie(cast.members[4], cast.member)
    text = a_text(cast.committee, cast.office, organizations=(cast.branch.pk,), file="方案.pdf")
    client = client_of(getattr(cast, who))
    file = TextFile.objects.get()
    for name, key in (("text", text.pk), ("text-file", file.pk)):
        assert client.get(reverse(name, args=[key])).status_code == status, name
    answer = say_read(client, text)
    is_reader = who in {"secretary", "deputy", "member"}
    assert answer.status_code == (303 if is_reader else 404)  # type: ignore[attr-defined]
    assert Receipt.objects.count() == int(is_reader)
    client.logout()
    for name, key in (("text", text.pk), ("text-file", file.pk)):
        assert "sign-in" in client.get(reverse(name, args=[key]))["Location"]


def test_a_draft_and_its_file_are_for_those_who_may_issue_it(cast: Cast) -> None:
    """Nobody whom it will be for sees it before."""
    tie(cast.members[4], cast.member)
    text = a_draft(cast.committee, cast.office, file="方案.pdf")
    file = TextFile.objects.get()
    for who in ("member", "secretary", "leader", "neighbour", "nobody"):
        client = client_of(getattr(cast, who))
        for name, key in (("text", text.pk), ("text-file", file.pk), ("text-edit", text.pk)):
            assert client.get(reverse(name, args=[key])).status_code == 404, (who, name)
    office = client_of(cast.office)
    assert office.get(reverse("text", args=[text.pk])).status_code == 303
    assert b"".join(office.get(reverse("text-file", args=[file.pk])).streaming_content)  # type: ignore[attr-defined]


def test_level_by_level_is_invisible_below_until_it_was_sent_on(cast: Cast) -> None:
    """Member and secretary: 404 until the level above has it; then with the words of the levels."""
    member = give_account(cast)
    secretary = client_of(cast.secretary)
    upper = cast.commission
    text = a_text(upper, cast.office, mode=Mode.BY_LEVEL, file="方案.pdf")
    address = reverse("text", args=[text.pk])
    file = reverse("text-file", args=[TextFile.objects.get().pk])

    def seen() -> tuple[int, int, int]:
        office = client_of(cast.office).get(address).status_code
        return office, secretary.get(address).status_code, member.get(address).status_code

    assert seen() == (200, 404, 404)
    assert secretary.get(file).status_code == 404
    forward_text(
        text=text, organization=cast.committee, words="请各支部结合口岸实际。", by=cast.office,
        at=NINE,
    )  # fmt: skip
    assert seen() == (200, 200, 404)
    assert member.get(file).status_code == 404
    assert "请各支部结合口岸实际。" in page_of(secretary, text)
    assert say_read(member, text).status_code == 404  # type: ignore[attr-defined]
    forward_text(
        text=text, organization=cast.branch, words="周五下午集中学习。", by=cast.secretary, at=NINE
    )
    assert seen() == (200, 200, 200)
    said = page_of(member, text)
    assert said.index("请各支部结合口岸实际。") < said.index("周五下午集中学习。")
    assert member.get(file).status_code == 200


def test_a_correction_keeps_the_receipt_and_a_new_version_asks_again(cast: Cast) -> None:
    """What changed since is shown open; an older page cannot acknowledge the newer version."""
    client = give_account(cast)
    text = a_text(cast.committee, cast.office)
    say_read(client, text)
    more = {"title": text.title, "by": cast.office, "at": NINE + timedelta(hours=1)}
    body = BODY.replace("结合实际", "结合各自实际")
    text = amend_text(
        text=text, revision=text.revision, body=body, note="补了两个字。", is_new_version=False,
        **more,
    )  # fmt: skip
    said = page_of(client, text)
    assert "您已于" in said
    assert "补了两个字。" in said
    text = amend_text(
        text=text, revision=text.revision, body=body + "\n三月底前完成。", note="增加时限。",
        is_new_version=True, **more,
    )  # fmt: skip
    said = page_of(client, text)
    assert "您上次阅知以后的修改" in said
    assert "<ins>三月底前完成。</ins>" in said
    assert "请阅读后重新确认" in said
    answer = client.post(reverse("text-acknowledge", args=[text.pk]), {"version": 1}, follow=True)
    assert Receipt.objects.filter(version=2).count() == 0
    assert "请看过改动以后再确认" in answer.content.decode()
    say_read(client, text, 2)
    assert Receipt.objects.filter(version=2).count() == 1
    assert "重新确认" not in page_of(client, text)


def test_what_was_recalled_shows_why_and_nothing_else(cast: Cast) -> None:
    """Neither body nor file for readers; the office still has both."""
    client = give_account(cast)
    text = a_text(cast.committee, cast.office, file="方案.pdf")
    recall_text(text=text, reason="所附方案有误。", by=cast.office, at=NINE)
    file = reverse("text-file", args=[TextFile.objects.get().pk])
    said = page_of(client, text)
    assert "所附方案有误。" in said
    assert "每名党员都要学到" not in said
    assert ">已阅知</button>" not in said
    assert client.get(file).status_code == 404
    assert "所附方案有误。" in client.get(reverse("text-reading")).content.decode()
    answer = client.post(reverse("text-acknowledge", args=[text.pk]), {"version": 1}, follow=True)
    assert "撤回" in answer.content.decode()
    assert not Receipt.objects.exists()
    office = client_of(cast.office)
    assert "每名党员都要学到" in page_of(office, text)
    assert office.get(file).status_code == 200


@pytest.mark.parametrize("version", ["", "0", "2", "-1", "1e3", "9" * 400, "²", "一"])
def test_a_version_that_there_is_not_is_no_receipt(cast: Cast, version: str) -> None:
    """404 or told; never a 500, never a receipt."""
    client = give_account(cast)
    text = a_text(cast.committee, cast.office)
    assert say_read(client, text, version).status_code in {303, 404}  # type: ignore[attr-defined]
    assert not Receipt.objects.exists()


def test_script_in_a_text_stays_text(cast: Cast) -> None:
    """Mistake 6: in title, body, reason and the words of a level; in the comparison too."""
    client = give_account(cast)
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    text = a_text(cast.committee, cast.office, title=f"通知{evil}", body=f"正文{evil}")
    text = amend_text(
        text=text, revision=text.revision, title=text.title, body=f"正文{evil}{evil}",
        note=f"说明{evil}", is_new_version=True, by=cast.office, at=NINE,
    )  # fmt: skip
    for page in (page_of(client, text), client.get(reverse("text-reading")).content.decode()):
        assert "<script>alert" not in page
        assert "<img" not in page.replace('<img src="/static', "")
    recall_text(text=text, reason=f"理由{evil}", by=cast.office, at=NINE)
    assert "<script>alert" not in page_of(client, text)


def test_an_attachment_is_never_run(cast: Cast) -> None:
    """Saved, not shown; sandboxed; not kept by the browser."""
    client = give_account(cast)
    a_text(cast.committee, cast.office, file="方案 𠮷.pdf")
    got = client.get(reverse("text-file", args=[TextFile.objects.get().pk]))
    assert got["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert got["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in got["Content-Security-Policy"]
    assert got["Cache-Control"] == "private, no-store"


def test_nobody_acknowledges_for_somebody_else(cast: Cast) -> None:
    """Mistake 4: no field names a member; what is sent along counts for nothing."""
    client = give_account(cast)
    text = a_text(cast.committee, cast.office)
    client.post(
        reverse("text-acknowledge", args=[text.pk]),
        {"version": 1, "member": str(cast.members[2].pk), "person": str(cast.secretary.pk)},
    )
    assert Receipt.objects.get().member_id == cast.members[4].pk


def test_what_a_meeting_or_a_visit_passed_on_is_not_asked_again(cast: Cast) -> None:
    """A visit reaches the old and ill; their page says so."""
    client = give_account(cast)
    infirm(cast.members[4], cast.branch, cast.secretary)
    text = a_text(cast.committee, cast.office)
    services.record_visit(
        text=text, member=cast.members[4], visitor=cast.members[1],
        visited_on=date(2026, 3, 12), by=cast.secretary, at=NINE + timedelta(days=1, hours=1),
    )  # fmt: skip
    assert "上门向您传达" in page_of(client, text)
    listed = client.get(reverse("text-reading")).content.decode()
    assert "没有需要您阅读的文件" in listed
    assert "上门传达" in listed


def test_whoever_is_on_no_roster_is_told_so(cast: Cast) -> None:
    """The list opens for everybody who is signed in, and says what it is."""
    for who in ("nobody", "office", "audit_admin"):
        answer = client_of(getattr(cast, who)).get(reverse("text-reading"))
        assert answer.status_code == 200
        assert "没有对应名册中的党员" in answer.content.decode()
    assert client_of(cast.member).get(reverse("text", args=[uuid4()])).status_code == 404


def test_lists_and_pages_ask_no_more_with_ten_times_as_much(cast: Cast) -> None:
    """Twelve questions to the database at most, for a member and for a secretary who reads too."""
    client, secretary = give_account(cast), client_of(cast.secretary)
    counted = []
    for number in (2, 20):
        for at in range(number):
            text = a_text(
                cast.committee, cast.office, title=f"第{number}批第{at}号", file="附件.pdf",
                at=NINE + timedelta(minutes=at),
            )  # fmt: skip
            if at % 2:
                read(text, cast.members[4])
        for one in (client, secretary):
            for address in (reverse("text-reading"), reverse("text", args=[text.pk])):
                one.get(address)
                with CaptureQueriesContext(connection) as queries:
                    assert one.get(address).status_code == 200
                assert len(queries) <= MOST, (address, len(queries))
                counted.append(len(queries))
    half = len(counted) // 2
    assert counted[:half] == counted[half:]


def test_a_long_list_has_pages(cast: Cast) -> None:
    """Mistake 12: what was read earlier comes fifty at a time."""
    client = give_account(cast)
    for at in range(55):
        text = services.draft_text(
            organization=cast.branch, draft=services_draft(cast, f"第{at}号"), by=cast.secretary,
            at=NINE,
        )  # fmt: skip
        text = services.issue_text(text=text, revision=text.revision, by=cast.secretary, at=NINE)
        services.acknowledge(text=text, version=1, by=cast.member, at=NINE)
    work()
    first = client.get(reverse("text-reading"))
    assert len(first.content) < 200_000
    assert "第1页，共2页（55条）" in first.content.decode()


def services_draft(cast: Cast, title: str) -> object:
    from zhibu.network.dissemination.facts import TextDraft

    return TextDraft(title=title, body="请阅。", organizations=(cast.branch.pk,))


def test_those_who_came_later_are_not_asked(cast: Cast) -> None:
    """Neither the neighbour's member nor somebody who joined after the day of issue."""
    text = a_text(cast.branch, cast.secretary)
    other = Person.objects.create(username="weiyuan9", name="某人")
    tie(members_of(cast.other_branch)[0], other)
    assert client_of(other).get(reverse("text", args=[text.pk])).status_code == 404


def test_home_names_what_waits(cast: Cast) -> None:
    """To read, for the member and the secretary; to pass on, for those who record; within the bound."""
    member, secretary = give_account(cast), client_of(cast.secretary)
    for at in range(12):
        text = a_text(
            cast.committee, cast.office, title=f"通知第{at}号", at=NINE + timedelta(minutes=at)
        )
    address = reverse("branch-home", args=[cast.branch.pk])
    said = member.get(address).content.decode()
    assert "请您本人阅读" in said
    assert "待支部传达" not in said
    secretary.get(address)
    with CaptureQueriesContext(connection) as queries:
        said = secretary.get(address).content.decode()
    assert "请您本人阅读" in said
    assert "待支部传达" in said
    assert reverse("text-reach", args=[text.pk, cast.branch.pk]) in said
    assert len(queries) <= MOST
    assert "待支部传达" not in client_of(cast.office).get(address).content.decode()
