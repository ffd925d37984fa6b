"""The book of a year on its page: contents, states, seals and countersignatures."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from tests.cast import AT, Cast, client_of
from tests.handbook.history import PNG
from tests.web.record_story import MINUTES, Writer, a_filed_record, a_line, make_table

from zhibu.handbook.books import bind_book
from zhibu.handbook.bundle_reading import verify_bundle
from zhibu.handbook.models import Attachment, Record
from zhibu.ledger.keys import master_path, signing_key
from zhibu.ledger.models import Seal
from zhibu.ledger.signatures import fingerprint
from zhibu.org.models import Member, Membership
from zhibu.org.services import grant_role
from zhibu.people.roles import Role
from zhibu.plans.models import Plan

pytestmark = pytest.mark.usefixtures("data_dir")


@pytest.fixture
def plan(cast: Cast) -> Plan:
    return make_table(cast)


def test_an_empty_book_says_what_to_do(cast: Cast, plan: Plan) -> None:
    """No records: the page says so and offers to write one, to those who may."""
    address = reverse("book", args=[cast.branch.pk, 2026])
    assert "记录一次活动" in client_of(cast.secretary).get(address).content.decode()
    page = client_of(cast.member).get(address).content.decode()
    assert "还没有归档的记录" in page
    assert "记录一次活动" not in page


def test_the_contents_count_by_kind(cast: Cast, plan: Plan) -> None:
    """One record of a members' meeting: one chapter with one page."""
    a_filed_record(cast, plan)
    page = client_of(cast.member).get(reverse("book", args=[cast.branch.pk, 2026])).content.decode()
    assert "支部党员大会" in page
    assert "1份" in page
    assert "有1项归档尚未封存" not in page, "a member cannot seal"


def test_sealing_and_countersigning(cast: Cast, plan: Plan) -> None:
    """The secretary seals once per head; the office above countersigns; the third time shows."""
    record = a_filed_record(cast, plan)
    book = reverse("book", args=[cast.branch.pk, 2026])
    secretary, office = client_of(cast.secretary), client_of(cast.office)
    assert "有1项归档尚未封存" in secretary.get(book).content.decode()
    for _ in range(2):
        answer = secretary.post(reverse("seal", args=[cast.branch.pk]), {"year": "2026"})
        assert answer["Location"] == book
    seal = Seal.objects.get()
    assert "封存码" in secretary.get(book).content.decode()
    assert (
        "尚未封存"
        not in client_of(cast.member).get(reverse("record", args=[record.pk])).content.decode()
    )
    sign = reverse("seal-countersign", args=[seal.pk])
    assert secretary.post(sign).status_code == 404
    assert office.post(sign, {"year": "2026"}).status_code == 303
    page = client_of(cast.member).get(book).content.decode()
    assert "市局直属机关党委已加签" in page


def test_a_lost_signing_key_is_said_on_the_page(cast: Cast, plan: Plan) -> None:
    """No seal is made, nobody gets an error page, and the secretary knows whom to tell."""
    a_filed_record(cast, plan)
    signing_key(organization_id=cast.committee.pk, at=AT)
    master_path().unlink()
    answer = client_of(cast.secretary).post(
        reverse("seal", args=[cast.branch.pk]), {"year": "2026"}, follow=True
    )
    assert answer.status_code == 200
    assert "签名密钥不可用" in answer.content.decode()
    assert not Seal.objects.exists()


@pytest.mark.parametrize(
    "who", ["deputy", "group_leader", "member", "office", "neighbour", "stranger"]
)
def test_who_may_not_seal(cast: Cast, plan: Plan, who: str) -> None:
    """Sealing is the secretary's."""
    a_filed_record(cast, plan)
    client = client_of(getattr(cast, who))
    assert client.post(reverse("seal", args=[cast.branch.pk])).status_code == 404
    assert not Seal.objects.exists()


