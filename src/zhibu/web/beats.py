"""The worker's sign of life: a small file in the data directory that it writes anew every few seconds.

A file and not a row, so that a busy database does not make a living worker look dead, and because
all machines of one installation share the data directory anyway (attachments lie there).
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

EVERY: Final = timedelta(seconds=5)
LOST_AFTER: Final = timedelta(seconds=45)
FORGOTTEN_AFTER: Final = timedelta(days=1)


def beats_dir(data_dir: Path) -> Path:
    """Where the files lie."""
    return data_dir / "beats"


def write_beat(data_dir: Path, *, now: datetime, process: int | None = None) -> Path:
    """Say that this process is alive; the file's path."""
    folder = beats_dir(data_dir)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{socket.gethostname()}-{process or os.getpid()}.json"
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({"at": now.astimezone(UTC).isoformat()}), encoding="utf-8")
    with contextlib.suppress(PermissionError):  # Windows, while somebody reads it
        fresh.replace(path)
    return path


def remove_beat(data_dir: Path, *, process: int | None = None) -> None:
    """Say that this process has ended."""
    name = f"{socket.gethostname()}-{process or os.getpid()}.json"
    with contextlib.suppress(OSError):
        (beats_dir(data_dir) / name).unlink()


def last_beat(data_dir: Path, *, now: datetime) -> datetime | None:
    """The latest sign of life of any worker; None when there never was one. Old files are removed."""
    latest: datetime | None = None
    for path in beats_dir(data_dir).glob("*.json"):
        try:
            at = datetime.fromisoformat(json.loads(path.read_text(encoding="utf-8"))["at"])
        except (OSError, ValueError, KeyError, TypeError):
            continue  # just being written, or not ours
        if now - at > FORGOTTEN_AFTER:
            with contextlib.suppress(OSError):
                path.unlink()
            continue
        latest = at if latest is None else max(latest, at)
    return latest
