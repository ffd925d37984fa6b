"""Files that commands write where somebody wants them: whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click


def refuse_taken(target: Path, *, force: bool) -> None:
    """Say before the work is done that the file is there already, or the folder is not."""
    if target.exists() and not force:
        raise click.ClickException(f"{target} 已经存在。换一个文件名，或加 --force 覆盖。")
    if not target.absolute().parent.is_dir():
        raise click.ClickException(f"没有 {target.parent} 这个文件夹，请先建立。")


@contextmanager
def written_whole(target: Path, *, is_secret: bool = False) -> Iterator[IO[bytes]]:
    """A stream that takes the place of `target` once all of it is on the disk.

    Until then, and when something goes wrong, what was there stays. `is_secret` keeps other
    accounts of the machine from reading it.
    """
    unfinished = target.with_name(f"{target.name}.未完成")
    try:
        with unfinished.open("wb") as stream:
            if is_secret:
                unfinished.chmod(0o600)
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def write_whole(target: Path, content: bytes) -> None:
    """The same for bytes that are there already."""
    with written_whole(target) as stream:
        stream.write(content)