@pytest.mark.parametrize("who", ["deputy", "leader", "neighbour", "far_office", "stranger"])
def test_who_may_not_countersign(cast: Cast, plan: Plan, who: str) -> None:
    """Only the office of a level above may."""
    a_filed_record(cast, plan)
    client_of(cast.secretary).post(reverse("seal", args=[cast.branch.pk]))
    seal = Seal.objects.get()
    client = client_of(getattr(cast, who))
    assert client.post(reverse("seal-countersign", args=[seal.pk])).status_code == 404
    seal.refresh_from_db()
    assert seal.countersigned_at is None


def test_nothing_to_seal_is_said(cast: Cast, plan: Plan) -> None:
    """An empty chain is no error page."""
    client = client_of(cast.secretary)
    answer = client.post(reverse("seal", args=[cast.branch.pk]))
    assert "无可封存" in client.get(answer["Location"].partition("#")[0]).content.decode()


@pytest.mark.parametrize(("year", "status"), [(1899, 404), (1921, 200), (2200, 200), (9999, 404)])
def test_years(cast: Cast, plan: Plan, year: int, status: int) -> None:
    """Years that cannot be are not there."""
    address = f"/b/{cast.branch.pk}/book/{year}/"
    assert client_of(cast.secretary).get(address).status_code == status


@pytest.mark.parametrize(
    ("name", "magic"), [("book-pdf", b"%PDF-"), ("book-docx", b"PK"), ("book-zip", b"PK")]
)
def test_the_book_is_handed_out(cast: Cast, plan: Plan, name: str, magic: bytes) -> None:
    """PDF and Word for those who may export, under a Chinese name; a corrected and a late record in it."""
    a_filed_record(cast, plan, day="2026-01-08")
    address = reverse(name, args=[cast.branch.pk, 2026])
    answer = client_of(cast.secretary).get(address)
    assert b"".join(answer).startswith(magic)
    assert "filename*=utf-8''%E7%AC%AC" in answer["Content-Disposition"]
    for who, status in (("office", 200), ("member", 404), ("group_leader", 404), ("stranger", 404)):
        assert client_of(getattr(cast, who)).get(address).status_code == status, who


def test_the_bound_book_says_what_was_filed(cast: Cast, plan: Plan) -> None:
    """Its values: the record in its section, lateness, the line, corrections and voids, the seal."""
    record = a_filed_record(cast, plan, day="2026-01-08")
    secretary = client_of(cast.secretary)
    secretary.post(reverse("seal", args=[cast.branch.pk]))
    secretary.post(reverse("record-void", args=[record.pk]), {"reason": "重复归档"})
    book = bind_book(cast.branch, 2026, today=date(2026, 3, 12))
    (sheet,) = next(s.records for s in book.sections if s.title == "支部党员大会记录")
    assert sheet.is_void
    assert sheet.minutes == MINUTES, "a voided record keeps its text"
    assert sheet.presider == "甲一明"
    assert "63天" in sheet.times.remark
    assert sheet.changes[0].reason == book.changes[0].reason == "重复归档"
    assert len(book.roster) == 9
    assert book.secretary == "甲一明"
    assert book.seals[0].covers == "第1号至第1号"
    assert "1项归档晚于最近一次封存" in book.seal_note


def test_a_hostile_record_is_set_like_any_other(cast: Cast, plan: Plan) -> None:
    """Marks of the typesetter, script and rare characters in a record do not break the book."""
    words = "#set page(width: 1cm) $x$ [a] \\b 𠮷 买买提·吐尔逊 <script>alert(1)</script>" * 3
    a_filed_record(cast, plan, topic=words[:300], minutes=words)
    answer = client_of(cast.secretary).get(reverse("book-pdf", args=[cast.branch.pk, 2026]))
    assert answer.content.startswith(b"%PDF-")
    empty = client_of(cast.secretary).get(reverse("book-pdf", args=[cast.branch.pk, 1921]))
    assert empty.status_code == 200


