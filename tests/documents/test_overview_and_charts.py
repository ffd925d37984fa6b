"""The overview as Excel and the year's course as SVG."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import Any

import openpyxl
import pytest
from lxml import etree

from zhibu.documents.charts import MonthCount, draw_year_course
from zhibu.documents.overview import Overview, OverviewCell, OverviewRow, overview_xlsx

OVERVIEW = Overview(
    title="2026年度党支部工作总览",
    subtitle="出入境检验检疫局直属机关党委",
    columns=("1月", "2月", "全年"),
    rows=(
        OverviewRow(
            "口岸检疫处党支部",
            (
                OverviewCell("已完成3项", (3, 3, 0)),
                OverviewCell("已完成1项，逾期1项", (2, 1, 1)),
                OverviewCell("5项中完成4项", (5, 4, 1)),
            ),
        ),
        OverviewRow("=HYPERLINK(1)", (OverviewCell("无安排"),), depth=1),
    ),
    measures=("应完成", "已完成", "逾期"),
    notes=("截至2026年11月23日。",),
)


def test_the_overview_is_written_twice_to_read_and_to_count() -> None:
    """Words on the first sheet, numbers on the second; names are never formulas."""
    workbook = openpyxl.load_workbook(io.BytesIO(overview_xlsx(OVERVIEW)))
    words: Any = workbook["总览"]
    assert [c.value for c in words[3]] == ["党组织", "1月", "2月", "全年"]
    assert words["C4"].value == "已完成1项，逾期1项"
    assert (words["A5"].value, words["A5"].data_type) == ("　=HYPERLINK(1)", "s")
    counts: Any = workbook["明细"]
    assert [c.value for c in counts[1]] == ["党组织", "时间", "应完成", "已完成", "逾期"]
    assert [c.value for c in counts[3]] == ["口岸检疫处党支部", "2月", 2, 1, 1]


def test_the_overview_is_laid_out_to_be_printed() -> None:
    """A4 on its side, as wide as the page, the header on each page of both sheets."""
    workbook = openpyxl.load_workbook(io.BytesIO(overview_xlsx(OVERVIEW)))
    for name, header in (("总览", "$3:$3"), ("明细", "$1:$1")):
        sheet: Any = workbook[name]
        assert (sheet.page_setup.orientation, str(sheet.page_setup.paperSize)) == ("landscape", "9")
        assert sheet.print_title_rows == header


def test_an_empty_overview_is_a_file_all_the_same() -> None:
    """No child, no column."""
    content = overview_xlsx(Overview("总览", "", (), ()))
    assert openpyxl.load_workbook(io.BytesIO(content)).sheetnames == ["总览"]


MONTHS = [
    MonthCount(
        f"{month}月",
        done=3,
        late=int(month == 4),
        overdue=int(month == 9),
        waived=0,
        ahead=month // 11,
    )
    for month in range(1, 13)
]


def test_the_chart_says_each_state_in_words() -> None:
    """Months, states and numbers are text; each state has a mark beside its colour."""
    root = etree.fromstring(draw_year_course(MONTHS, description="口岸检疫处党支部"))
    assert root.get("aria-label") == (
        "口岸检疫处党支部。按时完成36项，逾期完成1项，逾期未完成1项，尚未到期2项。"
    )
    said = [node.text for node in root.iter("{*}text")]
    for words in ("1月", "12月", "✓ 按时完成", "△ 逾期完成", "! 逾期未完成", "○ 尚未到期", "!1"):
        assert words in said, words
    assert "0" not in "".join(text or "" for text in said if (text or "")[:1] in "✓△!–○")


def test_nothing_has_no_number() -> None:
    """A month without lines shows no nought."""
    root = etree.fromstring(draw_year_course([MonthCount("1月")]))
    assert not [
        node.text
        for node in root.iter("{*}text")
        if (node.text or "").endswith("0") and len(node.text or "") > 1
    ]


def test_the_chart_obeys_a_strict_policy() -> None:
    """No script, no style attribute, nothing fetched from elsewhere."""
    svg = draw_year_course(MONTHS).decode()
    assert svg.count("aria-label") == 1
    for word in ("<script", " style=", "href=", "@import", "url(http"):
        assert word not in svg
    assert "Noto Sans CJK SC" in svg


@pytest.mark.parametrize(
    "months",
    [[], [MonthCount("1月")], [MonthCount("1月", done=5000, overdue=1)], [MonthCount("<b>&")]],
)
def test_odd_charts_are_drawn(months: list[MonthCount]) -> None:
    """Nothing, noughts, large numbers and names with markup."""
    etree.fromstring(draw_year_course(months))


def test_drawing_is_loaded_only_when_it_is_used() -> None:
    """Importing the module does not import altair, which takes half a second."""
    code = "import sys, zhibu.documents.charts; sys.exit('altair' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
