"""What an exported book that does not verify is told: which file, what still holds, what to do."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.handbook.history import make_history
from tests.handbook.scene import Scene
from tests.handbook.test_bundle import export, rewrite

from zhibu.handbook import bundle_format as form
from zhibu.handbook.bundle import ExportFailed
from zhibu.handbook.bundle_reading import BundleOutcome, verify_bundle
from zhibu.handbook.models import Attachment, RecordVersion
from zhibu.ops.cli import run
from zhibu.rules.chains import FaultKind
from zhibu.rules.digests import Identity, digest_version, link_digest

OTHER_PDF = b"%PDF-1.7 other %%EOF"


@pytest.fixture
def book(scene: Scene, tmp_path: Path) -> Path:
    make_history(scene)
    return export(scene, tmp_path / "book.zip")


def read(book: Path, name: str) -> Any:
    with zipfile.ZipFile(book) as archive:
        return json.loads(archive.read(name))


def look(book: Path, changes: dict[str, bytes | None]) -> BundleOutcome:
    return verify_bundle(rewrite(book, book.with_name("altered.zip"), changes))


def tell(book: Path, changes: dict[str, bytes | None], capsys: pytest.CaptureFixture[str]) -> str:
    altered = rewrite(book, book.with_name("altered.zip"), changes)
    assert run(["verify", str(altered)]) == 1
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"book.pdf": OTHER_PDF}, "可打印的手册 book.pdf 与导出时不一致"),
        ({"book.pdf": None}, "可打印的手册 book.pdf 缺失"),
        ({"README.txt": b"x"}, "说明 README.txt 与导出时不一致"),
    ],
)
def test_an_altered_pdf_leaves_the_records_as_they_are(
    book: Path, changes: dict[str, bytes | None], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file is named, the records are said to verify, the fingerprints are to be compared."""
    out = tell(book, changes, capsys)
    assert f"第一党支部2026年度：{said}" in out
    assert "记录本身核验无误：15 项记录、4 个附件、2 次封存" in out
    assert "处理办法：上述文件不要使用" in out
    assert "公钥指纹" in out
    assert look(book, changes).records_hold


