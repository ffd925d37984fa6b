"""依法遮盖 on its page: who, what is asked, what is said before, what shows after, what still verifies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.cast import Cast, client_of
from tests.web.record_story import MINUTES, Writer, a_filed_record, make_table

from zhibu.handbook.books import bind_book
from zhibu.handbook.bundle_reading import verify_bundle
from zhibu.handbook.models import Record, RecordVersion, Redaction
from zhibu.handbook.verification import verify_database
from zhibu.handbook.versions import read_version, write_parts
from zhibu.ledger.models import Entry
from zhibu.people.keys import new_key
from zhibu.plans.models import Plan
from zhibu.rules.contents import FollowUp, FollowUpState
from zhibu.web import clock

pytestmark = pytest.mark.usefixtures("data_dir")
ASKED = {"part": "minutes", "basis": "个人信息保护法第四十七条", "reason": "本人申请删除"}
DONE = {**ASKED, "do": "redact", "understood": "1"}


@pytest.fixture
def plan(cast: Cast) -> Plan:
    return make_table(cast)


def post(person: Any, record: Record, **typed: str) -> Any:
    return client_of(person).post(reverse("record-redact", args=[record.pk]), typed)


@pytest.mark.parametrize(
    "who",
    [
        "secretary",
        "deputy",
        "group_leader",
        "member",
        "leader",
        "neighbour",
        "far_office",
        "nobody",
    ],
)
def test_only_the_office_of_a_level_above_may(cast: Cast, plan: Plan, who: str) -> None:
    """A branch never takes words out of its own book."""
    record = a_filed_record(cast, plan)
    address = reverse("record-redact", args=[record.pk])
    client = client_of(getattr(cast, who))
    assert client.get(address).status_code == 404
    assert client.post(address, DONE).status_code == 404
    assert not Redaction.objects.exists()
    page = client.get(reverse("record", args=[record.pk]))
    assert address not in page.content.decode()


def test_it_is_asked_shown_and_then_done(cast: Cast, plan: Plan, tmp_path: Path) -> None:
    """The office sees what would go and what stays; afterwards the text is nowhere, the proof is."""
    record = a_filed_record(cast, plan)
    office = client_of(cast.office)
    address = reverse("record-redact", args=[record.pk])
    assert address in office.get(reverse("record", args=[record.pk])).content.decode()
    assert "遮盖哪一部分" in office.get(address).content.decode()

    looked = office.post(address, {**ASKED, "do": "check"}).content.decode()
    assert MINUTES in looked
    for said in ("将要消失", "仍然保留、可以证明", "以前的备份中仍有原文", "核验照常通过"):
        assert said in looked
    assert not Redaction.objects.exists()
    again = office.post(address, {**ASKED, "do": "again"}).content.decode()
    assert "个人信息保护法第四十七条" in again

    answer = office.post(address, DONE)
    assert (answer.status_code, answer["Location"]) == (303, reverse("record", args=[record.pk]))
    assert RecordVersion.objects.get(record=record).minutes == ""
    shown = client_of(cast.member).get(reverse("record", args=[record.pk])).content.decode()
    assert MINUTES not in shown
    for said in (
        "依法遮盖：会议内容。",
        "依据：个人信息保护法第四十七条；理由：本人申请删除",
        "2026年3月12日",
    ):
        assert said in shown
    book = client_of(cast.member).get(reverse("book", args=[cast.branch.pk, 2026]))
    assert "2026年3月12日（周四）依法遮盖会议内容。依据：个人信息保护法" in book.content.decode()

    assert [outcome.fault for outcome in verify_database()] == [None]
    answer = client_of(cast.secretary).get(reverse("book-zip", args=[cast.branch.pk, 2026]))
    target = tmp_path / "book.zip"
    target.write_bytes(b"".join(answer))
    assert verify_bundle(target).fault is None

    bound = bind_book(cast.branch, 2026, today=clock.today())
    (change,) = bound.changes
    assert (change.kind, change.by) == ("依法遮盖：会议内容", "办公室")
    line = Entry.objects.get(verb="redact_part")
    assert (line.person, line.detail["part"]) == (cast.office, "minutes")
    assert "依据：个人信息保护法第四十七条" in line.detail["reason"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"part": "head"}, "须永久保留，不能遮盖"),
        ({"part": ""}, "请选择其他部分"),
        ({"part": "<script>alert(1)</script>"}, "请选择其他部分"),
        ({"part": "attachments"}, "这一部分没有内容"),
        ({"basis": ""}, "请写明所依据的法律、法规或者规定及其条款"),
        ({"basis": "<script>" * 40}, "不能超过200字"),
        ({"reason": "无"}, "请写明遮盖的理由"),
        ({"reason": "𠮷某的" * 84}, "不能超过250字"),
        ({"understood": ""}, "请先核对，勾选后才能遮盖"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    cast: Cast, plan: Plan, typed: dict[str, str], said: str
) -> None:
    """422, the sentence beside the field, nothing blacked out, no script."""
    record = a_filed_record(cast, plan)
    answer = post(cast.office, record, **{**DONE, **typed})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert "<script>alert" not in page
    assert "<script><script>" not in page
    if "basis" not in typed:
        assert ASKED["basis"] in page
    assert not Redaction.objects.exists()


def test_an_open_correction_comes_first(cast: Cast, plan: Plan) -> None:
    """Its draft would hold the words that have to go."""
    record = a_filed_record(cast, plan)
    client_of(cast.secretary).post(reverse("record-correct", args=[record.pk]))
    answer = post(cast.office, record, **DONE)
    assert answer.status_code == 422
    assert "请先归档或放弃草稿" in answer.content.decode()
    assert not Redaction.objects.exists()


def test_sending_it_twice_blacks_out_once(cast: Cast, plan: Plan) -> None:
    """The second time there is nothing left, and that is said."""
    record = a_filed_record(cast, plan)
    assert post(cast.office, record, **DONE).status_code == 303
    assert post(cast.office, record, **DONE).status_code == 422
    assert Redaction.objects.count() == 1


@pytest.mark.parametrize("part", ["particulars", "attendance", "decisions", "agenda", "elements"])
def test_every_part_shows_what_would_go(cast: Cast, plan: Plan, part: str) -> None:
    """Names where names go, the agenda where that goes; what says nothing is not offered."""
    record = a_filed_record(cast, plan, agenda="一、听取报告")
    page = client_of(cast.office).get(reverse("record-redact", args=[record.pk])).content.decode()
    answer = post(cast.office, record, **{**ASKED, "part": part})
    if f'value="{part}"' not in page:
        assert answer.status_code == 422
        return
    words = {"particulars": "三楼会议室", "attendance": "丁四娟", "agenda": "一、听取报告"}
    assert words.get(part, "将要消失") in answer.content.decode()
    assert post(cast.office, record, **{**DONE, "part": part}).status_code == 303
    for name in ("record", "record-list", "book"):
        args = [record.pk] if name == "record" else [cast.branch.pk]
        args += [2026] if name == "book" else []
        shown = client_of(cast.member).get(reverse(name, args=args))
        assert shown.status_code == 200
        assert "依法遮盖" in shown.content.decode()
    assert [outcome.fault for outcome in verify_database()] == [None]


def test_earlier_tasks_that_go_are_shown(cast: Cast, plan: Plan) -> None:
    """What the meeting said of earlier tasks goes with the particulars, and is seen before."""
    said = (FollowUp(str(new_key()), "调整值班安排", FollowUpState.CLOSED, "已公示到三楼"),)
    record = a_filed_record(cast, plan)
    version = RecordVersion.objects.get(record=record)
    content = replace(read_version(version).content, follow_ups=said)
    RecordVersion.objects.filter(pk=version.pk).update(
        particulars=write_parts(content)["particulars"]
    )
    looked = post(cast.office, record, **{**ASKED, "part": "particulars", "do": "check"})
    page = looked.content.decode()
    assert "<strong>上次议定事项：</strong>调整值班安排：已办结（已公示到三楼）" in page


def test_a_cover_hides_no_other_correction(cast: Cast, plan: Plan) -> None:
    """What was corrected still shows, but for the part that was blacked out."""
    record = a_filed_record(cast, plan)
    client_of(cast.secretary).post(reverse("record-correct", args=[record.pk]))
    writer = Writer(cast.secretary).open(Record.objects.get(pk=record.pk))
    writer.send("save", place="四楼会议室", minutes=MINUTES + "更正后补写的一句。")
    assert writer.file(reason="地点写错").status_code == 303
    assert post(cast.office, record, **DONE).status_code == 303
    page = client_of(cast.member).get(reverse("record", args=[record.pk])).content.decode()
    assert "更正1处" in page
    assert "三楼会议室" in page
    assert "四楼会议室" in page
    assert "更正后补写的一句" not in page
    assert post(cast.office, record, **{**DONE, "part": "particulars"}).status_code == 303
    page = client_of(cast.member).get(reverse("record", args=[record.pk])).content.decode()
    assert "三楼会议室" not in page
    assert "四楼会议室" not in page


@pytest.mark.parametrize("emptied", ["head", "particulars", "agenda", "minutes", "attendance"])
def test_the_day_never_goes(cast: Cast, plan: Plan, emptied: str) -> None:
    """When it was stands in the book whatever was blacked out, and where the head itself is lost.

    The head cannot be blacked out on a page; a database that lost it still names the day.
    """
    record = a_filed_record(cast, plan, agenda="一、听取报告")
    if emptied == "head":
        RecordVersion.objects.filter(record=record).update(head="")
    else:
        assert post(cast.office, record, **{**DONE, "part": emptied}).status_code == 303
    bound = bind_book(cast.branch, 2026, today=clock.today())
    (sheet,) = (one for section in bound.sections for one in section.records)
    hours = "" if emptied == "head" else "14:30至16:00"
    assert sheet.happened == f"2026年3月10日{hours}"
    shown = client_of(cast.member).get(reverse("record", args=[record.pk])).content.decode()
    assert "<dt>发生</dt><dd>2026年3月10日" in shown


def test_queries(cast: Cast, plan: Plan) -> None:
    """The question, the record and the book ask no more for many covers than for one."""
    record = a_filed_record(cast, plan, agenda="一、听取报告")
    addresses = [
        reverse("record-redact", args=[record.pk]),
        reverse("record", args=[record.pk]),
        reverse("book", args=[cast.branch.pk, 2026]),
    ]

    def count() -> list[int]:
        found = []
        for address in addresses:
            client = client_of(cast.office)
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                client.get(address)
            found.append(len(queries))
        return found

    post(cast.office, record, **DONE)
    few = count()
    for part in ("agenda", "particulars", "attendance"):
        assert post(cast.office, record, **{**DONE, "part": part}).status_code == 303
    assert max(few) <= 12
    assert all(now <= was for now, was in zip(count(), few, strict=True))
