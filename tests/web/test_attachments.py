"""Files of records: taken with the form, looked at, and given only to those who may read the record."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from tests.cast import Cast, client_of
from tests.web.record_story import MINUTES, Writer, a_line, make_table

from zhibu.handbook.models import Attachment, Record
from zhibu.plans.models import Plan

pytestmark = pytest.mark.usefixtures("data_dir")
PNG = (
    bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489") + b"\0" * 40
)
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture
def plan(cast: Cast) -> Plan:
    return make_table(cast)


@pytest.fixture
def writer(cast: Cast, plan: Plan) -> Writer:
    return Writer(cast.secretary).start(cast, a_line(plan, "members_meeting"))


def send_file(writer: Writer, name: str, content: bytes, **more: Any) -> Any:
    return writer.send("attach", files=SimpleUploadedFile(name, content), **more)


def test_a_file_and_what_was_typed_are_saved_together(writer: Writer) -> None:
    """Without JavaScript the upload sends the whole form: neither the file nor the text is lost."""
    answer = send_file(writer, "会场照片 𠮷.png", PNG, minutes=MINUTES)
    assert answer.status_code == 303
    record = Record.objects.get(pk=writer.key)
    assert record.draft is not None
    assert record.draft["minutes"] == MINUTES
    file = Attachment.objects.get(record=record)
    got = writer.client.get(reverse("attachment", args=[file.pk]))
    assert b"".join(got.streaming_content) == PNG
    assert got["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in got["Content-Security-Policy"]
    assert got["Content-Disposition"].startswith("inline; filename*=utf-8''%E4%BC%9A")
    writer.data.pop("files")
    writer.open(record)
    writer.send(f"detach:{file.pk}")
    assert not Attachment.objects.filter(record=record).exists()


def test_a_pdf_is_saved_and_not_shown(writer: Writer) -> None:
    """Anything but a plain picture is a download."""
    send_file(writer, "通知.pdf", PDF)
    file = Attachment.objects.get(record=writer.key)
    got = writer.client.get(reverse("attachment", args=[file.pk]))
    assert got["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert got["Content-Type"] == "application/pdf"


def bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        archive.writestr("word/document.xml", b"\0" * (60 * 1024 * 1024))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("假的.pdf", b"MZ\x90\x00 this is no pdf"),
        ("图.png", b"<script>alert(1)</script>"),
        ("页.html", b"<script>alert(1)</script>"),
        ("图.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("空.pdf", b""),
        ("炸弹.docx", bomb()),
    ],
    ids=["pdf", "png", "html", "svg", "empty", "bomb"],
)
def test_a_file_that_cannot_be_taken_is_named(writer: Writer, name: str, content: bytes) -> None:
    """The refusal stands beside the field, and what was typed is saved all the same."""
    answer = send_file(writer, name, content, minutes=MINUTES)
    assert answer.status_code == 422
    assert 'id="says-attachments"' in answer.content.decode()
    assert MINUTES in answer.content.decode()
    assert not Attachment.objects.exists()
    record = Record.objects.get(pk=writer.key)
    assert record.draft is not None
    assert record.draft["minutes"] == MINUTES


def test_a_file_that_is_too_large_is_named(writer: Writer, settings: Any) -> None:
    """The limit is said in the refusal."""
    settings.ATTACHMENT_MAX_BYTES = 1024 * 1024
    answer = send_file(writer, "大.png", PNG + b"\0" * (1024 * 1024))
    assert answer.status_code == 422
    assert "1 MB" in answer.content.decode()


@pytest.mark.parametrize(
    ("who", "of_draft", "of_filed"),
    [
        ("secretary", 200, 200), ("deputy", 200, 200), ("member", 404, 200),
        ("group_leader", 404, 200), ("office", 404, 200), ("neighbour", 404, 404),
        ("stranger", 404, 404), ("far_office", 404, 404), ("nobody", 404, 404),
        ("audit_admin", 404, 404),
    ],
)  # fmt: skip
def test_who_gets_a_file(
    cast: Cast, writer: Writer, who: str, of_draft: int, of_filed: int
) -> None:
    """Mistake 1: an address alone opens nothing, neither signed out nor out of scope."""
    send_file(writer, "通知.pdf", PDF)
    writer.data.pop("files")
    address = reverse("attachment", args=[Attachment.objects.get().pk])
    client = client_of(getattr(cast, who))
    assert client.get(address).status_code == of_draft
    writer.open(Record.objects.get(pk=writer.key)).complete()
    writer.file()
    assert client.get(address).status_code == of_filed
    client.logout()
    answer = client.get(address)
    assert answer.status_code == 302
    assert "sign-in" in answer["Location"]


def test_the_file_of_a_talk_is_not_for_every_member(cast: Cast, plan: Plan) -> None:
    """What hides the record hides its files."""
    writer = Writer(cast.secretary).start(cast, activities=("talk",))
    writer.data.update(
        {n: ["谈心谈话情况良好，思想稳定"] for n in writer.data if n.startswith("element-")}
    )
    send_file(writer, "谈话.pdf", PDF)
    writer.data.pop("files")
    writer.open(Record.objects.get(pk=writer.key)).complete()
    writer.file()
    assert Record.objects.get(pk=writer.key).current is not None
    address = reverse("attachment", args=[Attachment.objects.get().pk])
    assert client_of(cast.deputy).get(address).status_code == 200
    assert client_of(cast.member).get(address).status_code == 404


def test_a_filed_file_cannot_be_taken_out(cast: Cast, writer: Writer) -> None:
    """Once filed, the bytes stay, and the form that could remove them is closed."""
    send_file(writer, "通知.pdf", PDF)
    writer.data.pop("files")
    writer.open(Record.objects.get(pk=writer.key)).complete()
    writer.file()
    file = Attachment.objects.get()
    writer.send(f"detach:{file.pk}")
    assert Attachment.objects.get().is_filed
