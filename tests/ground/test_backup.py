"""Backup and restore: everything comes back, on either database, or nothing is touched."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from tests.cast import Cast, make_cast
from tests.handbook.test_concurrency import PATIENCE

from zhibu.handbook.models import Attachment, Record, RecordVersion
from zhibu.ops import archive, changeover, cli
from zhibu.people.models import Person

AT = datetime(2026, 3, 12, 1, 2, 3, 456789, tzinfo=UTC)
STRANGE = "阿依古丽·𠮷\u2028<script>\\n\"'"


@pytest.fixture
def filled(transactional_db: None, data_dir: Path) -> Cast:
    """A small installation: people, a tree, a filed record with an attachment, keys."""
    cast = make_cast()
    record = Record.objects.create(
        branch=cast.branch, draft={"minutes": STRANGE}, drafted_by=cast.secretary, drafted_at=AT
    )
    parts = ("head", "particulars", "agenda", "minutes", "attendance", "decisions", "elements")
    version = RecordVersion.objects.create(
        record=record, branch=cast.branch, sequence=1, version=1, action="file",
        submission=uuid4(), filed_at=AT, filed_by=cast.secretary, year=2026,
        happened_on=date(2026, 3, 11), activities="lesson", topic=STRANGE,
        attachments="[]", salts="", digests="", previous="", link="ab" * 32,
        **dict.fromkeys(parts, STRANGE),
    )  # fmt: skip
    Record.objects.filter(pk=record.pk).update(state="filed", current=version, draft=None)
    attachment = Attachment(
        record=record, name=STRANGE[:20], media_type="image/png", size=5, added_at=AT,
        digest=hashlib.sha256(b"bytes").hexdigest(), added_by=cast.secretary,
    )  # fmt: skip
    attachment.file.save("x.png", ContentFile(b"bytes"))
    (data_dir / "keys" / "master").write_bytes(b"\x00secret\xff")
    return cast


@pytest.fixture
def backed_up(filled: Cast, tmp_path: Path) -> Path:
    """A backup of it."""
    target = tmp_path / "备份.zip"
    assert cli.run(["backup", str(target)]) == 0
    return target


def tables(path: Path) -> dict[str, bytes]:
    """The rows in a backup, by table, without those of the program's own packs."""
    with zipfile.ZipFile(path) as opened:
        return {name: opened.read(name) for name in opened.namelist() if "tables/" in name}


