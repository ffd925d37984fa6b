"""Bringing in a roster in the browser: seen row by row, decided, confirmed at once, undone."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.cast import Cast, client_of

from zhibu.ledger.models import Entry
from zhibu.org.models import Member, Membership, RosterImport

pytestmark = pytest.mark.django_db
HEADINGS = [
    "姓名",
    "性别",
    "出生年月",
    "入党时间",
    "转正时间",
    "党员类别",
    "所在党支部",
    "身份证号",
]


def workbook(*rows: list[Any], title: str = "党员花名册") -> bytes:
    """A roster as an office keeps it: a title above, headings, rows."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append([title])
    sheet.merge_cells("A1:H1")
    sheet.append(HEADINGS)
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def person(name: str, branch: str = "第一党支部", **more: Any) -> list[Any]:
    given = {
        "sex": "女", "born": "1985年3月", "joined": "2010.07", "full": "2011-7-1", "kind": "正式党员",
        "number": "not-kept",
    } | more  # fmt: skip
    return [
        name, given["sex"], given["born"], given["joined"], given["full"], given["kind"], branch,
        given["number"],
    ]  # fmt: skip


def send(who: Any, cast: Cast, content: bytes, name: str = "花名册.xlsx", **more: str) -> Any:
    address = reverse("import-start", args=(cast.committee.pk,))
    given = {"kind": "members", "effective_on": "2026-03-12", **more}
    return client_of(who).post(address, {**given, "file": SimpleUploadedFile(name, content)})


def show(who: Any, held: RosterImport, **query: str) -> Any:
    return client_of(who).get(reverse("import", args=(held.pk,)), query)


def test_the_story_of_a_file(cast: Cast) -> None:
    """Seen, confirmed, in the roster; the same again changes nothing; undone, it is gone."""
    content = workbook(person("子一明"), person("丑二芳", "第二党支部", sex="男"))
    answer = send(cast.office, cast, content)
    assert answer.status_code == 302
    held = RosterImport.objects.get()
    page = show(cast.office, held).content.decode()
    assert "核对通过：新增2" in page
    assert "身份证号" in page
    assert "没有读入" in page
    assert not Member.objects.filter(name="子一明").exists()
    client = client_of(cast.office)
    assert client.post(reverse("import-confirm", args=(held.pk,))).status_code == 302
    assert Membership.objects.filter(member__name="子一明", branch=cast.branch).exists()
    assert "已经导入" in show(cast.office, held).content.decode()
    send(cast.office, cast, content)
    again = RosterImport.objects.exclude(pk=held.pk).get()
    assert "名册与文件一致" in show(cast.office, again).content.decode()
    assert client.post(reverse("import-undo", args=(held.pk,))).status_code == 302
    assert not Member.objects.filter(name="子一明").exists()


def test_faults_are_told_by_row_and_marked(cast: Cast) -> None:
    """Each with what to do; nothing can be confirmed; the marked file names the same rows."""
    send(cast.office, cast, workbook(
        person(""), person("寅三", born="2015年1月"), person("卯四", "没有这个支部"), person("辰五")
    ))  # fmt: skip
    held = RosterImport.objects.get()
    page = show(cast.office, held).content.decode()
    for said in ("有3行需要改正", "第3行", "第4行", "第5行", "重新选择文件"):
        assert said in page
    assert "确认导入" not in page
    client = client_of(cast.office)
    refused = client.post(reverse("import-confirm", args=(held.pk,)))
    assert refused.status_code == 409
    assert not Member.objects.filter(name="辰五").exists()
    marked = client.get(reverse("import-marked", args=(held.pk,)))
    sheet = openpyxl.load_workbook(io.BytesIO(marked.content)).active
    assert sheet is not None
    assert any("问题" in str(cell.value) for row in sheet.iter_rows() for cell in row)


