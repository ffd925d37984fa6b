"""The backup file: one ZIP that either database can be filled from.

    manifest.json       format, release, moment, tables with their rows, digests of all files
    tables/<n>-<app>.<model>.jsonl   one row a line, in the form of Django's serialisers
    files/…             attachments
    keys/…              the secrets of the installation

The rows are values and not a dump of one engine, so an office that grows moves from SQLite to
PostgreSQL by backup and restore.
"""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import os
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final, TypeVar

from django.apps import apps
from django.core import serializers
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DataError, IntegrityError, connection, models, transaction
from django.db.migrations.recorder import MigrationRecorder

from zhibu.network.notices.spreading import withhold_waiting
from zhibu.network.search.services import clear_index, note_everything
from zhibu.ops import changeover

FORMAT: Final = "zhibu-backup/1"
MANIFEST: Final = "manifest.json"
BLOCK: Final = 1 << 20
# What nobody misses: people sign in again, finished tasks are history, the index is made anew.
LEFT_OUT: Final = frozenset({"sessions", "contenttypes", "auth", "django_tasks_database", "search"})

# What reading a damaged file, or one behind a password, can end with.
_DAMAGE: Final = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError,
)  # fmt: skip

Progress = Callable[[str, int], None]
T = TypeVar("T")


class BackupFaulty(Exception):
    """The file is no backup, or not whole; the message says what is wrong, in Chinese."""


@dataclass(slots=True)
class Contents:
    """What a backup holds."""

    release: str
    made_at: datetime
    engine: str
    migrations: list[str]
    rows: dict[str, int] = field(default_factory=dict)  # model label -> rows, in order
    digests: dict[str, str] = field(default_factory=dict)  # name in the ZIP -> SHA-256

    def to_json(self) -> str:
        """The manifest."""
        return json.dumps(
            {
                "format": FORMAT,
                "release": self.release,
                "made_at": self.made_at.isoformat(),
                "engine": self.engine,
                "migrations": self.migrations,
                "rows": self.rows,
                "digests": self.digests,
            },
            ensure_ascii=False,
            indent=1,
        )


def kept_models() -> list[type[models.Model]]:
    """The tables that are saved. Their order does not matter: keys are checked at the end."""
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and model._meta.app_label not in LEFT_OUT
    ]


def table_name(number: int, label: str) -> str:
    """Where the rows of a model lie in the ZIP."""
    return f"tables/{number:02d}-{label}.jsonl"


def applied_migrations() -> list[str]:
    """The state of the tables, by what has been done to them."""
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in applied if app not in LEFT_OUT)


# --------------------------------------------------------------------------------------- writing


def write_backup(
    target: IO[bytes],
    *,
    release: str,
    now: datetime,
    folders: dict[str, Path],
    progress: Progress,
) -> Contents:
    """Write everything as it is at one moment; writers go on meanwhile.

    `folders` maps "files" and "keys" to where they lie. `progress` is told what and how many.
    """
    contents = Contents(release, now, connection.vendor, [])
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        with _standing_still():
            contents.migrations = applied_migrations()
            for number, model in enumerate(kept_models()):
                _write_table(archive, contents, number, model, progress)
        for name, folder in folders.items():
            _write_folder(archive, contents, name, folder, progress)
        archive.writestr(MANIFEST, contents.to_json())
    return contents


@contextmanager
def _standing_still() -> Iterator[None]:
    """All reads inside see the database as it was at the first of them."""
    if connection.vendor == "sqlite":
        with _deferred(connection), transaction.atomic():
            yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


@contextmanager
def _deferred(sqlite: Any) -> Iterator[None]:
    """Transactions take no lock until they write, so that a long reader holds no writer up."""
    sqlite.ensure_connection()  # which reads the mode from the settings
    mode = sqlite.transaction_mode
    sqlite.transaction_mode = "DEFERRED"
    try:
        yield
    finally:
        sqlite.transaction_mode = mode


