"""The trace of an adopted table: each change in words, before and after."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

from zhibu.org.models import Organization
from zhibu.plans.models import LineChange, Plan, PlanLine
from zhibu.rules import wording
from zhibu.rules.norm import Activity, PracticeClass

PER_PAGE: Final = 30

NAMES: Final = {
    "practice_class": "类别",
    "title": "事项",
    "activity": "活动类别",
    "topic": "主题内容",
    "form": "形式",
    "presenter": "主持（主讲）",
    "responsible": "责任人",
    "remark": "备注",
    "planned_on": "计划日期",
    "opens_on": "起始日期",
    "due_on": "期限",
    "waive_reason": "免除理由",
}
"""What the trace calls the fields of a line; what is not named here is of no use to a reader."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field: what it was, what it is."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class TraceEntry:
    """One amendment of one line."""

    at: datetime
    by: str
    kind: str
    line: UUID | None  # None where the line is gone
    title: str
    reason: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class ChangesPage:
    """The trace of a table, the newest first, in pages."""

    year: int
    is_adopted: bool
    entries: tuple[TraceEntry, ...]
    paging: Page[LineChange]


def build_changes_page(plan: Plan, rows: QuerySet[LineChange], number: str | None) -> ChangesPage:
    """One page of the trace."""
    paging = Paginator(rows, PER_PAGE).get_page(number)
    return ChangesPage(
        year=plan.year,
        is_adopted=plan.state == Plan.State.ADOPTED,
        entries=build_trace(paging.object_list),
        paging=paging,
    )


def build_trace(rows: Iterable[LineChange]) -> tuple[TraceEntry, ...]:
    """Amendments in words."""
    changes = list(rows)
    lines = PlanLine.objects.filter(pk__in={change.line_id for change in changes})
    titles = {
        key: _say_line(title, group, day)
        for key, title, group, day in lines.values_list(
            "pk", "title", "group__short_name", "planned_on"
        )
    }
    gone = _titles_of_gone({change.line_id for change in changes} - titles.keys())
    return tuple(
        TraceEntry(
            at=change.at,
            by=change.by.name,
            kind=change.get_kind_display(),
            line=change.line_id if change.line_id in titles else None,
            title=titles.get(change.line_id) or gone.get(change.line_id, "已取消的安排"),
            reason=change.reason,
            changes=_fields(change),
        )
        for change in changes
    )


def _titles_of_gone(lines: Collection[UUID]) -> dict[UUID, str]:
    """What lines were called that are in the table no more, as the trace keeps them."""
    if not lines:
        return {}
    removed = LineChange.objects.filter(line_id__in=lines, kind=LineChange.Kind.REMOVE)
    kept = dict(removed.values_list("line_id", "before"))
    keys = {key for was in kept.values() if (key := was.get("group_id"))}
    rows = Organization.objects.filter(pk__in=keys).values_list("pk", "short_name")
    groups = {str(key): name for key, name in rows}
    return {
        key: _say_line(
            was["title"],
            groups.get(was.get("group_id", "")),
            date.fromisoformat(was["planned_on"]),
        )
        for key, was in kept.items()
    }


def _say_line(title: str, group: str | None, day: date) -> str:
    """A line among those of other groups and months that bear the same name."""
    return f"{title}（{f'{group}，' if group else ''}{day.month}月{day.day}日）"


def _fields(change: LineChange) -> tuple[Change, ...]:
    before: Mapping[str, Any] = change.before
    after: Mapping[str, Any] = change.after
    found = []
    for field, name in NAMES.items():
        if field not in before and field not in after:
            continue
        was, now = say_field(field, before.get(field)), say_field(field, after.get(field))
        # The reason of a waiver is the reason of the change, which stands there by itself.
        if was != now and not (field == "waive_reason" and now == change.reason):
            found.append(Change(name, was or "（空）", now or "（空）"))
    if change.kind == LineChange.Kind.ADD:
        return tuple(Change(c.name, "", c.after) for c in found)
    if change.kind == LineChange.Kind.REMOVE:
        return tuple(Change(c.name, c.before, "") for c in found)
    return tuple(found)


def say_field(field: str, value: Any) -> str:
    """A stored value as a reader knows it."""
    if value in (None, ""):
        return ""
    if field.endswith("_on"):
        return wording.say_date(date.fromisoformat(str(value)))
    if field == "activity":
        return wording.label(Activity(value))
    if field == "practice_class":
        return str(PracticeClass(value))
    return str(value)
