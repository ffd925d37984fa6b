"""Attachments: only what they claim to be, whole, under a clean name; filed ones stay."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.handbook.history import PNG
from tests.handbook.scene import AT, Scene

from zhibu.handbook.models import Attachment, Record, RecordVersion, Redaction
from zhibu.handbook.services import (
    AttachmentRefused,
    RecordRefused,
    add_attachment,
    file_record,
    redact_part,
    remove_attachment,
    start_correction,
)
from zhibu.handbook.uploads import NAME_LENGTH, clean_name, inspect_upload
from zhibu.handbook.verification import verify_database

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
OLE = bytes.fromhex("d0cf11e0a1b11ae1") + b"\x00" * 600


def packed(entries: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return stream.getvalue()


DOCX = packed({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<x/>"})
XLSX = packed({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<x/>"})
ODT = packed({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<x/>"})


def named(value: object) -> str:
    """A test is called by the name of its file: a ZIP holds the moment at which it was packed."""
    return value if isinstance(value, str) else ""


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("会议照片.png", PNG, "image/png"),
        ("材料.PDF", PDF, "application/pdf"),
        ("老文件.doc", OLE, "application/msword"),
        ("签到.docx", DOCX, "wordprocessingml.document"),
        ("台账.xlsx", XLSX, "spreadsheetml.sheet"),
        ("材料.odt", ODT, "application/vnd.oasis.opendocument.text"),
    ],
    ids=named,
)
def test_honest_files_are_taken(name: str, content: bytes, media_type: str) -> None:
    """What people attach to minutes."""
    upload = inspect_upload(name, io.BytesIO(content), max_bytes=10**6)
    assert upload.media_type.endswith(media_type)
    assert upload.size == len(content)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("假.pdf", b"MZ\x90\x00 not a pdf"),
        ("半截.pdf", b"%PDF-1.7\n"),
        ("页面.html", b"<script>alert(1)</script>"),
        ("图.svg", b"<svg onload='alert(1)'/>"),
        ("假.png", PDF),
        ("假.docx", XLSX),
        ("假.docx", packed({"a.txt": b"x"})),
        ("坏.docx", DOCX[:40]),
        ("宏.docx", packed({
            "[Content_Types].xml": b"", "word/document.xml": b"", "word/vbaProject.bin": b"x",
        })),
        ("炸弹.docx", packed({
            "[Content_Types].xml": b"", "word/document.xml": b"\x00" * 40_000_000,
        })),
        ("空.pdf", b""),
        ("大.png", PNG + b"\x00" * 2_000_000),
        ("无扩展名", PNG),
        ("exe.exe", b"MZ"),
    ],
    ids=named,
)  # fmt: skip
def test_what_is_not_what_it_says_is_refused(name: str, content: bytes) -> None:
    """With a sentence in Chinese."""
    with pytest.raises(AttachmentRefused, match=r"[。]$"):
        inspect_upload(name, io.BytesIO(content), max_bytes=10**6)


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\windows\\x.png", "x.png"),
        ("a\u202egnp.exe.pdf", "agnp.exe.pdf"),
        ("a\x00b\n.pdf", "ab.pdf"),
        ("  .pdf", "附件.pdf"),
        ("", "附件"),
        ("𠮷田·会议.pdf", "𠮷田·会议.pdf"),
    ],
)
def test_names_are_cleaned(name: str, cleaned: str) -> None:
    """No path, no control or direction signs, never empty."""
    assert clean_name(name) == cleaned


@given(st.text(max_size=400))
def test_any_name_becomes_a_name(name: str) -> None:
    """Whatever is sent, the result can be stored and shown."""
    cleaned = clean_name(name)
    assert 0 < len(cleaned) <= NAME_LENGTH
    assert not set(cleaned) & set("/\\\x00\r\n\u202e")


@given(st.binary(max_size=300), st.sampled_from(["a.pdf", "a.docx", "a.odt", "a.png", "a.xls"]))
def test_junk_never_crashes(content: bytes, name: str) -> None:
    """A refusal or an upload, nothing else."""
    try:
        inspect_upload(name, io.BytesIO(content), max_bytes=10**6)
    except AttachmentRefused:
        return


def attach(scene: Scene, record: Any, name: str = "照片.png", content: bytes = PNG) -> Attachment:
    return add_attachment(
        record=record, name=name, stream=io.BytesIO(content), by=scene.cast.secretary, at=AT
    )


def test_files_follow_the_draft_and_stay_with_the_version(scene: Scene) -> None:
    """A file that a version names outlives its removal from the correction."""
    by = scene.cast.secretary
    record = scene.start()
    kept, dropped = attach(scene, record), attach(scene, record, "多余.pdf", PDF)
    assert attach(scene, record) == kept
    remove_attachment(attachment=dropped, by=by, at=AT)
    assert not Attachment.objects.filter(pk=dropped.pk).exists()
    version = file_record(record=record, revision=1, submission=uuid4(), by=by, at=AT)
    with pytest.raises(RecordRefused):
        attach(scene, record, "迟到.png")
    opened = start_correction(record=version.record, by=by, at=AT)
    remove_attachment(attachment=kept, by=by, at=AT)
    kept.refresh_from_db()
    assert (kept.in_draft, kept.is_filed) == (False, True)
    assert kept.file.storage.exists(kept.file.name)
    assert opened.draft is not None
    assert [outcome.fault for outcome in verify_database(has_bytes=True)] == [None]


def test_changed_bytes_are_found(scene: Scene) -> None:
    """Only when the bytes are asked for: they lie outside the database."""
    record = scene.start()
    file = attach(scene, record)
    file_record(record=record, revision=1, submission=uuid4(), by=scene.cast.secretary, at=AT)
    path = Path(file.file.path)
    path.write_bytes(path.read_bytes() + b"x")
    assert [o.fault for o in verify_database()] == [None]
    (outcome,) = verify_database(has_bytes=True)
    assert outcome.fault is not None
    assert outcome.fault.part == "照片.png"


def redact(scene: Scene, record: Record, part: str) -> list[Redaction]:
    return redact_part(
        record=record, part=part, basis="个人信息保护法第四十七条", reason="本人申请删除",
        by=scene.cast.office, at=AT,
    )  # fmt: skip


def test_redacting_attachments_destroys_the_files(scene: Scene) -> None:
    """By law they must go; the chain still verifies and the reason is signed."""
    record = scene.start()
    file = attach(scene, record)
    version = file_record(
        record=record, revision=1, submission=uuid4(), by=scene.cast.secretary, at=AT
    )
    with pytest.raises(RecordRefused):
        redact(scene, record, "head")
    done = redact(scene, record, "attachments")
    assert len(done) == 1
    assert not Attachment.objects.filter(pk=file.pk).exists()
    stored = RecordVersion.objects.get(pk=version.pk)
    assert (stored.attachments, stored.link) == ("", version.link)
    assert [outcome.fault for outcome in verify_database(has_bytes=True)] == [None]


def test_a_file_is_on_the_disk_before_anything_names_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut takes what was only on its way, and the record that is filed later stays."""
    record, settled = scene.start(), []
    real = os.fsync

    def fsync(handle: int) -> None:
        settled.append((os.fstat(handle).st_size, Attachment.objects.count()))
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    stream = io.BytesIO(PNG)
    add_attachment(record=record, name="照片.png", stream=stream, by=scene.cast.secretary, at=AT)
    assert settled == [(len(PNG), 0)]
