"""Texts, earlier tasks, themes and tasks of decisions: in the book, the bundle, and blacked out."""

from __future__ import annotations

import io
import subprocess
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml.ns import qn
from tests.handbook.scene import AT, Scene
from tests.handbook.test_bundle import export, rewrite
from tests.handbook.test_concurrency import assert_sound

from zhibu.documents.typesetting import typeset_book
from zhibu.documents.word import write_book_docx
from zhibu.handbook.books import bind_book
from zhibu.handbook.bundle_reading import verify_bundle
from zhibu.handbook.models import RecordVersion
from zhibu.handbook.services import redact_part
from zhibu.handbook.versions import read_version
from zhibu.network.tasks.models import Task
from zhibu.rules.contents import (
    Carried,
    Decision,
    FollowUp,
    FollowUpState,
    RecordContent,
    TaskNote,
)

TODAY = date(2026, 4, 1)
SAID = (
    "关于做好春季工作的通知", "学习教育专题", "调整值班安排：已办结（新表已公示）",
    "形成任务：乙二芳办理，2026年3月31日（周二）前完成，完成证明：清单。",
)  # fmt: skip


def content(scene: Scene) -> RecordContent:
    first = scene.cast.members[1]
    note = TaskNote(str(first.pk), first.name, date(2026, 3, 31), "清单")
    before = scene.file(
        scene.content(decisions=(Decision("调整值班安排", 7, task=TaskNote(due_on=TODAY)),))
    )
    task = Task.objects.get(record=before.record)
    return scene.content(
        texts=(Carried("01a20900-0000-7000-8000-000000000001", SAID[0]),),
        themes=(Carried("01a20900-0000-7000-8000-000000000002", SAID[1]),),
        follow_ups=(FollowUp(str(task.pk), task.title, FollowUpState.CLOSED, "新表已公示"),),
        decisions=(Decision("逐处排查隐患", 7, task=note),),
    )


@pytest.fixture
def version(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> RecordVersion:
    """Filed as it stands: whether text and theme are the branch's is the other rooms' to say."""
    from zhibu.handbook import followers
    from zhibu.network.tasks.services import follow_record

    monkeypatch.setattr(followers, "_followers", [follow_record])
    return scene.file(content(scene))


def test_the_book_says_all_of_it(scene: Scene, version: RecordVersion, tmp_path: Path) -> None:
    """In Word and in the PDF alike."""
    book = bind_book(scene.branch, 2026, today=TODAY)
    document: Any = docx.Document(io.BytesIO(write_book_docx(book)))
    word = "".join(node.text or "" for node in document.element.iter(qn("w:t")))
    path = tmp_path / "book.pdf"
    path.write_bytes(typeset_book(book))
    printed = subprocess.run(
        ["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True
    ).stdout.decode()
    squeezed = "".join(printed.split())
    for words in SAID:
        assert words in word
        assert words[:8] in squeezed


def test_the_bundle_carries_and_proves_them(
    scene: Scene, version: RecordVersion, tmp_path: Path
) -> None:
    """It verifies; with a word of a follow-up altered it does not."""
    book = export(scene, tmp_path / "book.zip")
    assert verify_bundle(book).fault is None
    with zipfile.ZipFile(book) as held:
        (name,) = [n for n in held.namelist() if "新表已公示".encode() in held.read(n)]
        altered = held.read(name).replace("新表已公示".encode(), "新表未公示".encode())
    assert verify_bundle(rewrite(book, tmp_path / "altered.zip", {name: altered})).fault is not None


@pytest.mark.parametrize(
    ("part", "gone", "stay"), [("particulars", (2,), (3,)), ("decisions", (3,), (2,))]
)
def test_blacked_out_parts_cover_them(
    scene: Scene, version: RecordVersion, part: str, gone: tuple[int, ...], stay: tuple[int, ...]
) -> None:
    """Earlier tasks lie with the particulars, tasks with the decisions; texts and themes stay."""
    redact_part(
        record=version.record, part=part, basis="某法第一条", reason="涉及个人隐私",
        by=scene.cast.office, at=AT,
    )  # fmt: skip
    version.refresh_from_db()
    left = read_version(version).content
    assert [one.title for one in left.texts] == [SAID[0]]
    assert bool(left.follow_ups) is (part != "particulars")
    assert bool(left.decisions) is (part != "decisions")
    book = bind_book(scene.branch, 2026, today=TODAY)
    document: Any = docx.Document(io.BytesIO(write_book_docx(book)))
    word = "".join(node.text or "" for node in document.element.iter(qn("w:t")))
    assert SAID[0] in word
    for at in gone:
        assert SAID[at] not in word
    for at in stay:
        assert SAID[at] in word
    assert_sound()
