"""The page that a new record starts from, and the draft that it starts with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from zhibu.handbook.models import Record, RecordVersion
from zhibu.handbook.versions import read_version
from zhibu.org.models import Member, Organization
from zhibu.people.models import Person
from zhibu.plans.facts import standing_of
from zhibu.plans.models import PlanLine
from zhibu.plans.queries import lines_at_hand
from zhibu.rules.labels import label
from zhibu.rules.norm import Activity
from zhibu.rules.records import RecordContent
from zhibu.rules.standing import State
from zhibu.web.forms.record_form import Roster
from zhibu.web.pages.record_form import COMMON, Choice
from zhibu.web.record_access import Pen


@dataclass(frozen=True, slots=True)
class StartLine:
    """One line of the table that can be recorded now."""

    id: UUID
    title: str
    topic: str
    group: str
    practice_class: str
    planned_on: date
    due_on: date
    state: State
    is_chosen: bool
    draft: UUID | None  # a draft that is to discharge it already


@dataclass(frozen=True, slots=True)
class StartPage:
    """What can be recorded."""

    branch: Organization
    lines: tuple[StartLine, ...]
    common_kinds: tuple[Choice, ...]
    other_kinds: tuple[Choice, ...]
    has_chosen: bool
    only_group: bool


def build_start(
    branch: Organization, *, chosen: Sequence[PlanLine], today: date, pen: Pen
) -> StartPage:
    """The lines at hand, those chosen first, and the kinds for everything else."""
    keys = {line.pk for line in chosen}
    at_hand = [
        line
        for line in lines_at_hand(branch, today)
        if line.pk not in keys and line.discharged_by is None and line.opens_on <= today
    ]
    drafts = _drafted_lines(branch)
    lines = [line for line in (*chosen, *at_hand) if _is_for(pen, line)]
    only_group = pen.groups is not None
    kinds = (Activity.GROUP_MEETING,) if only_group else tuple(Activity)

    def choice(activity: Activity) -> Choice:
        return Choice(activity.value, label(activity), False)

    return StartPage(
        branch=branch,
        lines=tuple(_start_line(line, line.pk in keys, drafts, today) for line in lines),
        common_kinds=tuple(choice(a) for a in kinds if a in COMMON),
        other_kinds=tuple(choice(a) for a in kinds if a not in COMMON),
        has_chosen=bool(chosen),
        only_group=only_group,
    )


def lines_to_record(branch: Organization, keys: Iterable[str], pen: Pen) -> list[PlanLine]:
    """The lines that were asked for, with those held together with them; never another branch's."""
    wanted = [UUID(key) for key in keys]
    lines = list(
        PlanLine.objects.filter(
            branch=branch, pk__in=wanted, discharged_by=None, waived_at=None
        ).select_related("branch", "group", "plan")
    )
    events = {line.event for line in lines if line.event}
    if events:
        known = {line.pk for line in lines}
        together = PlanLine.objects.filter(
            branch=branch, event__in=events, discharged_by=None, waived_at=None
        ).select_related("branch", "group", "plan")
        lines += [line for line in together if line.pk not in known]
    return [line for line in lines if _is_for(pen, line)]


def first_content(
    branch: Organization,
    *,
    lines: Sequence[PlanLine],
    activities: Sequence[Activity],
    by: Person,
    today: date,
    pen: Pen,
    roster: Roster,
) -> RecordContent:
    """What is known before anybody writes: from the lines, from last time, from who is writing."""
    kinds = {*(Activity(line.activity) for line in lines), *activities}
    first = lines[0] if lines else None
    day = min(first.planned_on, today) if first else today
    group = next((str(line.group_id) for line in lines if line.group_id), "")
    if not group and pen.groups and Activity.GROUP_MEETING in kinds:
        group = str(pen.groups[0])
    last = _last_time(branch, kinds, group)
    member = Member.objects.filter(person=by).first()
    presenter = roster.key_of(first.presenter.strip()) if first else ""
    presider = presenter if presenter in roster.labels else ""
    if not presider and last is not None and last.presider in roster.labels:
        presider = last.presider
    return RecordContent(
        activities=tuple(activity for activity in Activity if activity in kinds),
        topic="；".join(dict.fromkeys(line.topic for line in lines if line.topic))[:500],
        began_at=datetime.combine(day, time()),
        place=last.place if last else "",
        presider=presider,
        recorder=str(member.pk) if member else by.name,
        lines=tuple(str(line.pk) for line in lines),
        group=group,
    )


def same_draft(
    branch: Organization, content: RecordContent, by: Person, now: datetime
) -> Record | None:
    """A draft that this one would repeat: for the same lines, or begun a moment ago by the button."""
    for record in Record.objects.filter(branch=branch, draft__isnull=False).order_by("-drafted_at")[
        :50
    ]:
        draft = record.draft or {}
        if content.lines:
            if set(content.lines) & set(draft.get("lines", ())):
                return record
        elif (
            record.drafted_by_id == by.pk
            and (now - record.drafted_at).total_seconds() < 10
            and draft.get("activities") == [a.value for a in content.activities]
        ):
            return record
    return None


def _is_for(pen: Pen, line: PlanLine) -> bool:
    if pen.groups is None:
        return True
    return line.activity == Activity.GROUP_MEETING and line.group_id in pen.groups


def _drafted_lines(branch: Organization) -> dict[str, UUID]:
    """Which lines are named by a draft that somebody is writing."""
    rows = Record.objects.filter(branch=branch, draft__isnull=False).order_by("-drafted_at")
    return {
        key: pk
        for pk, draft in rows.values_list("pk", "draft")[:100]
        for key in (draft or {}).get("lines", ())
    }


def _start_line(line: PlanLine, is_chosen: bool, drafts: dict[str, UUID], today: date) -> StartLine:
    return StartLine(
        id=line.pk,
        title=line.title,
        topic=line.topic,
        group=line.group.short_name if line.group else "",
        practice_class=line.practice_class,
        planned_on=line.planned_on,
        due_on=line.due_on,
        state=standing_of(line, today).state,
        is_chosen=is_chosen,
        draft=drafts.get(str(line.pk)),
    )


def _last_time(branch: Organization, kinds: Iterable[Activity], group: str) -> RecordContent | None:
    """The last record of one of these kinds, of this group where one meets."""
    for activity in (a for a in Activity if a in set(kinds)):
        versions = (
            RecordVersion.objects.filter(branch=branch, activities__contains=activity.value)
            .exclude(action=RecordVersion.Action.VOID)
            .order_by("-happened_on", "-sequence")[: 6 if group else 1]
        )
        for version in versions:
            content = read_version(version).content
            if not group or content.group == group:
                return content
    return None