class _WholeMoments(DjangoJSONEncoder):
    """Moments to the microsecond: Django's own encoder drops the last three figures."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if isinstance(o, (datetime, time)) else super().default(o)


class _Digesting(io.RawIOBase):
    """Passes bytes on and digests them."""

    def __init__(self, target: IO[bytes]) -> None:
        super().__init__()
        self._target = target
        self.digest = hashlib.sha256()

    def write(self, data: Any) -> int:
        self.digest.update(data)
        return self._target.write(data)

    def writable(self) -> bool:
        return True


def _write_table(
    archive: zipfile.ZipFile,
    contents: Contents,
    number: int,
    model: type[models.Model],
    progress: Progress,
) -> None:
    label = model._meta.label_lower
    name = table_name(number, label)
    count = 0

    def rows() -> Iterator[models.Model]:
        nonlocal count
        for row in model._base_manager.order_by("pk").iterator(chunk_size=2000):
            count += 1
            if count % 1000 == 0:
                progress(label, 1000)
            yield row

    with archive.open(name, "w", force_zip64=True) as raw:
        digesting = _Digesting(raw)
        text = io.TextIOWrapper(io.BufferedWriter(digesting, BLOCK), "utf-8", newline="\n")
        serializers.serialize("jsonl", rows(), stream=text, cls=_WholeMoments)
        text.flush()
        contents.digests[name] = digesting.digest.hexdigest()
        text.detach()
    progress(label, count % 1000)
    contents.rows[label] = count


def _write_folder(
    archive: zipfile.ZipFile, contents: Contents, name: str, folder: Path, progress: Progress
) -> None:
    for path in changeover.own_files(folder):
        member = f"{name}/{path.relative_to(folder).as_posix()}"
        digest = hashlib.sha256()
        try:
            with path.open("rb") as source, archive.open(member, "w", force_zip64=True) as raw:
                while block := source.read(BLOCK):
                    digest.update(block)
                    raw.write(block)
        except FileNotFoundError:
            continue  # a draft's attachment that was just thrown away
        contents.digests[member] = digest.hexdigest()
        progress(name, 1)


# --------------------------------------------------------------------------------------- reading


def read_contents(archive: zipfile.ZipFile) -> Contents:
    """The manifest. Raises BackupFaulty when this is no backup that this release can read."""
    try:
        data = json.loads(archive.read(MANIFEST))
        if data["format"] != FORMAT:
            raise BackupFaulty(
                f"备份格式是 {data['format']}，本版本只认 {FORMAT}；请用制作备份的版本恢复。"
            )
        return Contents(
            release=_typed(data["release"], str),
            made_at=datetime.fromisoformat(data["made_at"]),
            engine=_typed(data["engine"], str),
            migrations=[_typed(name, str) for name in data["migrations"]],
            rows={label: _typed(count, int) for label, count in data["rows"].items()},
            digests={name: _typed(said, str) for name, said in data["digests"].items()},
        )
    except (KeyError, ValueError, TypeError, AttributeError, *_DAMAGE) as error:
        raise BackupFaulty(f"不是本系统的备份文件：清单 {MANIFEST} 缺失或不能读取。") from error


def _typed(value: Any, kind: type[T]) -> T:
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value


def verify_backup(archive: zipfile.ZipFile, contents: Contents, progress: Progress) -> None:
    """Every file is there, whole and alone. Raises BackupFaulty naming the first that is not."""
    names = [name for name in archive.namelist() if name != MANIFEST]
    if len(names) != len(set(names)):
        raise BackupFaulty("备份中有重名的文件，可能被人动过。")
    if missing := set(contents.digests) - set(names):
        raise BackupFaulty(f"备份不完整：缺少 {min(missing)}（共缺 {len(missing)} 个文件）。")
    if extra := set(names) - set(contents.digests):
        raise BackupFaulty(f"备份中混入了清单以外的文件：{min(extra)}。")
    for name in names:
        pure = PurePosixPath(name)
        if pure.is_absolute() or ".." in pure.parts or "\\" in name or ":" in name:
            raise BackupFaulty(f"备份中的文件名不合规：{name}。")
        digest = hashlib.sha256()
        try:
            with archive.open(name) as source:
                while block := source.read(BLOCK):
                    digest.update(block)
        except _DAMAGE as error:
            raise BackupFaulty(f"备份已损坏：{name} 读不出来。") from error
        if digest.hexdigest() != contents.digests[name]:
            raise BackupFaulty(f"备份已损坏或被改动：{name} 与清单不符。")
        progress("核对", 1)


def missing_migrations(contents: Contents) -> list[str]:
    """What was done to the backup's tables and not to ours: it comes from a newer release."""
    return sorted(set(contents.migrations) - set(applied_migrations()))


