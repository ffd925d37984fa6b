"""The table as Excel: out with all its columns, in again with a preview, applied once confirmed."""

from __future__ import annotations

import io
import re
import time
import zipfile
from dataclasses import fields
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from openpyxl import load_workbook
from tests.cast import Cast
from tests.web.plan_story import AT, address, adopted, client, drafted, line_of, load_norms, text

from zhibu.documents.table_reading import SheetRow, read_table_xlsx
from zhibu.plans.models import LineChange, Plan, PlanLine
from zhibu.plans.services import edit_line


@pytest.fixture
def draft(cast: Cast) -> Plan:
    load_norms(cast)
    return drafted(cast)


def exported(cast: Cast, plan: Plan) -> bytes:
    return client(cast.secretary).get(address("plan-xlsx", plan)).content


def changed(content: bytes, line: PlanLine, **cells: Any) -> bytes:
    """The file after somebody changed cells of one line, by the names of their columns."""
    book = load_workbook(io.BytesIO(content))
    sheet = book.worksheets[0]
    header = next(row for row in sheet.iter_rows() if any(cell.value == "主题内容" for cell in row))
    columns = {str(cell.value): cell.column for cell in header if cell.value}
    row = next(
        row for row in sheet.iter_rows(min_row=header[0].row + 1)
        if any(str(cell.value) == str(line.pk) for cell in row)
    )  # fmt: skip
    for name, value in cells.items():
        sheet.cell(row[0].row, columns[name]).value = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def upload(cast: Cast, plan: Plan, content: bytes, name: str = "表.xlsx") -> HttpResponse:
    file = SimpleUploadedFile(name, content)
    return client(cast.secretary).post(address("plan-upload", plan), {"file": file})


def confirm(cast: Cast, plan: Plan, page: str, **more: str) -> HttpResponse:
    sealed = re.search(r'name="preview" value="([^"]+)"', page)
    assert sealed is not None
    sent = {"preview": sealed[1], "revision": str(Plan.objects.get(pk=plan.pk).revision), **more}
    return client(cast.secretary).post(address("plan-upload", plan), sent)


def test_nothing_is_lost_on_the_way_out(cast: Cast, draft: Plan) -> None:
    """Every line with every field that people fill in comes back from the file (mistake 13)."""
    line = line_of(draft)
    written = {
        "topic": "研究=SUM(A1)", "form": "@集中", "presenter": "买买提·𠮷", "responsible": "甲一明",
        "remark": "+备注<b>",
    }  # fmt: skip
    edit_line(line=line, revision=draft.revision, changes=written, by=cast.secretary, at=AT)
    response = client(cast.office).get(address("plan-xlsx", draft))
    assert "filename*=utf-8''" in response["Content-Disposition"]
    sheet = read_table_xlsx(response.content)
    assert not sheet.faults
    assert {row.key for row in sheet.rows} == {
        str(pk) for pk in draft.lines.values_list("pk", flat=True)
    }
    row = next(row for row in sheet.rows if row.key == str(line.pk))
    for name, value in written.items():
        assert getattr(row, name) == value, name
    assert row.planned_on == line.planned_on
    assert all(getattr(row, field.name) is not None for field in fields(SheetRow))


@pytest.mark.parametrize("who", ["member", "group_leader", "neighbour", "stranger", "far_office"])
def test_who_does_not_get_the_file(cast: Cast, draft: Plan, who: str) -> None:
    """Taking a table away is a right of its own; bringing one back too."""
    browser = client(cast.people()[who])
    assert browser.get(address("plan-xlsx", draft)).status_code == 404
    assert browser.get(address("plan-upload", draft)).status_code == 404
    assert browser.post(address("plan-upload", draft), {}).status_code == 404


