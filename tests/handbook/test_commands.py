"""`zhibu verify` and `zhibu book export`: exit codes, and sentences that name what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.handbook.history import make_history
from tests.handbook.scene import Scene
from tests.handbook.test_bundle import export, rewrite

from zhibu.handbook.models import RecordVersion
from zhibu.handbook.wording import say_fault
from zhibu.ops.cli import run
from zhibu.rules.chains import Fault, FaultKind


def test_a_sound_database(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing wrong: 0, and the counts."""
    make_history(scene)
    assert run(["verify", "--files"]) == 0
    assert "1 个党支部、15 项记录、2 次封存" in capsys.readouterr().out


def test_one_character_changed_behind_our_back(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    """The branch, the entry and the part are named, and the exit code is 1."""
    make_history(scene)
    third = RecordVersion.objects.get(sequence=3)
    RecordVersion.objects.filter(pk=third.pk).update(minutes=third.minutes.replace("会", "汇", 1))
    assert run(["verify"]) == 1
    said = capsys.readouterr().out
    assert "第一党支部：第3号记录被改动：会议内容与归档时不一致。" in said
    assert third.record_id.hex in said


def test_an_exported_book(scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file alone is verified; an altered one is 1; fingerprints are shown to be compared."""
    make_history(scene)
    book = export(scene, tmp_path / "book.zip")
    assert run(["verify", str(book)]) == 0
    assert "公钥指纹" in capsys.readouterr().out
    altered = rewrite(book, tmp_path / "altered.zip", {"book.pdf": b"%PDF-1.7 other %%EOF"})
    assert run(["verify", str(altered)]) == 1
    assert "book.pdf" in capsys.readouterr().out


def test_an_unknown_branch_is_said(scene: Scene) -> None:
    """A name that nobody has is an error of the caller, not a traceback."""
    assert run(["verify", "--branch", "不存在的支部"]) != 0


@pytest.mark.parametrize("form", ["docx", "zip"])
def test_exporting_a_book(scene: Scene, tmp_path: Path, form: str) -> None:
    """The file is written, and not over another one."""
    make_history(scene, count=3)
    target = tmp_path / f"book.{form}"
    asked = ["book", "export", scene.branch.name, "2026", "--format", form, "-o", str(target)]
    assert run(asked) == 0
    assert target.stat().st_size > 1000
    assert run(asked) == 1
    assert run([*asked, "--force"]) == 0
    if form == "zip":
        assert run(["verify", str(target)]) == 0


@pytest.mark.parametrize("kind", list(FaultKind))
def test_every_fault_has_its_sentence(kind: FaultKind) -> None:
    """In Chinese, without a placeholder or an English word left over."""
    said = say_fault(Fault("b", kind, 3, "minutes", facts={"true": 4}))
    assert said.endswith("。")
    assert "{" not in said
    assert kind.value not in said
