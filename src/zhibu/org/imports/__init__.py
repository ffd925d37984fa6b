"""Members and organisations from the files that offices keep: read, judged, shown, taken in, undone."""

from __future__ import annotations

from zhibu.org.imports.refusals import ImportKept, ImportOutdated
from zhibu.org.imports.report import (
    AddedLine,
    ChangeLine,
    ColumnIgnored,
    ColumnRead,
    Counts,
    FaultLine,
    FieldLine,
    ImportReport,
    Option,
    QuestionLine,
    read_report,
)
from zhibu.org.imports.sheets import marked_xlsx, organizations_xlsx, roster_xlsx, template_xlsx
from zhibu.org.imports.steps import (
    apply_import,
    confirm_import,
    decide_questions,
    discard_import,
    imports_of,
    judge_import,
    resume_imports,
    start_import,
)
from zhibu.org.imports.undoing import register_keeper, undo_import

__all__ = [
    "AddedLine",
    "ChangeLine",
    "ColumnIgnored",
    "ColumnRead",
    "Counts",
    "FaultLine",
    "FieldLine",
    "ImportKept",
    "ImportOutdated",
    "ImportReport",
    "Option",
    "QuestionLine",
    "apply_import",
    "confirm_import",
    "decide_questions",
    "discard_import",
    "imports_of",
    "judge_import",
    "marked_xlsx",
    "organizations_xlsx",
    "read_report",
    "register_keeper",
    "resume_imports",
    "roster_xlsx",
    "start_import",
    "template_xlsx",
    "undo_import",
]