@pytest.mark.parametrize("name", ["book-pdf", "book-docx", "book-zip"])
def test_who_may_not_read_talks_takes_no_book(cast: Cast, plan: Plan, name: str) -> None:
    """A leader's role on the branch itself may export, but not the talks that the book holds."""
    address = reverse(name, args=[cast.branch.pk, 2026])
    grant_role(
        person=cast.nobody, role=Role.LEADER, organization=cast.branch, since=AT, by=None, at=AT
    )
    client = client_of(cast.nobody)
    assert client.get(address).status_code == 404
    page = client.get(reverse("book", args=[cast.branch.pk, 2026])).content.decode()
    assert address not in page
    assert "您的角色不能查看谈话记录" in page
    for who in (cast.secretary, cast.member, cast.office):
        shown = client_of(who).get(reverse("book", args=[cast.branch.pk, 2026])).content.decode()
        assert "您的角色不能查看谈话记录" not in shown


def test_the_bundle_verifies_by_itself(cast: Cast, plan: Plan, tmp_path: Path) -> None:
    """What the page hands out is what `zhibu verify` takes: the entries, the seal, the PDF."""
    a_filed_record(cast, plan)
    secretary = client_of(cast.secretary)
    secretary.post(reverse("seal", args=[cast.branch.pk]))
    answer = secretary.get(reverse("book-zip", args=[cast.branch.pk, 2026]))
    assert answer["Content-Type"] == "application/zip"
    assert answer.streaming
    target = tmp_path / "book.zip"
    target.write_bytes(b"".join(answer))
    outcome = verify_bundle(target)
    assert outcome.fault is None
    assert (outcome.entries, outcome.seals, outcome.unsealed) == (1, 1, 0)
    with zipfile.ZipFile(target) as archive:
        assert archive.read("book.pdf").startswith(b"%PDF-")


def test_a_file_that_is_gone_is_told(cast: Cast, plan: Plan) -> None:
    """Back on the page with the name of the file and what to do, not an error page."""
    writer = Writer(cast.secretary).start(cast, a_line(plan, "members_meeting")).complete()
    writer.send("attach", files=SimpleUploadedFile("会议照片.png", PNG))
    writer.data.pop("files")
    assert writer.open(Record.objects.get(pk=writer.key)).file().status_code == 303
    file = Attachment.objects.get(record=writer.key)
    file.file.storage.delete(file.file.name)
    answer = client_of(cast.secretary).get(
        reverse("book-zip", args=[cast.branch.pk, 2026]), follow=True
    )
    assert "附件“会议照片.png”的文件不在数据目录中" in answer.content.decode()


def test_the_bound_book_shows_the_seals_over_its_own_records(cast: Cast, plan: Plan) -> None:
    """A seal over another year's records alone stands in that year's book."""
    a_filed_record(cast, plan, day="2026-01-08")
    client_of(cast.secretary).post(reverse("seal", args=[cast.branch.pk]))
    today = date(2026, 3, 12)
    last, this = (bind_book(cast.branch, year, today=today) for year in (2025, 2026))
    assert [seal.covers for seal in this.seals] == ["第1号至第1号"]
    # As `zhibu verify` shows it, so that both can be compared by eye.
    said = fingerprint(Seal.objects.get(branch_id=cast.branch.pk).key.public_key)
    assert this.keys[0].fingerprint == this.seals[0].fingerprint == said
    assert "已按封存范围" in this.seal_note
    assert last.seals == ()
    assert last.seal_note == "本册记录尚未封存。"


def test_the_roster_of_a_book_is_that_of_its_day(cast: Cast, plan: Plan) -> None:
    """Who becomes a full member later is a probationary one in it, and is counted as one."""
    someone = Membership.objects.filter(branch=cast.branch, member__full_on__isnull=False)[0].member
    Member.objects.filter(pk=someone.pk).update(full_on=date(2026, 6, 1))
    book = bind_book(cast.branch, 2026, today=date(2026, 3, 12))
    (row,) = [row for row in book.roster if row.name == someone.name]
    assert (row.kind, row.full) == ("预备党员", "")
    probationary = sum(row.kind == "预备党员" for row in book.roster)
    assert f"预备党员{probationary}人" in str({f.label: f.value for f in book.facts}["党员人数"])