def test_a_preview_changes_nothing_a_confirmation_does(cast: Cast, draft: Plan) -> None:
    """Line by line before and after; the table changes only then, and only once."""
    line = line_of(draft, at=4)
    content = changed(exported(cast, draft), line, 主题内容="研究发展党员", 备注="改过")
    page = text(upload(cast, draft, content))
    assert "有1行改动" in page
    assert "研究发展党员" in page
    assert "还没有改动安排表" in page
    line.refresh_from_db()
    assert line.topic == ""
    assert confirm(cast, draft, page).status_code == 303
    line.refresh_from_db()
    assert (line.topic, line.remark) == ("研究发展党员", "改过")
    assert "没有需要导入的改动" in text(upload(cast, draft, content))


def test_an_adopted_table_takes_a_file_with_a_reason(cast: Cast, draft: Plan) -> None:
    """Without one the preview stays; with one each line has its trace."""
    Plan.objects.filter(pk=draft.pk).update(state="adopted", adopted_at=AT)
    line = line_of(draft, at=5)
    page = text(upload(cast, draft, changed(exported(cast, draft), line, 主题内容="新主题")))
    refused = confirm(cast, draft, page, reason="")
    assert refused.status_code == 422
    assert "须写明理由" in text(refused)
    assert "新主题" in text(refused)
    assert confirm(cast, draft, page, reason="处室意见").status_code == 303
    assert LineChange.objects.get(line_id=line.pk).reason == "处室意见"


def test_faults_are_named_by_row_and_column(cast: Cast, draft: Plan) -> None:
    """A class that was changed, a day that is none, another year: each with its row; good rows stay."""
    good, bad, worse = (line_of(draft, at=n) for n in (4, 5, 6))
    content = changed(exported(cast, draft), good, 主题内容="好的改动")
    content = changed(content, bad, 类别="X")
    content = changed(content, worse, 主题内容="长" * 501)
    page = text(upload(cast, draft, content))
    assert "类别由规范确定" in page
    assert "不能超过500字" in page
    assert len(re.findall(r"<strong>第\d+行", page)) == 2
    assert confirm(cast, draft, page).status_code == 303
    bad.refresh_from_db()
    good.refresh_from_db()
    assert bad.practice_class == "B"
    assert good.topic == "好的改动"


def test_a_table_that_changed_since_the_preview(cast: Cast, draft: Plan) -> None:
    """Told, shown again, and applied when confirmed once more."""
    line = line_of(draft, at=4)
    page = text(upload(cast, draft, changed(exported(cast, draft), line, 主题内容="表格里的")))
    edit_line(line=line, revision=draft.revision, changes={"form": "座谈"}, by=cast.deputy, at=AT)
    stale = confirm(cast, draft, page, revision=str(draft.revision))
    assert stale.status_code == 409
    assert "已被他人修改" in text(stale)
    assert confirm(cast, draft, text(stale)).status_code == 303
    line.refresh_from_db()
    assert (line.topic, line.form) == ("表格里的", "座谈")


def test_what_the_page_shows_after_a_conflict_is_true(cast: Cast, draft: Plan) -> None:
    """What somebody else wrote into the same field meanwhile stands there as what would be lost."""
    line = line_of(draft, at=4)
    page = text(upload(cast, draft, changed(exported(cast, draft), line, 主题内容="表格里的")))
    changes = {"topic": "别人刚写的"}
    edit_line(line=line, revision=draft.revision, changes=changes, by=cast.deputy, at=AT)
    stale = confirm(cast, draft, page, revision=str(draft.revision))
    assert "<del>别人刚写的</del>" in text(stale)
    assert confirm(cast, draft, text(stale)).status_code == 303


def test_confirming_twice_adds_once(cast: Cast, draft: Plan) -> None:
    """A second press says that everything is there, and leads back to the table."""
    book = load_workbook(io.BytesIO(exported(cast, draft)))
    sheet = book.worksheets[0]
    sheet.append([None, None, "4月23日", "X", "青年读书会", "读经典"])
    out = io.BytesIO()
    book.save(out)
    page = text(upload(cast, draft, out.getvalue()))
    assert "新增" in page
    sealed = re.search(r'name="preview" value="([^"]+)"', page)
    assert sealed is not None
    sent = {"preview": sealed[1], "revision": str(draft.revision)}
    browser = client(cast.secretary)
    for said in ("已按表格调整1项安排", "已经在安排表中"):
        response = browser.post(address("plan-upload", draft), sent, follow=True)
        assert response.redirect_chain == [(address("plan", draft), 303)]
        assert said in text(response)
    assert draft.lines.filter(practice_class="X").count() == 1


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 300_000_000)
        archive.writestr("[Content_Types].xml", b"<x/>")
    return out.getvalue()


