"""Stored files: on the disk before anything names them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage


def test_whatever_is_stored_is_on_the_disk(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut takes what was only on its way; a row that names it would stay without it."""
    settled: list[int] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        settled.append(os.fstat(handle).st_size)
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    name = default_storage.save("文件/通知.pdf", ContentFile(b"x" * 1000))
    again = default_storage.save("文件/通知.pdf", ContentFile(b"y" * 2000))
    assert settled == [1000, 2000]
    assert name != again
    assert default_storage.open(name).read() == b"x" * 1000