def test_what_is_asked_is_decided_by_a_person(cast: Cast) -> None:
    """Somebody of that name and those days exists: the same one, or another?"""
    known = cast.members[0]
    send(cast.office, cast, workbook(
        person(known.name, joined="2005年7月1日", full="2006年7月1日", born="1970年3月")
    ))  # fmt: skip
    held = RosterImport.objects.get()
    if held.state != RosterImport.State.ASKING:
        pytest.fail(f"{held.state}: {held.report}")
    page = show(cast.office, held, show="questions").content.decode()
    assert "提交本页的选择" in page
    client = client_of(cast.office)
    nothing = client.post(reverse("import-decide", args=(held.pk,)), {})
    assert nothing.status_code == 409
    asked = show(cast.office, held).context["page"].report.questions
    answers = {f"q:{each.key}": each.options[0].value for each in asked}
    assert client.post(reverse("import-decide", args=(held.pk,)), answers).status_code == 302
    held.refresh_from_db()
    assert held.state == RosterImport.State.READY


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("花名册.xlsx", b"PK\x03\x04 not a workbook"),
        ("花名册.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600),
        ("花名册.pdf", b"%PDF-1.7"),
        ("花名册.csv", b"\xff\xfe\x00\x01"),
        ("../../etc/花<script>.xlsx", b"x"),
    ],
)
def test_a_file_that_is_none_is_told(cast: Cast, name: str, content: bytes) -> None:
    """A clear message, no 500, and a way to try again."""
    answer = send(cast.office, cast, content, name)
    assert answer.status_code == 302
    held = RosterImport.objects.get()
    assert held.state == RosterImport.State.REFUSED
    page = show(cast.office, held).content.decode()
    assert held.message
    assert "重新选择文件" in page
    assert "<script>.xlsx" not in page


@pytest.mark.parametrize(
    ("more", "said"),
    [({"effective_on": "1899-01-01"}, "日期过早"), ({"kind": "nonsense"}, "nonsense")],
)
def test_a_form_that_lacks_something(cast: Cast, more: dict[str, str], said: str) -> None:
    """What is wrong is said beside the field."""
    answer = send(cast.office, cast, workbook(person("子一明")), **more)
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_only_those_who_keep_the_roster(cast: Cast) -> None:
    """Pages, files and verbs of an import are nobody else's."""
    send(cast.office, cast, workbook(person("子一明")))
    held = RosterImport.objects.get()
    strangers = (cast.member, cast.deputy, cast.secretary, cast.far_office, cast.leader)
    for person_ in strangers:
        client = client_of(person_)
        assert client.get(reverse("import", args=(held.pk,))).status_code == 404
        assert client.get(reverse("import-marked", args=(held.pk,))).status_code == 404
        for verb in ("confirm", "discard", "undo", "decide"):
            assert client.post(reverse(f"import-{verb}", args=(held.pk,))).status_code == 404
        address = reverse("import-export", args=(cast.committee.pk, "members"))
        assert client.get(address).status_code == 404
    held.refresh_from_db()
    assert held.state == RosterImport.State.READY


def test_what_goes_out_comes_in_again_unchanged(cast: Cast) -> None:
    """The full export of the committee imports without a difference, and is noted."""
    client = client_of(cast.office)
    taken = client.get(reverse("import-export", args=(cast.committee.pk, "members")))
    assert Entry.objects.filter(verb="export_roster", person=cast.office).exists()
    send(cast.office, cast, taken.content)
    held = RosterImport.objects.get()
    counts = show(cast.office, held).context["page"].report.counts
    assert (counts.new, counts.changed, counts.faulty) == (0, 0, 0), held.report
    assert counts.same == Membership.objects.filter(branch__parent=cast.committee).count()


@pytest.mark.parametrize("kind", ["members", "organizations"])
def test_templates(cast: Cast, kind: str) -> None:
    """There is a table to fill in, for each kind and for nothing else."""
    client = client_of(cast.office)
    address = reverse("import-template", args=(cast.committee.pk, kind))
    assert client.get(address).status_code == 200
    wrong = reverse("import-template", args=(cast.committee.pk, "people"))
    assert client.get(wrong).status_code == 404


def test_the_page_of_many_faults_is_paged(cast: Cast) -> None:
    """Two hundred faulty rows: fifty on a page, at most twelve queries."""
    send(cast.office, cast, workbook(*(person("", f"无此支部{n}") for n in range(200))))
    held = RosterImport.objects.get()
    client = client_of(cast.office)
    client.get(reverse("import", args=(held.pk,)))
    with CaptureQueriesContext(connection) as queries:
        page = client.get(reverse("import", args=(held.pk,)))
    assert len(queries) <= 12
    assert len(page.context["page"].rows) == 50
    assert len(page.content) < 200_000
