"""Verify an exported book by itself: no database, no settings, nothing but the file.

Whatever the file holds, the answer is an outcome: it may come from anywhere.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from zhibu.handbook import bundle_format as form
from zhibu.handbook.redactions import RedactionFacts, is_redaction_signed
from zhibu.ledger.seals import SealFacts, is_countersigned, is_seal_signed
from zhibu.ledger.signatures import fingerprint, is_signed
from zhibu.rules.chains import ChainWalk, Fault, FaultKind, StoredEntry
from zhibu.rules.digests import PARTS, Identity

LARGEST_JSON: Final = 64 * 1024 * 1024
LARGEST_TOTAL: Final = 8 * 1024**3
_CHUNK: Final = 1024 * 1024
_ATTACHMENTS: Final = PARTS.index("attachments")


@dataclass(slots=True)
class BundleOutcome:
    """What was found in an exported book; `fault` is the first one."""

    branch: str = ""
    branch_name: str = ""
    year: int = 0
    entries: int = 0
    files: int = 0
    seals: int = 0
    unsealed: int = 0
    fingerprints: tuple[tuple[str, str], ...] = ()
    fault: Fault | None = None


class _Broken(Exception):
    """Ends the reading with a fault."""

    def __init__(self, kind: FaultKind, part: str = "", sequence: int = 0) -> None:
        super().__init__(part)
        self.kind, self.part, self.sequence = kind, part, sequence


def verify_bundle(path: Path) -> BundleOutcome:
    """Verify the exported book in a file. Faults of the file are outcomes, never exceptions."""
    outcome = BundleOutcome()
    try:
        with zipfile.ZipFile(path) as archive:
            _Reader(archive, outcome).verify()
    except _Broken as broken:
        outcome.fault = Fault(outcome.branch, broken.kind, broken.sequence, broken.part)
    except (
        zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, TypeError, KeyError,
        AttributeError, IndexError, RuntimeError, RecursionError,
    ):  # fmt: skip
        outcome.fault = Fault(outcome.branch, FaultKind.FORMAT, 0, path.name)
    return outcome


class _Reader:
    """One pass over the archive."""

    def __init__(self, archive: zipfile.ZipFile, outcome: BundleOutcome) -> None:
        self._archive = archive
        self._outcome = outcome
        self._files: set[str] = set()

    def verify(self) -> None:
        names = [info.filename for info in self._archive.infolist()]
        total = sum(info.file_size for info in self._archive.infolist())
        if total > LARGEST_TOTAL or len(names) != len(set(names)):
            raise _Broken(FaultKind.FORMAT, "文件清单")
        book = self._json(form.BOOK)
        if book["format"] != form.FORMAT:
            raise _Broken(FaultKind.FORMAT, form.BOOK)
        out = self._outcome
        out.branch, out.branch_name = str(book["branch"]), str(book["branch_name"])
        out.year = int(book["year"])
        self._walk(book)
        self._check_manifest(set(names), book)

    def _walk(self, book: Mapping[str, Any]) -> None:
        out = self._outcome
        seals = [SealFacts(**one) for one in book["seals"]]
        redactions = [RedactionFacts(**one) for one in book["redactions"]]
        for seal in seals:
            if seal.branch != out.branch or not (is_seal_signed(seal) and is_countersigned(seal)):
                raise _Broken(FaultKind.SIGNATURE, "seal", seal.sequence)
        for redaction in redactions:
            if redaction.branch != out.branch or not is_redaction_signed(redaction):
                raise _Broken(FaultKind.SIGNATURE, redaction.part)
        walk = ChainWalk(
            out.branch,
            sealed={seal.sequence: seal.link for seal in seals},
            redacted=frozenset((one.version_id, one.part) for one in redactions),
        )
        for sequence, digest in enumerate(book["chain"], start=1):
            if digest:
                self._stop_at(walk.pass_over(sequence, str(digest)))
                continue
            entry = self._entry(sequence)
            self._stop_at(walk.step(entry))
            out.entries += 1
            self._check_files(entry)
        self._stop_at(walk.finish(int(book["head"]["sequence"]), str(book["head"]["link"])))
        self._check_cover(seals)
        out.seals = len(seals)
        out.unsealed = walk.sequence - max((seal.sequence for seal in seals), default=0)
        self._name_keys(seals, book["names"])

    def _stop_at(self, fault: Fault | None) -> None:
        if fault is not None:
            raise _Broken(fault.kind, fault.part, fault.sequence)

    def _check_cover(self, seals: list[SealFacts]) -> None:
        covered = 0
        for seal in sorted(seals, key=lambda one: one.sequence):
            if seal.first != covered + 1:
                raise _Broken(FaultKind.SEAL, "", seal.sequence)
            covered = seal.sequence

    def _entry(self, sequence: int) -> StoredEntry:
        path = form.record_path(sequence)
        if path not in self._archive.NameToInfo:
            raise _Broken(FaultKind.MISSING, "", sequence)
        try:
            data = self._json(path)
            return StoredEntry(
                Identity(**data["identity"]),
                tuple(str(data["texts"][part]) for part in PARTS),
                str(data["salts"]),
                str(data["digests"]),
                str(data["previous"]),
                str(data["link"]),
            )
        except (ValueError, TypeError, KeyError, zipfile.BadZipFile, zlib.error) as error:
            raise _Broken(FaultKind.CHANGED, "head", sequence) from error

    def _check_files(self, entry: StoredEntry) -> None:
        text = entry.texts[_ATTACHMENTS]
        for said in json.loads(text) if text else ():
            path = form.file_path(str(said["key"]).replace("-", ""))
            try:
                is_same = self._digest(path) == said["digest"]
            except (KeyError, zipfile.BadZipFile, zlib.error):
                is_same = False
            if not is_same:
                raise _Broken(FaultKind.ATTACHMENT, str(said["name"]), entry.identity.sequence)
            if path not in self._files:
                self._outcome.files += 1
            self._files.add(path)

    def _check_manifest(self, names: set[str], book: Mapping[str, Any]) -> None:
        """Every file is the one that was handed out, the PDF too, and nothing was added."""
        manifest = self._read(form.MANIFEST)
        signature = self._json(form.SIGNATURE)
        is_own = signature["organization"] == book["branch"]
        message = form.manifest_message(manifest)
        if not is_own or not is_signed(signature["public_key"], message, signature["signature"]):
            raise _Broken(FaultKind.SIGNATURE, form.MANIFEST)
        sums = json.loads(manifest)["files"]
        if names - {form.MANIFEST, form.SIGNATURE} != set(sums):
            raise _Broken(FaultKind.FORMAT, "文件清单")
        for path, digest in sums.items():
            if self._digest(path) != digest:
                raise _Broken(FaultKind.FORMAT, path)
        owner = self._outcome.branch_name
        self._add_key(owner, str(signature["public_key"]))

    def _name_keys(self, seals: list[SealFacts], names: Mapping[str, str]) -> None:
        for seal in seals:
            self._add_key(str(names.get(seal.key_organization, "党支部")), seal.public_key)
            if seal.counter_public_key:
                owner = str(names.get(seal.counter_organization, "上级党组织"))
                self._add_key(owner, seal.counter_public_key)

    def _add_key(self, owner: str, public_key: str) -> None:
        mark = (owner, fingerprint(public_key))
        if mark not in self._outcome.fingerprints:
            self._outcome.fingerprints += (mark,)

    def _json(self, path: str) -> Any:
        return json.loads(self._read(path))

    def _read(self, path: str) -> bytes:
        if self._archive.getinfo(path).file_size > LARGEST_JSON:
            raise _Broken(FaultKind.FORMAT, path)
        return self._archive.read(path)

    def _digest(self, path: str) -> str:
        digest = hashlib.sha256()
        with self._archive.open(path) as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
        return digest.hexdigest()
