"""Files that some of the records carry: who signed in, the outline of a lesson.

They are made from the record itself, so the same record has the same file, byte for byte.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.core.files.base import ContentFile

from zhibu.documents.fonts import FontMissing
from zhibu.documents.official import OfficialDocument, OfficialSection, typeset_official
from zhibu.documents.table_writing import new_workbook
from zhibu.handbook.models import Attachment
from zhibu.ops.demo.phrases import OUTLINES
from zhibu.ops.demo.population import Population
from zhibu.ops.demo.shelf import Shelf
from zhibu.rules.attendance import tally_attendance
from zhibu.rules.contents import AttendanceStatus, RecordContent
from zhibu.rules.norm import Activity

SHEET: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF: Final = "application/pdf"
REMARKS: Final = {
    AttendanceStatus.PRESENT: "",
    AttendanceStatus.LATE: "迟到",
    AttendanceStatus.LEAVE: "请假",
    AttendanceStatus.ABSENT: "缺席",
}


def put_enclosures(
    shelf: Shelf,
    population: Population,
    record: UUID,
    content: RecordContent,
    *,
    at: datetime,
) -> list[Attachment]:
    """The files of a filed record as rows, their bytes where the server looks for them."""
    by = population.secretary
    rows = []
    for name, media_type, data in _draw(population, content):
        row = Attachment(
            record_id=record, name=name, media_type=media_type, size=len(data),
            digest=hashlib.sha256(data).hexdigest(), is_filed=True,
            added_at=at, added_by=by,
        )  # fmt: skip
        row.file.save(name, ContentFile(data), save=False)
        rows.append(row)
        shelf.put(row)
    return rows


def _draw(population: Population, content: RecordContent) -> Iterator[tuple[str, str, bytes]]:
    """Name, media type and bytes."""
    assert content.began_at is not None  # noqa: S101 - composed with its time
    began = content.began_at
    if Activity.MEMBERS_MEETING in content.activities and content.attendance:
        yield "党员大会签到表.xlsx", SHEET, _sign_in_sheet(population, content, began)
    if Activity.LESSON in content.activities and population.seed.sketch.name == FIRST:
        outline = _outline(population, content, began.date())
        if outline is not None:
            yield "党课提纲.pdf", PDF, outline


FIRST: Final = "政工处"
"""The branch whose lessons are typeset: each takes as long as filing a dozen records."""


def _sign_in_sheet(population: Population, content: RecordContent, began: datetime) -> bytes:
    out = io.BytesIO()
    title = f"{population.branch.short_name}党员大会签到表"
    book = new_workbook(out, title)
    sheet = book.add_worksheet("签到表")
    middle = {"align": "center", "valign": "vcenter", "font_name": "宋体", "font_size": 12}
    cell = book.add_format({**middle, "border": 1})
    head = book.add_format({**middle, "border": 1, "bold": True})
    large = book.add_format({**middle, "bold": True, "font_size": 16})
    plain = book.add_format({**middle, "align": "left"})
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.set_default_row(22)
    sheet.set_row(0, 34)
    for column, width in enumerate((8, 18, 14, 28)):
        sheet.set_column(column, column, width)
    sheet.merge_range(0, 0, 0, 3, title, large)
    moment = f"{began.year}年{began.month}月{began.day}日{began:%H:%M}"
    sheet.write_string(
        1, 0, f"时间：{moment}　地点：{content.place}　主持人：{content.presider}", plain
    )
    for column, name in enumerate(("序号", "姓名", "签到", "备注")):
        sheet.write_string(2, column, name, head)
    at = 3
    for at, row in enumerate(content.attendance, start=3):
        remark = REMARKS[row.status] + (f"（{row.reason}）" if row.reason else "")
        sheet.write_number(at, 0, at - 2, cell)
        for column, text in enumerate((row.name, "√" if row.is_there else "", remark), start=1):
            sheet.write_string(at, column, text, cell)
    tally = tally_attendance(content)
    sheet.write_string(at + 1, 0, f"应到{tally.expected}人，实到{tally.present}人。", plain)
    book.close()
    return out.getvalue()


def _outline(population: Population, content: RecordContent, day: date) -> bytes | None:
    """Typeset as an organ would; None where the machine has no Chinese font."""
    heads = content.elements.get("lesson_outline", "").rstrip("。").split("；")
    document = OfficialDocument(
        title=f"党课提纲\n{content.topic.partition('；')[0]}",
        addressee="",
        opening=(f"主讲人：{content.elements.get('lecturer') or content.presider}",),
        sections=tuple(
            OfficialSection(title, (OUTLINES.get(title, ""),))
            for title in (head.partition("、")[2] for head in heads)
        ),
        signer=population.branch.short_name,
        signed_on=day,
    )
    try:
        return typeset_official(document)
    except FontMissing:
        return None
