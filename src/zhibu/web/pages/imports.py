"""What the pages of bringing in rosters show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page

from zhibu.org.imports import ImportReport
from zhibu.org.models import Organization, RosterImport
from zhibu.web.pages.forms import Crumb


@dataclass(frozen=True, slots=True)
class ImportsPage:
    """What was brought in here, the newest first."""

    organization: Organization
    crumbs: tuple[Crumb, ...]
    rows: Page[RosterImport]
    may_import_organizations: bool
    may_export: bool


@dataclass(frozen=True, slots=True)
class Part:
    """One list of the report, as a way to it."""

    key: str
    label: str
    number: int
    is_here: bool


@dataclass(frozen=True, slots=True)
class ImportPage:
    """One file on its way in: what it would do, what is wrong with it, what is asked."""

    held: RosterImport
    report: ImportReport
    crumbs: tuple[Crumb, ...]
    parts: tuple[Part, ...]
    part: str
    rows: Page[Any]
    next_step: str
    percent: int
    problems: tuple[str, ...]  # why it cannot be undone


LABELS = {
    "faults": "差错和提示",
    "questions": "需要确认",
    "changes": "有变化",
    "added": "新增",
    "missing": "表中没有的",
}


def lists_of(report: ImportReport) -> dict[str, Sequence[Any]]:
    """The lists of a report by their names."""
    return {
        "faults": report.faults,
        "questions": report.questions,
        "changes": report.changes,
        "added": report.added,
        "missing": report.missing,
    }


def choose_part(report: ImportReport, asked: str) -> str:
    """The list that is asked for; without one, the first that has something to be done."""
    lists = lists_of(report)
    if asked in lists:
        return asked
    return next((key for key, rows in lists.items() if rows), "faults")


def parts_of(report: ImportReport, here: str) -> tuple[Part, ...]:
    """The lists that hold something."""
    counts = report.counts
    whole = {"changes": counts.changed, "added": counts.new, "missing": counts.missing}
    return tuple(
        Part(key, LABELS[key], whole.get(key, len(rows)), key == here)
        for key, rows in lists_of(report).items()
        if rows
    )


def percent_of(held: RosterImport) -> int:
    """How far the job is."""
    return min(100, 100 * held.done // held.total) if held.total else 0


def advise(held: RosterImport, report: ImportReport) -> str:
    """One line: what to do next."""
    states, counts = RosterImport.State, report.counts
    if held.state == states.READY and not (counts.new or counts.changed):
        return "名册与文件一致，不需要导入。"
    return {
        states.WAITING: "文件已经收到，正在排队核对。可以离开本页，稍后再来看。",
        states.JUDGING: "正在核对，可以离开本页，稍后再来看。",
        states.REFUSED: "没有读到内容，请按下面的说明处理后重新选择文件。",
        states.FAULTY: f"有{counts.faulty}行需要改正。请在原表中改正后重新导入；可以下载标出差错的文件，对照修改。",
        states.ASKING: f"有{counts.asked}处需要您确认，请逐项选择后提交。",
        states.READY: f"核对通过：新增{counts.new}，变化{counts.changed}。确认后一次全部导入。",
        states.APPLYING: "正在导入，可以离开本页，稍后再来看。",
        states.APPLIED: "已经导入。发现导错了可以撤销，直到有记录、任职等依据了导入的内容为止。",
        states.UNDONE: "这次导入已经撤销，名册恢复到导入之前。",
        states.DISCARDED: "这次导入已经放弃，名册没有变动。",
    }[states(held.state)]
