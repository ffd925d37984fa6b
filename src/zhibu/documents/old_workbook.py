"""Looks over an old Excel file (.xls) before a reader sees it.

The file is a compound file (a small file system) whose stream `Workbook` is a row of records.
Chains of sectors that run in circles, cells at far corners and long texts named many times are found
here; so are passwords. Nothing is read out: `zhibu.documents.roster_reading` leaves that to calamine.
"""

from __future__ import annotations

import struct
from collections import Counter
from typing import Final

from zhibu.documents.roster_faults import FileBroken, FileKindUnknown, FileLocked, FileTooLarge
from zhibu.documents.sheet_measure import MOST_TEXT, Extent

MAGIC: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_END: Final = 0xFFFFFFFE
_LAST_SECTOR: Final = 0xFFFFFFFA
_SMALL: Final = 4096
_ENTRY: Final = 128
# Records of a workbook that matter here.
_FILEPASS, _BOF, _CONTINUE, _SST = 0x2F, 0x809, 0x3C, 0xFC
_LABEL_SST, _MULTIPLE_RK = 0xFD, 0xBD
_ONE_CELL: Final = frozenset({0x203, 0x27E, 0xFD, 0x204, 0x205, 0x06, 0xD6})
_SHEET: Final = 0x10


class CompoundFile:
    """The streams of a compound file. Raises FileBroken for whatever does not add up."""

    def __init__(self, content: bytes) -> None:
        if len(content) < 512 or not content.startswith(MAGIC):
            raise FileBroken
        self._content = content
        shift, small_shift = struct.unpack_from("<HH", content, 30)
        if shift not in {9, 12} or small_shift != 6:
            raise FileBroken
        self._size = 1 << shift
        self._fat = self._read_fat()
        first_entry, first_small = (
            struct.unpack_from("<I", content, 48)[0],
            struct.unpack_from("<I", content, 60)[0],
        )
        entries = self._chain(first_entry)
        small = self._chain(first_small) if first_small < _LAST_SECTOR else b""
        self._small_fat = struct.unpack(f"<{len(small) // 4}I", small[: len(small) // 4 * 4])
        self.streams: dict[str, tuple[int, int]] = {}
        self._small_stream = b""
        for at in range(0, len(entries) - _ENTRY + 1, _ENTRY):
            self._take_entry(entries[at : at + _ENTRY])

    def _read_fat(self) -> tuple[int, ...]:
        header = struct.unpack_from("<109I", self._content, 76)
        sectors = [number for number in header if number < _LAST_SECTOR]
        following, count = struct.unpack_from("<II", self._content, 68)
        seen: set[int] = set()
        while count and following < _LAST_SECTOR:
            if following in seen:
                raise FileBroken
            seen.add(following)
            block = self._sector(following)
            numbers = struct.unpack(f"<{len(block) // 4}I", block)
            sectors += [number for number in numbers[:-1] if number < _LAST_SECTOR]
            following = numbers[-1]
        if len(sectors) != len(set(sectors)):
            raise FileBroken
        fat: list[int] = []
        for number in sectors:
            block = self._sector(number)
            fat += struct.unpack(f"<{len(block) // 4}I", block)
        return tuple(fat)

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._size
        block = self._content[start : start + self._size]
        if not block:
            raise FileBroken
        # The last sector of a file is sometimes short.
        return block.ljust(self._size, b"\0")

    def _chain(self, first: int) -> bytes:
        blocks: list[bytes] = []
        number = first
        while number < _LAST_SECTOR:
            # More blocks than there are sectors: the chain runs in a circle.
            if number >= len(self._fat) or len(blocks) > len(self._fat):
                raise FileBroken
            blocks.append(self._sector(number))
            number = self._fat[number]
        if number != _END:
            raise FileBroken
        return b"".join(blocks)

    def _take_entry(self, entry: bytes) -> None:
        length, kind = struct.unpack_from("<HB", entry, 64)
        if kind not in {2, 5} or length > 64:
            return
        name = entry[: max(length - 2, 0)].decode("utf-16-le", "replace")
        first, size = struct.unpack_from("<II", entry, 116)
        if kind == 5:
            self._small_stream = self._chain(first) if first < _LAST_SECTOR else b""
            return
        self.streams.setdefault(name.lower(), (first, size))

    def read(self, name: str) -> bytes:
        """A stream by its name in lower case."""
        first, size = self.streams[name]
        if size >= _SMALL:
            return self._chain(first)[:size]
        blocks: list[bytes] = []
        number = first
        while number < _LAST_SECTOR:
            if number >= len(self._small_fat) or len(blocks) > len(self._small_fat):
                raise FileBroken
            blocks.append(self._small_stream[number * 64 : number * 64 + 64])
            number = self._small_fat[number]
        return b"".join(blocks)[:size]


def measure_old(content: bytes) -> list[Extent]:
    """The extent of each sheet of an .xls file; raises a RosterFileError for what is refused."""
    try:
        compound = CompoundFile(content)
        if "encryptedpackage" in compound.streams:
            raise FileLocked
        name = next((one for one in ("workbook", "book") if one in compound.streams), "")
        if not name:
            is_word = "worddocument" in compound.streams
            raise FileKindUnknown(
                "这是 Word 文档，不是表格。请把表格复制到 Excel 或 WPS 表格中，保存后上传。"
                if is_word
                else ""
            )
        stream = compound.read(name)
        # Every other stream that the reader may open must hold together as well.
        for other, (_, size) in compound.streams.items():
            if size and other != name:
                compound.read(other)
        return _measure_records(stream)
    except struct.error as error:
        raise FileBroken from error


def _measure_records(stream: bytes) -> list[Extent]:
    extents: list[Extent] = []
    texts: list[bytes] = []
    at, before, end = 0, 0, len(stream) - 4
    unpack = struct.Struct("<HH").unpack_from
    while at <= end:
        kind, size = unpack(stream, at)
        if kind in _ONE_CELL:
            row, column = unpack(stream, at + 4)
            if extents:
                extents[-1].reach(row + 1, column + 1)
                if kind == _LABEL_SST:
                    extents[-1].named[struct.unpack_from("<I", stream, at + 10)[0]] += 1
        elif kind == _MULTIPLE_RK and extents:
            row, column = unpack(stream, at + 4)
            extents[-1].reach(row + 1, column + max(size - 6, 0) // 6)
        elif kind == _BOF:
            if size >= 4 and unpack(stream, at + 4)[1] == _SHEET:
                extents.append(Extent())
        elif kind == _FILEPASS:
            raise FileLocked
        elif kind == _SST or (kind == _CONTINUE and before == _SST):
            texts.append(stream[at + 4 : at + 4 + size])
            kind = _SST
        before = kind
        at += 4 + size
    _weigh(extents, texts)
    return extents


def _weigh(extents: list[Extent], texts: list[bytes]) -> None:
    named: Counter[int] = Counter()
    for extent in extents:
        named.update(extent.named)
    if not named or not texts:
        return
    # Two bytes a character at most, three when decoded; only when that could be too much is each
    # text measured by itself.
    if sum(map(len, texts)) * 3 * max(named.values()) <= MOST_TEXT:
        return
    lengths = _text_lengths(texts)
    if sum(lengths[i] * n for i, n in named.items() if i < len(lengths)) > MOST_TEXT:
        raise FileTooLarge


def _text_lengths(blocks: list[bytes]) -> list[int]:
    """Bytes of each shared text; what follows where the table does not add up is left out."""
    count = struct.unpack_from("<I", blocks[0], 4)[0]
    reader = _Texts(blocks)
    lengths: list[int] = []
    try:
        lengths.extend(reader.next_length() for _ in range(min(count, 5_000_000)))
    except (struct.error, IndexError):
        # The reader stops here too; the rest cannot be longer than all that is there.
        rest = sum(map(len, blocks))
        lengths += [rest * 3] * min(count - len(lengths), 1000)
    return lengths


class _Texts:
    """Goes through the shared texts, which may be cut anywhere by a continuation."""

    def __init__(self, blocks: list[bytes]) -> None:
        self._blocks = blocks
        self._block, self._at = 0, 8

    def next_length(self) -> int:
        self._turn()
        characters, flags = struct.unpack_from("<HB", self._blocks[self._block], self._at)
        self._at += 3
        runs = extra = 0
        if flags & 8:
            runs = struct.unpack_from("<H", self._blocks[self._block], self._at)[0]
            self._at += 2
        if flags & 4:
            extra = struct.unpack_from("<I", self._blocks[self._block], self._at)[0]
            self._at += 4
        self._skip_characters(characters, 2 if flags & 1 else 1)
        self._skip(runs * 4 + extra)
        return int(characters) * 3

    def _turn(self) -> None:
        while self._at >= len(self._blocks[self._block]):
            self._block, self._at = self._block + 1, 0

    def _skip_characters(self, left: int, width: int) -> None:
        while left:
            room = (len(self._blocks[self._block]) - self._at) // width
            if left <= room:
                self._at += left * width
                return
            left -= room
            self._block += 1
            # A continued text begins with its own width.
            width = 2 if self._blocks[self._block][0] & 1 else 1
            self._at = 1

    def _skip(self, left: int) -> None:
        while left:
            room = len(self._blocks[self._block]) - self._at
            if left <= room:
                self._at += left
                return
            left -= room
            self._block, self._at = self._block + 1, 0