@pytest.mark.parametrize(
    "content", [b"no spreadsheet", b"PK\x03\x04junk", b"%PDF-1.7", b"\x00" * 100, b""]
)
def test_files_that_are_no_table(cast: Cast, draft: Plan, content: bytes) -> None:
    """A sentence that says what is wrong, and nothing to confirm."""
    response = upload(cast, draft, content, "表<script>.xlsx")
    assert response.status_code in (200, 422)
    assert 'name="preview"' not in text(response)
    assert "<script>." not in text(response)
    assert "文件" in text(response)


def test_a_zip_bomb_and_an_oversized_file_are_refused(cast: Cast, draft: Plan) -> None:
    """Before they are unpacked, and before they are read."""
    assert 'name="preview"' not in text(upload(cast, draft, bomb()))
    large = upload(cast, draft, b"0" * (5 * 1024 * 1024 + 1))
    assert large.status_code == 422
    assert "超过5MB" in text(large)


def test_the_table_of_another_branch_is_refused(cast: Cast, draft: Plan) -> None:
    """Its lines are not mixed up with ours."""
    other = drafted(cast, branch=cast.other_branch)
    page = text(
        upload(cast, draft, client(cast.neighbour).get(address("plan-xlsx", other)).content)
    )
    assert "另一份安排表" in page
    assert 'name="preview"' not in page


@pytest.mark.parametrize("sealed", ["", "x", "a:b:c", "𠮷" * 50])
def test_a_forged_preview_is_not_applied(cast: Cast, draft: Plan, sealed: str) -> None:
    """What is confirmed is what was shown; anything else starts anew."""
    sent = {"preview": sealed, "revision": draft.revision}
    response = client(cast.secretary).post(address("plan-upload", draft), sent, follow=True)
    assert "预览已经失效" in text(response)
    assert Plan.objects.get(pk=draft.pk).revision == draft.revision


def test_a_preview_of_one_table_is_none_of_another(cast: Cast, draft: Plan) -> None:
    """The seal names the table."""
    later = adopted(cast, 2027)
    line = line_of(draft, at=4)
    page = text(upload(cast, draft, changed(exported(cast, draft), line, 主题内容="越界")))
    response = confirm(cast, later, page, reason="x")
    assert response.status_code == 303
    assert response["Location"] == address("plan-upload", later)
    assert not PlanLine.objects.filter(topic="越界").exists()


def test_a_preview_is_good_for_a_day(
    cast: Cast, draft: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Left open over night it may be confirmed; after that the file is asked for again."""
    line = line_of(draft, at=4)
    page = text(upload(cast, draft, changed(exported(cast, draft), line, 主题内容="过夜")))
    now = time.time()
    monkeypatch.setattr("django.core.signing.time.time", lambda: now + 25 * 3600)
    assert confirm(cast, draft, page)["Location"] == address("plan-upload", draft)
    assert not PlanLine.objects.filter(topic="过夜").exists()
    monkeypatch.setattr("django.core.signing.time.time", lambda: now + 23 * 3600)
    assert confirm(cast, draft, page)["Location"] == address("plan", draft)
    assert PlanLine.objects.filter(topic="过夜").count() == 1


def test_dates_may_be_typed_as_people_do(cast: Cast, draft: Plan) -> None:
    """3月5日 in the file is that day of the table's year."""
    line = line_of(draft, at=4)
    page = text(upload(cast, draft, changed(exported(cast, draft), line, 时间="5月20日")))
    assert "2026年5月20日（周三）" in page
    assert confirm(cast, draft, page).status_code == 303
    line.refresh_from_db()
    assert line.planned_on == date(2026, 5, 20)
