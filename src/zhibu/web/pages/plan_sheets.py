"""What an Excel copy of the table would change."""

from __future__ import annotations

from dataclasses import dataclass

from zhibu.plans.services import FieldChange, ImportPreview
from zhibu.web.pages.plan_changes import say_field


@dataclass(frozen=True, slots=True)
class Difference:
    """One value: what it is, what the sheet has."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class SheetLine:
    """What one row of the sheet would change."""

    row: int
    is_new: bool
    title: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class SheetFaultRow:
    """What is wrong in the sheet, where."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class SheetPage:
    """The preview of an import."""

    lines: tuple[SheetLine, ...]
    faults: tuple[SheetFaultRow, ...]
    kept: tuple[str, ...]
    unchanged: int
    is_outdated: bool
    sealed: str


def build_sheet_page(preview: ImportPreview, *, sealed: str) -> SheetPage:
    """The preview in words."""
    return SheetPage(
        lines=tuple(
            SheetLine(
                row=change.row,
                is_new=not change.line,
                title=change.title,
                differences=tuple(_difference(one) for one in change.changes),
            )
            for change in preview.changes
        ),
        faults=tuple(
            SheetFaultRow(_place(fault.row, fault.column), fault.reason) for fault in preview.faults
        ),
        kept=preview.kept,
        unchanged=preview.unchanged,
        is_outdated=preview.is_outdated,
        sealed=sealed,
    )


def _difference(change: FieldChange) -> Difference:
    return Difference(
        change.label,
        say_field(change.field, change.before),
        say_field(change.field, change.after) or "（空）",
    )


def _place(row: int, column: str) -> str:
    where = f"第{row}行" if row else "整个文件"
    return f"{where}“{column}”" if column else where
