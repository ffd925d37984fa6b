"""`zhibu plan` and `zhibu holidays`: exit codes, and errors that name the file, row and field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result
from tests.plans.story import Cast

from zhibu.ops.plans import holidays, plan
from zhibu.plans.models import Holiday, Plan, PlanLine
from zhibu.plans.queries import find_plan


def run(*arguments: object, answer: str = "") -> Result:
    return CliRunner().invoke(plan, [str(one) for one in arguments], input=answer)


@pytest.fixture(autouse=True)
def _today(freeze: Callable[[date], None]) -> None:
    freeze(date(2026, 3, 1))


def test_draft_by_name_by_key_and_below(cast: Cast) -> None:
    """Who has a table already is passed over."""
    assert run("draft", "政工处党支部", "--year", 2026, "--by", "zhibu01").exit_code == 0
    again = run("draft", cast.branch.pk, "--year", 2026, "--by", "zhibu01")
    assert "已有" in again.output
    below = run("draft", "某局机关党委", "--below", "--year", 2026, "--by", "zhibu01")
    assert below.exit_code == 0
    assert Plan.objects.count() == 2


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("draft", "没有", "--year", 2026, "--by", "zhibu01"), "没有找到“没有”"),
        (("draft", "政工处党支部", "--year", 2026, "--by", "nobody"), "nobody"),
        (("draft", "某局机关党委", "--year", 2026, "--by", "zhibu01"), "--below"),
        (("draft", "政工处党支部", "--year", 2001, "--by", "zhibu01"), "2018"),
        (("export", "政工处党支部", 2026), "还没有2026年度安排表"),
    ],
)
def test_what_cannot_be_done_is_said(cast: Cast, arguments: tuple[object, ...], word: str) -> None:
    """In a sentence, with exit code 1."""
    result = CliRunner().invoke(plan, [str(a) for a in arguments], standalone_mode=False)
    said = result.output + str(result.exception or "")
    assert word in said
    assert result.exception is not None or result.return_value == 1


def test_a_table_goes_out_and_comes_back(cast: Cast, draft: Plan, tmp_path: Path) -> None:
    """Edited in Excel, previewed, confirmed, applied."""
    file = tmp_path / "表.xlsx"
    assert run("export", "政工处党支部", 2026, "-o", file).exit_code == 0
    assert run("export", "政工处党支部", 2026, "-o", file).exit_code == 1  # it is there
    edit(file, "主题内容", "学习新文件")
    declined = run("import", "政工处党支部", 2026, file, "--by", "zhibu01", answer="n\n")
    assert declined.exit_code == 1
    assert "学习新文件" in declined.output
    assert not PlanLine.objects.filter(topic="学习新文件").exists()
    done = run("import", "政工处党支部", 2026, file, "--by", "zhibu01", answer="y\n")
    assert done.exit_code == 0, done.output
    assert PlanLine.objects.filter(topic="学习新文件").count() == 1


def test_a_faulty_sheet_is_not_imported(cast: Cast, draft: Plan, tmp_path: Path) -> None:
    """File, row and field are named; garbage is no sheet."""
    file = tmp_path / "表.xlsx"
    run("export", "政工处党支部", 2026, "-o", file)
    edit(file, "时间", "某一天")
    result = run("import", "政工处党支部", 2026, file, "--by", "zhibu01", "--apply")
    assert result.exit_code == 1
    assert "表.xlsx 第" in result.output
    assert "“时间”" in result.output
    file.write_bytes(b"PK\x03\x04 no sheet")
    assert run("import", "政工处党支部", 2026, file, "--by", "zhibu01").exit_code == 1
    held = find_plan(cast.branch, 2026)
    assert held is not None
    assert held.revision == draft.revision


def edit(file: Path, column: str, value: str) -> None:
    """Write into the first line of the table, as somebody does in Excel."""
    book = openpyxl.load_workbook(file)
    sheet = book.worksheets[0]
    for row in sheet.iter_rows():
        for cell in row:
            if cell.value == column:
                sheet.cell(cell.row + 1, cell.column, value)
                book.save(file)
                return
    raise AssertionError(column)


def test_holidays_from_the_encoding_of_chinese_excel(db: None, tmp_path: Path) -> None:
    """GBK as well as UTF-8; a fault names its line and nothing is stored."""
    file = tmp_path / "放假.csv"
    file.write_bytes("2026-11-24,放假,休\n".encode("gb18030"))
    assert CliRunner().invoke(holidays, ["import", str(file)]).exit_code == 0
    assert Holiday.objects.count() == 1
    file.write_text("2026-11-25,放假,休\n2026-13-01,x,休\n", encoding="utf-8")
    result = CliRunner().invoke(holidays, ["import", str(file)])
    assert result.exit_code == 1
    assert "放假.csv:2" in result.output
    assert Holiday.objects.count() == 1
