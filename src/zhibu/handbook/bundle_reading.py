"""Verify an exported book by itself: no database, no settings, nothing but the file.

Whatever the file holds, the answer is an outcome: it may come from anywhere.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
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
# What reading a file that comes from anywhere can end with.
_UNREADABLE: Final = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, OSError, EOFError, ValueError,
    TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AlteredFile:
    """A file of the archive that is not as it was handed out: "changed", "missing" or "added"."""

    path: str
    how: str


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
    altered: tuple[AlteredFile, ...] = ()  # the weightiest first
    is_signed: bool = False  # the list of files has the branch's signature
    is_walked: bool = False  # every record, file and seal was verified and holds

    @property
    def records_hold(self) -> bool:
        """Whether the records are as they were filed, whatever became of what only repeats them."""
        repeats = {form.PDF, form.README}
        return self.is_walked and self.is_signed and all(f.path in repeats for f in self.altered)

    @property
    def is_as_handed_out(self) -> bool:
        """Whether no file was touched since the export: what is wrong was wrong before."""
        return self.is_signed and not self.altered


class _Broken(Exception):
    """Ends the reading with a fault."""

    def __init__(self, kind: FaultKind, part: str = "", sequence: int = 0) -> None:
        super().__init__(part)
        self.fault = Fault("", kind, sequence, part)


def verify_bundle(path: Path) -> BundleOutcome:
    """Verify the exported book in a file. Faults of the file are outcomes, never exceptions."""
    outcome = BundleOutcome()
    try:
        with zipfile.ZipFile(path) as archive:
            outcome.fault = _Reader(archive, outcome).verify()
    except _Broken as broken:
        outcome.fault = broken.fault
    except _UNREADABLE:
        outcome.fault = Fault(outcome.branch, FaultKind.FORMAT, 0, path.name)
    if outcome.fault is not None:
        outcome.fault = replace(outcome.fault, branch=outcome.branch)
    return outcome


class _Reader:
    """One pass over the archive."""

    def __init__(self, archive: zipfile.ZipFile, outcome: BundleOutcome) -> None:
        self._archive = archive
        self._outcome = outcome
        self._digests: dict[str, str] = {}  # of the files that can be read, by their paths
        self._signature: Mapping[str, Any] = {}
        self._files: set[str] = set()
        self._keys: dict[tuple[str, int], str] = {}

    def verify(self) -> Fault | None:
        """The weightiest fault. What is wrong with a record goes before what is with its file."""
        self._take_stock()
        out = self._outcome
        try:
            book = self._open_book()
            self._walk(book)
        except _Broken as broken:
            return self._look_closer(broken.fault)
        except _UNREADABLE:
            return self._look_closer(Fault("", FaultKind.FORMAT, 0, form.BOOK))
        out.is_walked = True
        if out.altered:
            return _file_fault(out.altered[0])
        return None if out.is_signed else _file_fault(AlteredFile(form.MANIFEST, "unsigned"))

    def _take_stock(self) -> None:
        """Digest every file, and compare all with what the branch signed when it handed them out."""
        infos = [info for info in self._archive.infolist() if not info.is_dir()]
        names = {info.filename for info in infos}
        if len(names) != len(infos):
            raise _Broken(FaultKind.FORMAT, "有重名的文件")
        if sum(info.file_size for info in infos) > LARGEST_TOTAL:
            raise _Broken(FaultKind.FORMAT, f"解开后超过 {LARGEST_TOTAL // 1024**3} GB")
        for name in names:
            try:
                self._digests[name] = self._digest(name)
            except _UNREADABLE:
                continue  # damaged: it cannot be what was handed out
        sums = self._signed_sums()
        if sums is None:
            return
        self._outcome.is_signed = True
        listed = names - {form.MANIFEST, form.SIGNATURE}
        altered = [AlteredFile(path, "added") for path in listed - sums.keys()]
        altered += [AlteredFile(path, "missing") for path in sums.keys() - listed]
        altered += [
            AlteredFile(path, "changed")
            for path in listed & sums.keys()
            if self._digests.get(path) != sums[path]
        ]
        self._outcome.altered = tuple(sorted(altered, key=_weight))

    def _signed_sums(self) -> Mapping[str, str] | None:
        """The digests that were signed, by path; None when no signature vouches for them."""
        try:
            manifest, signature = self._read(form.MANIFEST), self._json(form.SIGNATURE)
            message = form.manifest_message(manifest)
            if not is_signed(signature["public_key"], message, signature["signature"]):
                return None
            sums = {str(path): str(said) for path, said in json.loads(manifest)["files"].items()}
        except (_Broken, *_UNREADABLE):
            return None
        self._signature = signature
        return sums

    def _open_book(self) -> Mapping[str, Any]:
        book: Mapping[str, Any] = self._json(form.BOOK)
        if book["format"] != form.FORMAT:
            raise _Broken(FaultKind.FORMAT, form.BOOK)
        out = self._outcome
        out.branch, out.branch_name = str(book["branch"]), str(book["branch_name"])
        out.year = int(book["year"])
        if self._signature.get("organization") != out.branch:
            out.is_signed, out.altered = False, ()
        return book

    def _look_closer(self, fault: Fault) -> Fault:
        """What the list of files says of it: an entry that it does not name was never handed out."""
        how = {file.path: file.how for file in self._outcome.altered}
        if fault.sequence and how.get(form.record_path(fault.sequence)) == "added":
            return replace(fault, kind=FaultKind.INSERTED, part="")
        if fault.kind is FaultKind.FORMAT and fault.part in how:
            return _file_fault(AlteredFile(fault.part, how[fault.part]))
        return fault

    def _walk(self, book: Mapping[str, Any]) -> None:
        out = self._outcome
        seals = [SealFacts(**one) for one in book["seals"]]
        redactions = [RedactionFacts(**one) for one in book["redactions"]]
        for seal in seals:
            if seal.branch != out.branch or not (is_seal_signed(seal) and is_countersigned(seal)):
                raise _Broken(FaultKind.SIGNATURE, "seal", seal.sequence)
        for redaction in redactions:
            if redaction.branch != out.branch or not is_redaction_signed(redaction):
                raise _Broken(FaultKind.SIGNATURE, "redaction")
        self._name_keys(seals, redactions, book["names"])
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

    def _stop_at(self, fault: Fault | None) -> None:
        if fault is not None:
            broken = _Broken(fault.kind)
            broken.fault = fault
            raise broken

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
            if self._digests.get(path) != said["digest"]:
                raise _Broken(FaultKind.ATTACHMENT, str(said["name"]), entry.identity.sequence)
            if path not in self._files:
                self._outcome.files += 1
            self._files.add(path)

    def _name_keys(
        self,
        seals: Iterable[SealFacts],
        redactions: Iterable[RedactionFacts],
        names: Mapping[str, str],
    ) -> None:
        for seal in seals:
            self._add_key(names, seal.key_organization, seal.key_generation, seal.public_key)
            if seal.counter_public_key:
                self._add_key(
                    names, seal.counter_organization, seal.counter_generation,
                    seal.counter_public_key,
                )  # fmt: skip
        for one in redactions:
            self._add_key(names, one.key_organization, one.key_generation, one.public_key)
        said, out = self._signature, self._outcome
        if out.is_signed:
            # Whoever alters a file can sign the list anew, but not with the key of the seals.
            try:
                self._add_key(names, out.branch, int(said["generation"]), said["public_key"])
            except _Broken:
                out.is_signed, out.altered = False, ()

    def _add_key(
        self, names: Mapping[str, str], organization: str, generation: int, public_key: str
    ) -> None:
        """One more key to be compared with paper. An organisation has one in each generation."""
        if self._keys.setdefault((organization, generation), public_key) != public_key:
            raise _Broken(FaultKind.KEY, "seal")
        mark = (str(names.get(organization, "上级党组织")), fingerprint(public_key))
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


def _weight(file: AlteredFile) -> tuple[int, str]:
    """Records before what they rest on, and what only repeats them last."""
    ranks = (f"{form.RECORDS}/", form.BOOK, f"{form.ATTACHMENTS}/")
    rank = next((at for at, start in enumerate(ranks) if file.path.startswith(start)), len(ranks))
    return rank, file.path


def _file_fault(file: AlteredFile) -> Fault:
    return Fault("", FaultKind.FILE, 0, file.path, facts={"how": file.how})
