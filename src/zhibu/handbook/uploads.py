"""What an uploaded file really is. The name and the browser's word count for nothing."""

from __future__ import annotations

import hashlib
import unicodedata
import zipfile
from dataclasses import dataclass
from typing import IO, Final

import filetype

from zhibu.handbook.refusals import AttachmentRefused

NAME_LENGTH: Final = 200
CHUNK: Final = 256 * 1024
UNPACKED_LIMIT: Final = 300 * 1024 * 1024  # bytes that an Office file may unpack to
UNPACKED_RATIO: Final = 200  # an honest document packs to no less than a 200th
ENTRY_LIMIT: Final = 10_000
_HEAD: Final = 8192
_TAIL: Final = 4096
_OLE: Final = bytes.fromhex("d0cf11e0a1b11ae1")

_PICTURES: Final = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "heic": "image/heic",
}
_OLE_OFFICE: Final = {
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
}
_OOXML_HEAD: Final = "application/vnd.openxmlformats-officedocument."
# The media type and the folder that a file of the kind must hold.
_OOXML: Final = {
    "docx": (f"{_OOXML_HEAD}wordprocessingml.document", "word/"),
    "xlsx": (f"{_OOXML_HEAD}spreadsheetml.sheet", "xl/"),
    "pptx": (f"{_OOXML_HEAD}presentationml.presentation", "ppt/"),
}
_ODF: Final = {
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
}
ALLOWED: Final = ("pdf", *_PICTURES, *_OLE_OFFICE, *_OOXML, *_ODF)
ALLOWED_TEXT: Final = (
    "PDF、图片（jpg、png、gif、webp、heic）和 Office 文档（Word、Excel、PPT、ODF）"
)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was looked at: its clean name, its real type, its size and SHA-256."""

    name: str
    media_type: str
    size: int
    digest: str


def clean_name(name: str) -> str:
    """A name that can be shown and saved: no path, no control or direction signs, not too long."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(
        char for char in last if unicodedata.category(char)[0] != "C" and char not in '<>:"|?*'
    )
    kept = " ".join(kept.split()).rstrip(". ")
    stem, dot, suffix = kept.rpartition(".")
    if not dot:
        return (kept or "附件")[:NAME_LENGTH]
    suffix = suffix[:20]
    stem = stem.strip(". ")
    return f"{(stem or '附件')[: NAME_LENGTH - len(suffix) - 1]}.{suffix}"


def inspect_upload(name: str, stream: IO[bytes], *, max_bytes: int) -> Upload:
    """Look at a file from its beginning to its end. Raises AttachmentRefused saying what is wrong."""
    cleaned = clean_name(name)
    suffix = cleaned.rpartition(".")[2].lower() if "." in cleaned else ""
    if suffix not in ALLOWED:
        raise AttachmentRefused(f"“{cleaned}”的类型不能作为附件，可以上传{ALLOWED_TEXT}。")
    size, digest, head, tail = _read_through(stream, max_bytes, cleaned)
    if not size:
        raise AttachmentRefused(f"“{cleaned}”是空文件，请重新选择。")
    media_type = _media_type(suffix, head, tail, stream)
    if not media_type:
        raise AttachmentRefused(
            f"“{cleaned}”的内容与扩展名 .{suffix} 不符，请确认文件没有损坏并重新导出后上传。"
        )
    return Upload(cleaned, media_type, size, digest)


def _read_through(stream: IO[bytes], max_bytes: int, name: str) -> tuple[int, str, bytes, bytes]:
    stream.seek(0)
    digest, size, head, tail = hashlib.sha256(), 0, b"", b""
    while chunk := stream.read(CHUNK):
        size += len(chunk)
        if size > max_bytes:
            limit = max_bytes // (1024 * 1024)
            raise AttachmentRefused(f"“{name}”超过 {limit} MB，请压缩或拆分后上传。")
        digest.update(chunk)
        if len(head) < _HEAD:
            head += chunk[: _HEAD - len(head)]
        tail = (tail + chunk)[-_TAIL:]
    return size, digest.hexdigest(), head, tail


def _media_type(suffix: str, head: bytes, tail: bytes, stream: IO[bytes]) -> str:
    """The media type, when the content is what the suffix says; else nothing."""
    if suffix == "pdf":
        return "application/pdf" if _sniff(head) == "pdf" and b"%%EOF" in tail else ""
    if suffix in _PICTURES:
        alike = {"jpg", "jpeg"}
        found = _sniff(head)
        is_same = found == suffix or {found, suffix} <= alike
        return _PICTURES[suffix] if is_same else ""
    if suffix in _OLE_OFFICE:
        return _OLE_OFFICE[suffix] if head.startswith(_OLE) else ""
    return _packed_type(suffix, stream)


def _sniff(head: bytes) -> str:
    found = filetype.guess(head)
    return str(found.extension) if found is not None else ""


def _packed_type(suffix: str, stream: IO[bytes]) -> str:
    """The type of an OOXML or ODF file. Only the directory and the type entry are read."""
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
            _refuse_bomb(entries)
            names = {entry.filename for entry in entries}
            if any(name.lower().endswith("vbaproject.bin") for name in names):
                raise AttachmentRefused("文档含有宏，请另存为不含宏的格式后上传。")
            if suffix in _OOXML:
                media_type, folder = _OOXML[suffix]
                is_kind = any(name.startswith(folder) for name in names)
                return media_type if "[Content_Types].xml" in names and is_kind else ""
            if "mimetype" not in names or archive.getinfo("mimetype").file_size > 200:
                return ""
            media_type = archive.read("mimetype").decode("ascii", "replace").strip()
            return media_type if media_type == _ODF[suffix] else ""
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError):
        return ""


def _refuse_bomb(entries: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries) or 1
    is_bomb = unpacked > UNPACKED_LIMIT or (
        unpacked > 10 * 1024 * 1024 and unpacked / packed > UNPACKED_RATIO
    )
    if is_bomb or len(entries) > ENTRY_LIMIT:
        raise AttachmentRefused("文档解压后过大，可能已损坏或含有异常内容，不能上传。")
