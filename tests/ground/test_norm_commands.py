"""`zhibu norm`: faults by file and line, loading once, comparing in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from zhibu.norms.models import NormVersion
from zhibu.ops import cli

pytestmark = pytest.mark.django_db
CATALOGUE = Path(__file__).resolve().parents[2] / "catalogue"


def test_check_passes_the_packs_of_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    """All of them, in one call, without a database row."""
    files = [str(path) for path in sorted(CATALOGUE.glob("*.toml"))]
    assert len(files) >= 3
    assert cli.run(["norm", "check", *files]) == 0
    assert capsys.readouterr().out.count("没有问题") == len(files)
    assert not NormVersion.objects.exists()


def test_check_names_every_fault_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two faults in one file: both told as file:line, exit code 1."""
    text = (CATALOGUE / "branch-2018.toml").read_text(encoding="utf-8")
    bad = tmp_path / "bad.toml"
    spoilt = text.replace('class = "B"', 'class = "Q"', 1).replace("title =", "titel =", 1)
    bad.write_text(spoilt, encoding="utf-8")
    lines = {
        number
        for number, (old, new) in enumerate(
            zip(text.splitlines(), spoilt.splitlines(), strict=True), 1
        )
        if old != new
    }
    assert cli.run(["norm", "check", str(bad)]) == 1
    err = capsys.readouterr().err
    for line in lines:
        assert f"{bad}:{line}:" in err
    assert "共" in err


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"[pack", b"", b"x = 1"])
def test_check_survives_any_file(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another encoding, half a line, nothing at all: a sentence and exit code 1."""
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    assert cli.run(["norm", "check", str(path)]) == 1
    assert str(path) in capsys.readouterr().err


def test_load_once_and_list(capsys: pytest.CaptureFixture[str]) -> None:
    """The second time nothing is new; the list names all."""
    assert cli.run(["norm", "load"]) == 0
    assert "已装入" in capsys.readouterr().out
    assert cli.run(["norm", "load"]) == 0
    assert "已装入" not in capsys.readouterr().out
    assert cli.run(["norm", "list"]) == 0
    out = capsys.readouterr().out
    for version in NormVersion.objects.all():
        assert f"{version.pack}@{version.version}" in out


def test_load_refuses_another_text_under_a_published_version(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A published version never changes."""
    assert cli.run(["norm", "load"]) == 0
    text = (CATALOGUE / "branch-2018.toml").read_text(encoding="utf-8")
    path = tmp_path / "changed.toml"
    path.write_text(text + "\n# changed\n", encoding="utf-8")
    assert cli.run(["norm", "load", str(path)]) == 1
    assert "版本" in capsys.readouterr().err


def test_diff_by_name_and_by_file(capsys: pytest.CaptureFixture[str]) -> None:
    """The same answer either way; the same norm is no change; an unknown name is told."""
    assert cli.run(["norm", "diff", "branch@2018", "organ@2019"]) == 0
    by_name = capsys.readouterr().out
    files = [str(CATALOGUE / "branch-2018.toml"), str(CATALOGUE / "organ-2019.toml")]
    assert cli.run(["norm", "diff", *files]) == 0
    assert capsys.readouterr().out == by_name
    assert "·" in by_name
    assert cli.run(["norm", "diff", "branch@2018", "branch@2018"]) == 0
    assert "没有变化" in capsys.readouterr().out
    assert cli.run(["norm", "diff", "branch@2018", "nichts@1"]) == 1
    assert "nichts@1" in capsys.readouterr().err


def test_check_reads_a_list_of_responsibilities_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one that is shipped is sound; a faulty one is told with line and reason."""
    shipped = CATALOGUE / "lists" / "responsibilities.toml"
    assert cli.run(["norm", "check", str(shipped)]) == 0
    assert "岗位 9 个" in capsys.readouterr().out
    bad = tmp_path / "bad.toml"
    text = shipped.read_text(encoding="utf-8").replace('measure = "report"', 'measure = "raport"')
    bad.write_text(text, encoding="utf-8")
    assert cli.run(["norm", "check", str(bad)]) == 1
    line = next(at for at, each in enumerate(text.splitlines(), 1) if "raport" in each)
    assert f"{bad}:{line}:" in capsys.readouterr().err
