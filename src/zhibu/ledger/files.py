"""Where files of people lie: a file is on the disk before any row names it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage


class DurableStorage(FileSystemStorage):
    """Django's folder of files, which waits until each one is on the disk.

    The rows that name a file outlive a power cut; its bytes must not be lost behind them.
    """

    def _save(self, name: str, content: Any) -> str:
        kept: str = super()._save(name, content)  # type: ignore[misc]  # the stubs leave it out
        with Path(self.path(kept)).open("rb+") as file:
            os.fsync(file.fileno())
        return kept
