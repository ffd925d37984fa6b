"""Files that commands write: whole or not at all, and nothing is replaced unasked."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from zhibu.ops.saving import refuse_taken, write_whole, written_whole


def fill_half(target: Path) -> None:
    with written_whole(target) as stream:
        stream.write(b"half")
        raise OSError("full")


def test_what_was_there_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    """The disk fills up half-way: the old book is still the old book, and nothing lies about."""
    target = tmp_path / "手册.pdf"
    write_whole(target, b"old")
    with pytest.raises(OSError, match="full"):
        fill_half(target)
    assert target.read_bytes() == b"old"
    write_whole(target, b"new")
    assert target.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_or_a_folder_in_the_way_is_said_first(tmp_path: Path) -> None:
    """Before minutes of work; and --force replaces a file, but makes no folder."""
    target = tmp_path / "表.xlsx"
    refuse_taken(target, force=False)
    target.write_bytes(b"")
    with pytest.raises(click.ClickException, match="--force"):
        refuse_taken(target, force=False)
    refuse_taken(target, force=True)
    with pytest.raises(click.ClickException, match="文件夹"):
        refuse_taken(tmp_path / "没有" / "表.xlsx", force=True)
