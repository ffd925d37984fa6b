"""The list of those whom a text has not reached, as Excel."""

from __future__ import annotations

import io
from typing import Any

import openpyxl

from zhibu.documents.unreached import UnreachedList, UnreachedRow, write_unreached_xlsx


def sheet_of(values: UnreachedList) -> Any:
    return openpyxl.load_workbook(io.BytesIO(write_unreached_xlsx(values)))["未传达名单"]


def test_each_member_is_a_row_and_text_stays_text() -> None:
    """Title, how far, header, then the names in the order given; a formula is no formula."""
    rows = (
        UnreachedRow("市局直属机关党委", "第一党支部", "甲一明", "尚未阅知"),
        UnreachedRow("市局直属机关党委", "第二党支部", "=1+1", "会议缺席"),
    )
    sheet = sheet_of(UnreachedList("未传达名单", "截至2026年3月12日", rows, ("按组织顺序排列。",)))
    assert sheet["A1"].value == "未传达名单"
    assert [c.value for c in sheet[3]][:5] == ["序号", "党组织", "党支部", "姓名", "情况"]
    assert [c.value for c in sheet[4]][:5] == [
        1, "市局直属机关党委", "第一党支部", "甲一明", "尚未阅知",
    ]  # fmt: skip
    assert (sheet["D5"].value, sheet["D5"].data_type) == ("=1+1", "s")
    assert sheet["A6"].value == "按组织顺序排列。"


def test_nobody_left_is_a_file_all_the_same() -> None:
    """The header alone."""
    assert sheet_of(UnreachedList("未传达名单", "", ())).max_row == 3