def later_migrations(contents: Contents) -> list[str]:
    """What was done to our tables since the backup: it comes from an older release.

    Its rows would lack what those migrations worked out from older ones, so they are not loaded.
    """
    ours = {config.label for config in apps.get_app_configs() if config.name.startswith("zhibu.")}
    later = set(applied_migrations()) - set(contents.migrations)
    return sorted(each for each in later if each.partition(".")[0] in ours)


def is_empty() -> bool:
    """Whether there is nothing that a restore would overwrite. Norm packs come with the program."""
    ours = {"norms.normversion", "ledger.entry"}
    return not any(
        model._base_manager.exists()
        for model in kept_models()
        if model._meta.label_lower not in ours
    )


def load_tables(archive: zipfile.ZipFile, contents: Contents, progress: Progress) -> None:
    """Replace all rows by those of the backup, in one transaction; keys are checked at its end.

    Raises BackupFaulty for a table or a row that this release does not know.
    """
    known = {model._meta.label_lower: model for model in kept_models()}
    if unknown := set(contents.rows) - set(known):
        raise BackupFaulty(f"备份中有本版本没有的数据表：{min(unknown)}。请先升级。")
    try:
        with transaction.atomic():
            _empty_tables(list(known.values()))
            clear_index()
            for number, (label, expected) in enumerate(contents.rows.items()):
                loaded = _load_table(archive, table_name(number, label), known[label], progress)
                if loaded != expected:
                    raise BackupFaulty(f"{label} 应有 {expected} 行，实有 {loaded} 行。")
            note_everything()
            withhold_waiting()
            connection.check_constraints()
            _reset_sequences(list(known.values()))
    except (IntegrityError, DataError) as error:
        raise BackupFaulty(f"备份中的数据自相矛盾，数据库保持原样：{error}") from error


def _empty_tables(kept: list[type[models.Model]]) -> None:
    """Delete everything, whatever points to what."""
    tables = [connection.ops.quote_name(model._meta.db_table) for model in kept]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
        else:  # SQLite checks foreign keys when the transaction ends
            for table in tables:
                cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - our own table names


def _load_table(
    archive: zipfile.ZipFile, name: str, model: type[models.Model], progress: Progress
) -> int:
    automatic = [
        each
        for each in model._meta.local_fields
        if isinstance(each, models.DateField) and (each.auto_now or each.auto_now_add)
    ]
    flags = [(each, each.auto_now, each.auto_now_add) for each in automatic]
    for each in automatic:  # the moment that was stored, not the moment of the restore
        each.auto_now = each.auto_now_add = False
    count = 0
    try:
        with archive.open(name) as raw:
            for batch in _batches(_read_rows(raw, name), 1000):
                model._base_manager.bulk_create(batch)
                count += len(batch)
                progress(model._meta.label_lower, len(batch))
    finally:
        for each, now, now_add in flags:
            each.auto_now, each.auto_now_add = now, now_add
    return count


def _read_rows(raw: IO[bytes], name: str) -> Iterator[models.Model]:
    text = io.TextIOWrapper(raw, "utf-8", newline="\n")
    for number, line in enumerate(text, start=1):
        try:
            (row,) = serializers.deserialize("jsonl", [line], handle_forward_references=False)
        except (serializers.base.DeserializationError, ValueError) as error:
            raise BackupFaulty(f"{name} 第 {number} 行不能读取：{error}") from error
        yield row.object


def _batches(rows: Iterable[models.Model], size: int) -> Iterator[list[models.Model]]:
    batch: list[models.Model] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _reset_sequences(kept: list[type[models.Model]]) -> None:
    from django.core.management.color import no_style

    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), kept):
            cursor.execute(statement)


def unpack_folder(archive: zipfile.ZipFile, contents: Contents, name: str, target: Path) -> int:
    """Write the files of one folder of the backup to `target`; how many. Names were verified."""
    count = 0
    for member in contents.digests:
        if not member.startswith(f"{name}/"):
            continue
        path = target.joinpath(*PurePosixPath(member).parts[1:])
        path.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(member) as source, path.open("wb") as file:
            while block := source.read(BLOCK):
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        if name == "keys":
            path.chmod(0o600)
        count += 1
    return count