def spoil(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """A copy of a backup whose files were changed."""
    with zipfile.ZipFile(path) as opened:
        members = {name: opened.read(name) for name in opened.namelist()}
    change(members)
    target = path.with_name("spoilt.zip")
    with zipfile.ZipFile(target, "w") as opened:
        for name, data in members.items():
            opened.writestr(name, data)
    return target


def test_restore_brings_everything_back(backed_up: Path, filled: Cast, data_dir: Path) -> None:
    """Rows to the microsecond, strange characters, attachments, keys."""
    attachment = Attachment.objects.get()
    Person.objects.filter(pk=filled.member.pk).update(name="改了")
    Attachment.objects.all().delete()
    attachment.file.delete(save=False)
    (data_dir / "keys" / "master").write_bytes(b"other")

    assert cli.run(["restore", str(backed_up), "--force"]) == 0

    assert Person.objects.get(pk=filled.member.pk).name == filled.member.name
    restored = Record.objects.select_related("current").get()
    assert restored.current is not None
    assert restored.current.minutes == STRANGE
    assert restored.current.filed_at == AT
    with Attachment.objects.get().file.open() as file:
        assert file.read() == b"bytes"
    assert (data_dir / "keys" / "master").read_bytes() == b"\x00secret\xff"
    (kept,) = (data_dir / "keys").glob("恢复前-*")
    assert kept.joinpath("master").read_bytes() == b"other"
    assert not list(data_dir.rglob(changeover.ARRIVING))

    again = backed_up.with_name("again.zip")
    assert cli.run(["backup", str(again)]) == 0
    assert tables(again) == tables(backed_up)
    with zipfile.ZipFile(again) as opened:
        assert not [name for name in opened.namelist() if "恢复" in name]


def test_a_full_disk_shows_before_anything_is_replaced(
    backed_up: Path,
    filled: Cast,
    data_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The keys do not fit any more: rows, attachments and keys are as they were."""
    Person.objects.filter(pk=filled.member.pk).update(name="改了")
    before = {p: p.read_bytes() for p in data_dir.rglob("*") if p.is_file()}
    unpack = archive.unpack_folder

    def full(opened: Any, contents: Any, name: str, target: Path) -> int:
        if name == "keys":
            raise OSError(errno.ENOSPC, "No space left on device", str(target))
        return unpack(opened, contents, name, target)

    monkeypatch.setattr(archive, "unpack_folder", full)
    assert cli.run(["restore", str(backed_up), "--force"]) == 1
    assert "磁盘已满" in capsys.readouterr().err
    assert Person.objects.get(pk=filled.member.pk).name == "改了"
    assert {p: p.read_bytes() for p in data_dir.rglob("*") if p.is_file()} == before


def test_a_file_that_cannot_be_replaced_is_named(
    backed_up: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On Windows somebody still has it open: what is done, what is not, and what to do."""

    def held(self: Path, _target: Path) -> Path:
        raise PermissionError(errno.EACCES, "in use", str(self))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", held)
        assert cli.run(["restore", str(backed_up), "--force"]) == 1
    said = capsys.readouterr().err
    assert "没有权限" in said
    assert "--force" in said
    assert cli.run(["restore", str(backed_up), "--force"]) == 0


def test_an_office_moves_to_the_other_database_and_back(
    backed_up: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Through a fresh SQLite installation, byte for byte; on PostgreSQL this is the move."""
    there, returned = tmp_path / "there", tmp_path / "returned.zip"
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ZHIBU", "DATABASE"))}
    environment = {**kept, "ZHIBU_DATA_DIR": str(there)}
    for arguments in (["restore", str(backed_up)], ["backup", str(returned)]):
        command = [sys.executable, "-m", "zhibu", *arguments]
        subprocess.run(command, env=environment, check=True, timeout=120)
    assert tables(returned) == tables(backed_up)
    assert cli.run(["restore", str(returned), "--force"]) == 0
    last = tmp_path / "last.zip"
    assert cli.run(["backup", str(last)]) == 0
    assert tables(last) == tables(backed_up)
    capfd.readouterr()


def test_restore_refuses_a_target_that_holds_data(
    backed_up: Path, filled: Cast, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody overwrites a year's work by a slip."""
    Person.objects.filter(pk=filled.member.pk).update(name="新来")
    assert cli.run(["restore", str(backed_up)]) == 1
    assert "--force" in capsys.readouterr().err
    assert Person.objects.get(pk=filled.member.pk).name == "新来"


def change_a_row(members: dict[str, bytes]) -> None:
    name = next(name for name in members if name.endswith("people.person.jsonl"))
    members[name] = members[name].replace(b"is_active", b"is_activf", 1)


def drop_a_table(members: dict[str, bytes]) -> None:
    del members[next(name for name in members if name.endswith("people.person.jsonl"))]


def slip_in_a_file(members: dict[str, bytes]) -> None:
    members["files/../../evil"] = b"x"


def change_an_attachment(members: dict[str, bytes]) -> None:
    members[next(name for name in members if name.startswith("files/"))] = b"bytez"


def lose_the_manifest(members: dict[str, bytes]) -> None:
    del members["manifest.json"]


def claim_the_future(members: dict[str, bytes]) -> None:
    members["manifest.json"] = members["manifest.json"].replace(b"backup/1", b"backup/9")


def claim_new_tables(members: dict[str, bytes]) -> None:
    members["manifest.json"] = members["manifest.json"].replace(b"0001_initial", b"0099_later", 1)


def claim_the_past(members: dict[str, bytes]) -> None:
    manifest = json.loads(members["manifest.json"])
    manifest["migrations"].remove("org.0003_places")
    members["manifest.json"] = json.dumps(manifest).encode()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (change_a_row, "people.person"),
        (drop_a_table, "缺少"),
        (slip_in_a_file, "清单以外"),
        (change_an_attachment, "files/"),
        (lose_the_manifest, "不是本系统的备份"),
        (claim_the_future, "只认"),
        (claim_new_tables, "升级"),
        (claim_the_past, "用制作备份的版本恢复到空库"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_spoilt_backups_are_refused_and_nothing_is_touched(
    change: Callable[[dict[str, bytes]], None],
    says: str,
    backed_up: Path,
    filled: Cast,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each fault is named, exit code 1, data as before."""
    before = Person.objects.count()
    assert cli.run(["restore", str(spoil(backed_up, change)), "--force"]) == 1
    assert says in capsys.readouterr().err
    assert Person.objects.count() == before
    with Attachment.objects.get().file.open() as file:
        assert file.read() == b"bytes"


def test_a_damaged_backup_is_said_to_be(
    backed_up: Path, filled: Cast, capsys: pytest.CaptureFixture[str]
) -> None:
    """One byte anywhere in what was compressed, or a password: a sentence that names the file."""
    whole = backed_up.read_bytes()
    with zipfile.ZipFile(backed_up) as opened:
        infos = [info for info in opened.infolist() if info.compress_size > 8]
    damaged = backed_up.with_name("damaged.zip")
    for info in infos:
        name, extra = struct.unpack_from("<HH", whole, info.header_offset + 26)
        data = info.header_offset + 30 + name + extra
        for at, to in ((data, 0xFF), (data + info.compress_size // 2, 0x55)):
            damaged.write_bytes(whole[:at] + bytes([whole[at] ^ to]) + whole[at + 1 :])
            assert cli.run(["restore", str(damaged), "--dry-run"]) == 1, info.filename
            said = capsys.readouterr().err
            assert info.filename in said or "ZIP" in said, said
    locked = bytearray(whole)
    for info in infos:
        locked[info.header_offset + 6] |= 1
    at = locked.find(b"PK\x01\x02")
    while at >= 0:
        locked[at + 8] |= 1
        at = locked.find(b"PK\x01\x02", at + 1)
    damaged.write_bytes(bytes(locked))
    assert cli.run(["restore", str(damaged), "--force"]) == 1
    assert "manifest.json" in capsys.readouterr().err
    assert Person.objects.filter(pk=filled.member.pk).exists()


@pytest.mark.parametrize(
    "said",
    [
        [], {"rows": []}, {"digests": {"files/a": 1}}, {"migrations": None}, {"rows": {"a.b": "x"}},
        {"made_at": 5}, {"release": None},
    ],
    ids=str,
)  # fmt: skip
def test_a_manifest_that_is_none_is_said_to_be(
    backed_up: Path, said: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever it says: no traceback."""

    def claim(members: dict[str, bytes]) -> None:
        manifest = json.loads(members["manifest.json"])
        members["manifest.json"] = json.dumps(said and {**manifest, **said}).encode()

    assert cli.run(["restore", str(spoil(backed_up, claim)), "--force"]) == 1
    assert "manifest.json" in capsys.readouterr().err


def test_rows_that_contradict_each_other_roll_everything_back(
    backed_up: Path, filled: Cast, capsys: pytest.CaptureFixture[str]
) -> None:
    """Digests fit, but a person is missing whom others point to: the database stays as it was."""
    import json

    def orphan(members: dict[str, bytes]) -> None:
        name = next(name for name in members if name.endswith("people.person.jsonl"))
        lines = members[name].splitlines(keepends=True)
        members[name] = b"".join(lines[1:])
        manifest = json.loads(members["manifest.json"])
        manifest["digests"][name] = hashlib.sha256(members[name]).hexdigest()
        manifest["rows"]["people.person"] -= 1
        members["manifest.json"] = json.dumps(manifest).encode()

    before = Person.objects.count()
    assert cli.run(["restore", str(spoil(backed_up, orphan)), "--force"]) == 1
    assert "保持原样" in capsys.readouterr().err
    assert Person.objects.count() == before


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all" * 100])
def test_files_that_are_no_backup(
    content: bytes, tmp_path: Path, data_dir: Path, capsys: pytest.CaptureFixture[str],
    transactional_db: None,
) -> None:  # fmt: skip
    """A sentence, not a traceback."""
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    assert cli.run(["restore", str(path)]) == 1
    assert "ZIP" in capsys.readouterr().err


def test_dry_run_only_checks(backed_up: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whether last night's backup is whole can be asked any day."""
    assert cli.run(["restore", str(backed_up), "--dry-run"]) == 0
    assert "核对无误" in capsys.readouterr().out


def test_backup_does_not_overwrite(backed_up: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An older backup is only replaced when asked."""
    before = backed_up.read_bytes()
    assert cli.run(["backup", str(backed_up)]) == 1
    assert "已经存在" in capsys.readouterr().err
    assert backed_up.read_bytes() == before
    assert cli.run(["backup", str(backed_up), "--force"]) == 0


def test_backup_without_keys_carries_none(filled: Cast, tmp_path: Path) -> None:
    """For an office that keeps its keys elsewhere."""
    target = tmp_path / "b.zip"
    assert cli.run(["backup", str(target), "--without-keys"]) == 0
    with zipfile.ZipFile(target) as opened:
        assert not [name for name in opened.namelist() if name.startswith("keys/")]


def test_failed_backup_leaves_nothing(
    filled: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No half file that somebody takes for a backup."""

    def fail(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device", "x")

    monkeypatch.setattr(archive, "write_backup", fail)
    assert cli.run(["backup", str(tmp_path / "b.zip")]) == 1
    assert list(tmp_path.glob("*.zip*")) == []


def test_every_table_is_saved_or_left_out_on_purpose() -> None:
    """A new app is in the backup without anybody thinking of it."""
    from django.apps import apps

    saved = {model._meta.app_label for model in archive.kept_models()}
    ours = {config.label for config in apps.get_app_configs() if config.name.startswith("zhibu.")}
    with_tables = {label for label in ours if apps.get_app_config(label).models}
    assert with_tables - saved == {"search"}  # the index is made anew from what is saved
    assert not saved & archive.LEFT_OUT


def test_writers_go_on_while_a_backup_reads(filled: Cast, tmp_path: Path) -> None:
    """The snapshot holds nobody up: another process writes in the middle of it."""
    import threading

    written: list[bool] = []

    def write() -> None:
        Person.objects.filter(pk=filled.member.pk).update(name="其间")
        written.append(True)
        connection.close()

    def progress(what: str, count: int) -> None:
        if not written:
            thread = threading.Thread(target=write)
            thread.start()
            thread.join(timeout=PATIENCE)

    with (tmp_path / "b.zip").open("wb") as stream:
        archive.write_backup(stream, release="0", now=AT, folders={}, progress=progress)
    assert written == [True]
    assert connection.in_atomic_block is False
    assert getattr(connection, "transaction_mode", "IMMEDIATE") == "IMMEDIATE"
