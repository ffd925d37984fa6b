"""An exported book verifies by itself, and whatever is altered in the file is found."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.handbook.history import PNG, make_history
from tests.handbook.scene import AT, Scene

from zhibu.handbook import bundle
from zhibu.handbook.bundle import export_bundle
from zhibu.handbook.bundle_reading import verify_bundle
from zhibu.handbook.models import RecordVersion
from zhibu.handbook.services import add_attachment, file_record
from zhibu.ledger.services import seal_branch
from zhibu.rules.chains import FaultKind


def export(scene: Scene, path: Path, year: int = 2026) -> Path:
    with path.open("wb") as stream:
        export_bundle(stream, branch=scene.branch, year=year, at=AT, pdf=b"%PDF-1.7 test %%EOF")
    return path


def rewrite(source: Path, target: Path, changes: dict[str, bytes | None]) -> Path:
    """A copy of the archive with some files changed, added, or (None) left out."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = changes.get(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
        for name in changes.keys() - set(old.namelist()):
            new.writestr(name, changes[name] or b"")
    return target


@pytest.fixture
def book(scene: Scene, tmp_path: Path) -> Path:
    make_history(scene)
    return export(scene, tmp_path / "book.zip")


def test_an_exported_book_verifies(book: Path) -> None:
    """Entries, files and seals are counted, keys are named."""
    outcome = verify_bundle(book)
    assert outcome.fault is None
    assert (outcome.entries, outcome.files, outcome.seals, outcome.unsealed) == (15, 4, 2, 0)
    assert {owner for owner, _ in outcome.fingerprints} == {"第一党支部", "市局直属机关党委"}


def test_entries_of_other_years_are_there_by_digest_only(scene: Scene, tmp_path: Path) -> None:
    """The book of a year without records still has the whole chain."""
    make_history(scene)
    outcome = verify_bundle(export(scene, tmp_path / "empty.zip", year=2025))
    assert outcome.fault is None
    assert outcome.entries == 0


def test_what_is_filed_while_it_is_written_is_not_in_it(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The head is read first: a book taken out while others file is whole all the same."""
    make_history(scene)
    real = bundle._entry
    filed: list[object] = []

    def entry(version: RecordVersion) -> Mapping[str, Any]:
        if not filed:
            filed.append(scene.file())
            seal_branch(branch=scene.branch, by=scene.cast.secretary, at=AT + timedelta(days=10))
        return real(version)

    monkeypatch.setattr(bundle, "_entry", entry)
    outcome = verify_bundle(export(scene, tmp_path / "book.zip"))
    assert filed
    assert outcome.fault is None
    assert (outcome.entries, outcome.seals) == (15, 2)


def test_files_go_through_piece_by_piece(scene: Scene, tmp_path: Path) -> None:
    """Pictures of 24 MB in all are taken out with far less memory than one of them."""
    make_history(scene)
    record = scene.start(topic="附件较大")
    for number in range(3):
        stream = io.BytesIO(PNG + bytes([number]) * 8_000_000)
        add_attachment(
            record=record, name=f"{number}.png", stream=stream, by=scene.cast.secretary, at=AT
        )
    file_record(
        record=record, revision=record.revision, submission=uuid4(), by=scene.cast.secretary, at=AT
    )
    path = tmp_path / "book.zip"
    tracemalloc.start()
    try:
        export(scene, path)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 24_000_000
    assert most < 7_000_000
    assert verify_bundle(path).fault is None


def test_it_verifies_in_a_process_without_settings(book: Path, tmp_path: Path) -> None:
    """Neither Django nor a database is needed, and nothing is written."""
    code = (
        "import sys; from pathlib import Path\n"
        "from zhibu.handbook.bundle_reading import verify_bundle\n"
        "assert verify_bundle(Path(sys.argv[1])).fault is None\n"
        "assert 'django' not in sys.modules"
    )
    source = Path(__file__).parents[2] / "src"
    done = subprocess.run(
        [sys.executable, "-c", code, str(book)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(source), "PATH": "", "SYSTEMROOT": "C:\\Windows"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_one_changed_character_is_named(book: Path, tmp_path: Path) -> None:
    """The entry and the part are named."""
    with zipfile.ZipFile(book) as archive:
        entry = json.loads(archive.read("records/000002.json"))
    entry["texts"]["minutes"] = entry["texts"]["minutes"].replace("计划", "汁划", 1)
    changed = {"records/000002.json": json.dumps(entry).encode()}
    fault = verify_bundle(rewrite(book, tmp_path / "changed.zip", changed)).fault
    assert fault is not None
    assert (fault.kind, fault.sequence, fault.part) == (FaultKind.CHANGED, 2, "minutes")


def test_a_missing_entry_is_named(book: Path, tmp_path: Path) -> None:
    """An entry that was taken out is missing."""
    fault = verify_bundle(rewrite(book, tmp_path / "x.zip", {"records/000003.json": None})).fault
    assert fault is not None
    assert (fault.kind, fault.sequence) == (FaultKind.MISSING, 3)


def test_every_file_is_vouched_for(book: Path, tmp_path: Path) -> None:
    """Changing, dropping or adding any file at random is found."""
    dice = random.Random(7)
    with zipfile.ZipFile(book) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    for name, content in contents.items():
        at = dice.randrange(len(content))
        flipped = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        for change in ({name: flipped}, {name: None}, {f"{name}.more": b"x"}):
            path = rewrite(book, tmp_path / "altered.zip", change)
            assert verify_bundle(path).fault is not None, (name, change)


@pytest.mark.parametrize(
    "content",
    [b"", b"PK", b"%PDF-1.7", b"\x00" * 1000],
)
def test_junk_is_an_outcome(tmp_path: Path, content: bytes) -> None:
    """A file that is no book is said to be none."""
    path = tmp_path / "junk.zip"
    path.write_bytes(content)
    fault = verify_bundle(path).fault
    assert fault is not None
    assert fault.kind is FaultKind.FORMAT


@pytest.mark.parametrize("book_json", [b"[]", b"{}", b"null", b'{"format": 1}', b"[" * 100_000])
def test_a_hostile_book_is_an_outcome(tmp_path: Path, book_json: bytes) -> None:
    """Whatever its parts say, reading ends with a fault."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("book.json", book_json)
    path = tmp_path / "hostile.zip"
    path.write_bytes(stream.getvalue())
    assert verify_bundle(path).fault is not None
