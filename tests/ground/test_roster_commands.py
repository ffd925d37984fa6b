"""`zhibu roster` and `zhibu org`: what comes in, what is said, and with which code it ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.cast import Cast, make_cast

from zhibu.documents.roster_reading import read_roster_file
from zhibu.ledger.models import Entry
from zhibu.ops import cli
from zhibu.org.models import Member, Organization, RosterImport

CSV = (
    "姓名,性别,出生日期,入党时间,转正时间,所在党支部,身份证号\n"
    "赵新,男,1990-01-01,2012-07-01,2013-07-01,第一党支部,110101199001010010\n"
    "钱新,女,1991.03,2013.05,2014.05,第二党支部,\n"
)
BY = ["--into", "市局直属机关党委", "--by", "office"]


@pytest.fixture
def cast(db: Any, freeze: Callable[[date | datetime], None]) -> Cast:
    freeze(date(2026, 11, 23))
    return make_cast()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "名册.csv"
    path.write_text(CSV, encoding="gb18030")
    return path


def run(*arguments: object) -> int:
    return cli.run([str(one) for one in arguments])


def test_import_and_undo(cast: Cast, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Imported, imported again without a change, undone by its number; each with code 0."""
    assert run("roster", "import", file, *BY, "--since", "2026-01-01") == 0
    out = capsys.readouterr().out
    assert "略过的列“身份证号”：属于不应收集的个人信息" in out
    assert "已导入：新增2，更新0，没有变化0" in out
    assert Member.objects.get(name="赵新").memberships.get().since == date(2026, 1, 1)
    assert run("roster", "import", file, *BY) == 0
    assert "已导入：新增0，更新0，没有变化2" in capsys.readouterr().out
    first = RosterImport.objects.order_by("made_at", "id").first()
    assert first is not None
    assert run("roster", "undo", first.pk, "--by", "office") == 0
    assert not Member.objects.filter(name="赵新").exists()
    assert run("roster", "undo", first.pk, "--by", "office") == 1


def test_dry_run_leaves_nothing(cast: Cast, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Looked at only: no import, no line in the ledger, code 0; with a fault code 1."""
    before = Entry.objects.count()
    assert run("roster", "import", file, *BY, "--dry-run") == 0
    assert "核对无误（没有导入）" in capsys.readouterr().out
    file.write_text(CSV.replace("2012-07-01", "2012"), encoding="utf-8")
    assert run("roster", "import", file, *BY, "--dry-run") == 1
    assert not RosterImport.objects.exists()
    assert Entry.objects.count() == before


def test_faults_name_file_row_and_column(
    cast: Cast, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing comes in, the marked file holds the faulty row, code 1."""
    file.write_text(CSV.replace("2012-07-01", "2012"), encoding="utf-8")
    marked = tmp_path / "问题.xlsx"
    assert run("roster", "import", file, *BY, "--marked", marked) == 1
    err = capsys.readouterr().err
    assert f"{file} 第2行“入党时间”：“2012”只有年份。" in err
    assert "ROSTER-06" in err
    assert not Member.objects.filter(name="钱新").exists()
    assert [number for number, _ in read_roster_file(marked.read_bytes()).rows] == [1, 2]
    assert RosterImport.objects.get().state == RosterImport.State.DISCARDED


def test_questions_are_answered(cast: Cast, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A question comes with its possible answers; answered, the roster comes in."""
    file.write_text(CSV.replace("赵新", "甲一明"), encoding="utf-8")
    assert run("roster", "import", file, *BY) == 1
    err = capsys.readouterr().err
    assert "--answer who:2:" in err
    key = err.split("--answer ")[1].split("=")[0]
    assert run("roster", "import", file, *BY, "--answer", f"{key}=perhaps") == 2
    assert run("roster", "import", file, *BY, "--answer", f"{key}=another") == 0
    assert Member.objects.filter(name="甲一明").count() == 2


def test_missing_days_of_becoming_full(cast: Cast, file: Path) -> None:
    """One option for the whole sheet."""
    text = CSV.replace("2013-07-01", "").replace("2014.05", "")
    file.write_text(text, encoding="utf-8")
    assert run("roster", "import", file, *BY) == 1
    assert run("roster", "import", file, *BY, "--full-on", "year_later") == 0
    assert Member.objects.get(name="赵新").full_on == date(2013, 7, 1)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 x", b"PK\x03\x04\x00"])
def test_unreadable_file(
    cast: Cast, file: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """A sentence with the file's name, code 1."""
    file.write_bytes(content)
    assert run("roster", "import", file, *BY) == 1
    assert str(file) in capsys.readouterr().err


def test_wrong_use(cast: Cast, file: Path) -> None:
    """Unknown organisation or person: code 1; a wrong option: code 2."""
    assert run("roster", "import", file, "--into", "无", "--by", "office") == 1
    assert run("roster", "import", file, "--into", "第一党支部", "--by", "nobody-here") == 1
    assert run("roster", "import", file, *BY, "--since", "2027-01-01") == 2
    assert run("roster", "import", file) == 2
    assert run("roster", "undo", "--by", "office") == 2


def test_export_and_template(cast: Cast, tmp_path: Path) -> None:
    """Exports come in without a change and leave a line; templates are written."""
    target = tmp_path / "出.xlsx"
    assert run("roster", "export", "市局直属机关党委", "--by", "office", "-o", target) == 0
    assert run("roster", "export", "市局直属机关党委", "--by", "office", "-o", target) == 1
    assert Entry.objects.filter(verb="export_roster").count() == 1
    assert run("roster", "import", target, *BY) == 0
    tree = tmp_path / "组织.xlsx"
    assert run("org", "export", "市局直属机关党委", "--by", "office", "-o", tree) == 0
    before = Organization.objects.count()
    assert run("org", "import", tree, *BY) == 0
    assert Organization.objects.count() == before
    for command in ("roster", "org"):
        blank = tmp_path / f"{command}.xlsx"
        assert run(command, "template", "-o", blank) == 0
        assert run(command, "import", blank, *BY) == 1


def test_organisations_from_the_command_line(cast: Cast, tmp_path: Path) -> None:
    """A list of organisations comes in and is undone."""
    path = tmp_path / "组织.csv"
    path.write_text("组织全称,上级组织\n新设第九党支部,市局直属机关党委\n", encoding="utf-8")
    assert run("org", "import", path, *BY) == 0
    assert Organization.objects.get(name="新设第九党支部").kind == "branch"
    assert run("org", "undo", "--into", "市局直属机关党委", "--by", "office") == 0
    assert not Organization.objects.filter(name="新设第九党支部").exists()