def test_an_altered_record_beside_an_altered_pdf(
    book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The record goes first; both files are named; nobody is told to rely on the rest."""
    entry = read(book, "records/000002.json")
    entry["texts"]["minutes"] = entry["texts"]["minutes"].replace("计划", "汁划", 1)
    changes: dict[str, bytes | None] = {
        "records/000002.json": form.as_json(entry), "book.pdf": OTHER_PDF,
    }  # fmt: skip
    out = tell(book, changes, capsys)
    assert "第2号记录被改动：会议内容与归档时不一致。" in out
    assert "记录文件 records/000002.json 与导出时不一致" in out
    assert "book.pdf 与导出时不一致" in out
    assert "记录未通过核验，不能作为依据" in out
    assert "记录本身核验无误" not in out


def test_records_that_fit_and_were_not_handed_out_prove_nothing(
    book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All links made anew and the seals left out: the signed list of files tells."""
    said = read(book, form.BOOK)
    changes: dict[str, bytes | None] = {}
    link = ""
    for sequence in range(1, 16):
        entry = read(book, form.record_path(sequence))
        entry["identity"]["happened_on"] = "2026-01-01"
        entry["previous"] = link
        link = link_digest(
            link, digest_version(Identity(**entry["identity"]), str(entry["digests"]))
        )
        entry["link"] = link
        changes[form.record_path(sequence)] = form.as_json(entry)
    said |= {"seals": [], "head": {"sequence": 15, "link": link}}
    outcome = look(book, {**changes, form.BOOK: form.as_json(said)})
    assert outcome.fault is not None
    assert (outcome.fault.kind, outcome.fault.part) == (FaultKind.FILE, "records/000001.json")
    assert not outcome.records_hold
    out = tell(book, {**changes, form.BOOK: form.as_json(said)}, capsys)
    assert "不能作为依据" in out
    assert "另有 5 个文件与导出时不一致。" in out


def test_an_entry_that_was_added_is_inserted(book: Path) -> None:
    """A record with a place of its own at the end that the list of files does not name."""
    said, entry = read(book, form.BOOK), read(book, "records/000015.json")
    entry["identity"]["sequence"] = 16
    said["chain"].append("")
    changes = {form.BOOK: form.as_json(said), "records/000016.json": form.as_json(entry)}
    fault = look(book, changes).fault
    assert fault is not None
    assert (fault.kind, fault.sequence) == (FaultKind.INSERTED, 16)


def test_two_that_changed_places_are_told_with_where_they_were(
    book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """第3号…原为第4号, not 原为第?号."""
    third, fourth = read(book, "records/000003.json"), read(book, "records/000004.json")
    third["identity"]["sequence"], fourth["identity"]["sequence"] = 4, 3
    changes: dict[str, bytes | None] = {
        "records/000003.json": form.as_json(fourth), "records/000004.json": form.as_json(third),
    }  # fmt: skip
    assert "第3号记录次序被调换：原为第4号" in tell(book, changes, capsys)


def resigned(book: Path, changes: dict[str, bytes | None], generation: int) -> Path:
    """The list of files made anew and signed with a key of one's own."""
    target = rewrite(book, book.with_name("forged.zip"), changes)
    with zipfile.ZipFile(target) as archive:
        sums = {
            name: hashlib.sha256(archive.read(name)).hexdigest()
            for name in archive.namelist()
            if name not in {form.MANIFEST, form.SIGNATURE}
        }
    own = Ed25519PrivateKey.generate()
    manifest = form.as_json({"files": sums})
    signature = {
        **read(book, form.SIGNATURE),
        "generation": generation,
        "public_key": own.public_key().public_bytes_raw().hex(),
        "signature": own.sign(form.manifest_message(manifest)).hex(),
    }
    final = book.with_name("resigned.zip")
    return rewrite(
        target, final, {form.MANIFEST: manifest, form.SIGNATURE: form.as_json(signature)}
    )


def test_a_list_that_another_key_signed_is_not_signed(
    book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An altered PDF with a list to match: the seals know the key of that generation."""
    forged = resigned(book, {"book.pdf": OTHER_PDF}, generation=1)
    assert run(["verify", str(forged)]) == 1
    out = capsys.readouterr().out
    assert "文件清单 manifest.json 没有该党支部的有效签名" in out
    assert "记录本身核验无误" not in out


def test_a_key_of_a_later_generation_is_shown_to_be_compared(book: Path) -> None:
    """The file alone cannot tell; its fingerprint is not the one on paper, and both are shown."""
    outcome = verify_bundle(resigned(book, {"book.pdf": OTHER_PDF}, generation=2))
    assert outcome.fault is None
    assert [owner for owner, _ in outcome.fingerprints].count("第一党支部") == 2


def test_what_was_wrong_before_the_export_is_said_to_have_been(
    scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The database was altered, the file was not: whoever runs the system is to look."""
    make_history(scene)
    RecordVersion.objects.filter(sequence=2).update(minutes='"另一番话"')
    book = export(scene, tmp_path / "book.zip")
    assert run(["verify", str(book)]) == 1
    out = capsys.readouterr().out
    assert "第2号记录被改动" in out
    assert "压缩包导出后没有被改动，问题在导出前已经存在" in out
    assert "zhibu verify --files" in out


def test_folders_of_an_archive_that_was_packed_again_are_no_files(book: Path) -> None:
    """Taken apart and packed again with the tools of a desktop."""
    with zipfile.ZipFile(book, "a") as archive:
        archive.mkdir("records")
    assert verify_bundle(book).fault is None


@pytest.mark.parametrize(
    "change",
    [
        lambda said: {**said, "year": float("inf")},
        lambda said: {**said, "year": None},
        lambda said: {**said, "chain": 5},
        lambda said: {**said, "chain": ["zz"] * 15},
        lambda said: {**said, "seals": [{}]},
        lambda said: {**said, "head": {"sequence": float("inf"), "link": ""}},
        lambda said: {**said, "names": []},
        lambda said: {},
        lambda said: [said],
    ],
)
def test_a_hostile_book_is_named(
    book: Path, change: Callable[[Any], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback, whatever it says; that book.json was altered is told."""
    said = json.dumps(change(read(book, form.BOOK))).encode()
    assert "book.json 与导出时不一致" in tell(book, {form.BOOK: said}, capsys)


def test_a_damaged_compression_is_an_outcome(book: Path, tmp_path: Path) -> None:
    """Every method that the library unpacks, with bytes flipped in the middle of each file."""
    with zipfile.ZipFile(book) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        path = tmp_path / f"{method}.zip"
        with zipfile.ZipFile(path, "w", method) as archive:
            for name, content in contents.items():
                archive.writestr(name, content)
            infos = archive.infolist()
        whole = path.read_bytes()
        for info in infos:
            at = info.header_offset + 30 + len(info.filename) + info.compress_size // 2
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
            assert verify_bundle(path).fault is not None, (method, info.filename)


def test_what_is_no_book_is_told_with_what_it_may_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A half download, or a backup: which file is wanted, and what checks the other."""
    path = tmp_path / "备份.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(form.MANIFEST, '{"format": "zhibu-backup/1"}')
    assert run(["verify", str(path)]) == 1
    said = capsys.readouterr().out
    assert "下载核验包 ZIP" in said
    assert "--dry-run" in said


def test_a_branch_is_not_asked_of_a_file(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It would be passed over in silence."""
    assert run(["verify", str(book), "--branch", "第一党支部"]) == 2
    assert "--branch" in capsys.readouterr().err


def test_a_file_that_is_not_what_was_filed_is_not_handed_out(scene: Scene, tmp_path: Path) -> None:
    """The branch would sign a book that does not verify: it is said at once which file."""
    make_history(scene)
    file = Attachment.objects.filter(is_filed=True).first()
    assert file is not None
    Path(file.file.path).write_bytes(b"other")
    with pytest.raises(ExportFailed, match=f"“{file.name}”"):
        export(scene, tmp_path / "book.zip")
