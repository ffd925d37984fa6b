"""What was read of a file, as it is kept between preview and confirmation.

Only the columns that the system stores are kept; an identity number in the file is never written
down anywhere.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from zhibu.documents.roster_faults import RosterFileError
from zhibu.documents.roster_reading import Row, read_roster_file, shorten
from zhibu.rules.roster_columns import (
    OWN,
    Column,
    Leaving,
    LeftColumn,
    Mapping,
    OwnColumn,
    RosterField,
    TreeField,
    find_heading,
    likeness,
)
from zhibu.rules.roster_faults import Fault
from zhibu.rules.wording_roster import say_fault


class NoTable(RosterFileError):
    """The file is a table, but not one of people or organisations."""


@dataclass(frozen=True, slots=True)
class Cells:
    """The stored columns of the sheet: rows with their numbers, and how they were found."""

    headings: Mapping
    rows: list[Row]
    sheet: str = ""
    remarks: tuple[str, ...] = ()
    unvalued: frozenset[tuple[int, int]] = frozenset()
    is_text: bool = False


def read_cells(content: bytes, name: str, *, is_tree: bool, own: Collection[str] = ()) -> Cells:
    """Read a file and keep the columns that are stored, `own` ones included.

    Raises RosterFileError.
    """

    def liking(rows: Sequence[Row]) -> int:
        return likeness(rows, is_tree=is_tree, own=own)

    found = read_roster_file(content, name, liking=liking)
    headings = find_heading(found.rows, is_tree=is_tree, own=own)
    if headings is None:
        columns = "“组织全称”和“上级组织”" if is_tree else "“姓名”和“入党时间”"
        raise NoTable(say_fault(Fault(0, "", "ROSTER-41", facts={"columns": columns})))
    places = [column.index for column in headings.columns]
    new_place = {old: new for new, old in enumerate(places)}
    kept = Mapping(
        headings.row,
        tuple(Column(c.field, new_place[c.index], c.heading) for c in headings.columns),
        headings.left,
    )
    rows: list[Row] = []
    for number, cells in found.rows:
        if number > headings.row:
            width = len(cells)
            rows.append((number, [shorten(cells[at]) if at < width else "" for at in places]))
    unvalued = frozenset(
        (row, new_place[column - 1] + 1)
        for row, column in found.unvalued
        if column - 1 in new_place
    )
    return Cells(kept, rows, found.sheet, found.remarks, unvalued, found.is_text)


def pack(cells: Cells) -> bytes:
    """The cells as compressed JSON."""
    data = {
        "row": cells.headings.row,
        "columns": [[c.field.value, c.heading] for c in cells.headings.columns],
        "left": [[one.heading, one.why.value] for one in cells.headings.left],
        "rows": cells.rows,
        "sheet": cells.sheet,
        "remarks": cells.remarks,
        "unvalued": sorted(cells.unvalued),
        "is_text": cells.is_text,
    }
    text = json.dumps(data, default=_say, ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(text.encode("utf-8", "surrogatepass"), 1)


def unpack(packed: bytes, *, is_tree: bool) -> Cells:
    """Back from `pack`."""
    data = json.loads(zlib.decompress(packed).decode("utf-8", "surrogatepass"))
    field: Any = TreeField if is_tree else RosterField
    headings = Mapping(
        data["row"],
        tuple(
            Column(_field(name, field), at, heading)
            for at, (name, heading) in enumerate(data["columns"])
        ),
        tuple(LeftColumn(heading, Leaving(why)) for heading, why in data["left"]),
    )
    rows = data["rows"]
    for row in rows:
        cells = row[1]
        for at, cell in enumerate(cells):
            if cell.__class__ is dict:
                cells[at] = date.fromisoformat(cell["d"])
    return Cells(
        headings,
        rows,
        data["sheet"],
        tuple(data["remarks"]),
        frozenset((row, column) for row, column in data["unvalued"]),
        data["is_text"],
    )


def _field(name: str, fields: Any) -> Any:
    return OwnColumn(name.removeprefix(OWN)) if name.startswith(OWN) else fields(name)


def _say(value: object) -> Any:
    if isinstance(value, datetime):
        return {"d": value.date().isoformat()}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    if isinstance(value, (time, timedelta)):
        return str(value)
    raise TypeError(type(value).__name__)
