"""How a restore brings in attachments and keys: first beside the old ones, then in their place.

Everything happens inside the folder itself: the account that runs Zhibu may write there, and
perhaps not in the folder above; and the folder may be a disk of its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from itertools import chain, count
from pathlib import Path
from typing import Final

from django.utils import timezone

from zhibu.ops import wording

ARRIVING: Final = ".恢复中"
ASIDE: Final = "恢复前-"  # and the moment


class ChangeoverFailed(Exception):
    """The data are in, a file could not be put in its place; the message says which and why."""


def own_files(folder: Path) -> Iterator[Path]:
    """The files that are in use: neither arriving nor put aside, in a steady order."""
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        first = path.relative_to(folder).parts[0]
        if path.is_file() and first != ARRIVING and not first.startswith(ASIDE):
            yield path


def open_arrivals(folder: Path) -> Path:
    """An empty folder inside `folder` for what comes in."""
    arriving = folder / ARRIVING
    forget_arrivals(folder)
    arriving.mkdir(parents=True, mode=0o700)
    return arriving


def forget_arrivals(folder: Path) -> None:
    """Remove what came in and was not taken."""
    shutil.rmtree(folder / ARRIVING, ignore_errors=True)


def _free(wanted: Path) -> Path:
    """The name, or the next that is not taken: one may restore twice within a second."""
    more = (wanted.with_name(f"{wanted.name}-{number}") for number in count(2))
    return next(path for path in chain([wanted], more) if not path.exists())


def change_over(folder: Path, now: datetime) -> Path | None:
    """Put what lies in `folder` aside and the arrivals in its place; where the old ones are now."""
    aside = _free(folder / f"{ASIDE}{timezone.localtime(now):%Y%m%d-%H%M%S}")
    held = [
        path
        for path in folder.iterdir()
        if path.name != ARRIVING and not path.name.startswith(ASIDE)
    ]
    # That one is made by looking at the settings; alone it is nobody's loss.
    is_worth_keeping = any(path.name != "session-key" for path in held)
    try:
        if is_worth_keeping:
            aside.mkdir(mode=0o700)
            for path in held:
                path.replace(aside / path.name)
        for path in (folder / ARRIVING).iterdir():
            path.replace(folder / path.name)
        (folder / ARRIVING).rmdir()
    except OSError as error:
        reason = wording.OS_ERRORS.get(error.errno or 0, error.strerror or str(error))
        raise ChangeoverFailed(
            f"数据库已经恢复，但 {error.filename} 不能换成备份中的文件（{reason}）。"
            f"请确认网站已经停止，再加 --force 恢复一次；原有文件在 {aside}。"
        ) from error
    return aside if is_worth_keeping else None
