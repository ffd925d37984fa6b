"""The shape of an exported book: names and marks that the writer and the reader agree on."""

from __future__ import annotations

import json
from typing import Any, Final

FORMAT: Final = "zhibu-book-1"
BOOK: Final = "book.json"
MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "signature.json"
README: Final = "README.txt"
PDF: Final = "book.pdf"
RECORDS: Final = "records"
ATTACHMENTS: Final = "attachments"


def record_path(sequence: int) -> str:
    """Where an entry of the chain lies."""
    return f"{RECORDS}/{sequence:06d}.json"


def file_path(key: str) -> str:
    """Where the bytes of an attachment lie; its name is said in the record."""
    return f"{ATTACHMENTS}/{key}"


def as_json(value: Any) -> bytes:
    """JSON that people can read as well."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def manifest_message(manifest: bytes) -> bytes:
    """What the branch signs when it hands a book out."""
    return b"zhibu-manifest-1\n" + manifest
