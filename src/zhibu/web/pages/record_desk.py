"""What lies on the desk while a record is written: the content, what it must answer, what the rules say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from zhibu.handbook.facts import line_keys, line_target, named_lines, requirements_for
from zhibu.network.agenda.queries import Offers
from zhibu.norms.facts import NormMissing, norm_for
from zhibu.org.choices import own_elements, own_labels
from zhibu.org.facts import meeting_facts
from zhibu.org.models import Membership, Organization, OwnField
from zhibu.plans.models import PlanLine
from zhibu.plans.queries import Suggestion, lines_for_record
from zhibu.rules.attendance import expected_attendees
from zhibu.rules.branches import BranchFacts
from zhibu.rules.elements import is_meeting
from zhibu.rules.norm import (
    Activity,
    Attendees,
    Cadence,
    Element,
    PracticeClass,
    Requirement,
    Scope,
    Unit,
)
from zhibu.rules.records import (
    Attendance,
    AttendanceStatus,
    RecordContent,
    judge_record,
)
from zhibu.rules.verdicts import Article, Verdict
from zhibu.web.forms.record_form import Roster, read_key, without_blanks
from zhibu.web.pages.record_agenda import lay_agenda

# Who comes to a branch's own activity that no requirement speaks of: everybody.
_EVERYBODY = Requirement(
    code="",
    practice_class=PracticeClass.X,
    title="",
    activity=Activity.OTHER,
    cadence=Cadence(Unit.EVENT),
    scope=Scope(),
    attendees=Attendees.MEMBERS,
    article=Article(""),
    text="",
)


@dataclass(frozen=True, slots=True)
class Desk:
    """A draft with everything that its form needs to know; `content` is as it will be saved."""

    branch: Organization
    content: RecordContent
    requirements: tuple[Requirement, ...]
    own: tuple[Element, ...]  # what the organisation asks for itself
    facts: BranchFacts
    roster: Roster
    suggestions: tuple[Suggestion, ...]
    lines: tuple[PlanLine, ...]  # those that the content names
    verdicts: tuple[Verdict, ...]
    offers: Offers
    faults: Mapping[str, str] = field(default_factory=dict)

    @property
    def day(self) -> date | None:
        """The day on which it happened, when that is known."""
        return self.content.began_at.date() if self.content.began_at else None

    @property
    def group_names(self) -> Mapping[str, str]:
        """The groups of the branch by their keys."""
        return {group.group: group.name for group in self.facts.groups}

    @property
    def labels(self) -> Mapping[str, str]:
        """What the norm's own fields are called. Asks the norm only for fields that nobody asked for."""
        known = {e.key: e.label for one in self.requirements for e in one.elements}
        known |= {e.key: e.label for e in self.own}
        if all(key in known for key in self.content.elements):
            return known
        return {**element_labels(self.branch, self.day), **known}


def element_labels(branch: Organization, day: date | None) -> Mapping[str, str]:
    """The labels of all fields that the branch's norm knows on a day, and of its own."""
    own = own_labels(branch, OwnField.About.RECORD)
    if day is None:
        return own
    try:
        _, norm = norm_for(branch, day)
    except NormMissing:
        return own
    return {**{element.key: element.label for element in norm.vocabulary}, **own}


def lay_out(
    branch: Organization,
    content: RecordContent,
    *,
    record_id: UUID | None,
    today: date,
    before: RecordContent | None = None,
    stored: RecordContent | None = None,
    groups: Sequence[UUID] | None = None,
) -> Desk:
    """Put together what belongs to a content.

    With `before`, what the content held until now, the lines of a kind that was just chosen are
    ticked, and those of a kind that is no longer chosen are not; so are the themes of lines.
    `stored` is what the draft holds, where that is neither the content nor `before`. `groups` are
    the only ones whose lines are offered (to a group's leader); None for all.
    """
    day = content.began_at.date() if content.began_at else today
    suggestions, named = _suggest(branch, content, day, record_id, groups)
    if before is not None:
        content = tick_lines(content, before, suggestions, day)
    known = {line.pk: line for line in (*named, *(one.line for one in suggestions))}
    lines = tuple(known[key] for key in sorted(set(line_keys(content.lines))) if key in known)
    requirements = requirements_for(branch, content, lines, today=today)
    own = own_elements(branch, day)
    with_groups = bool(content.group) or Activity.GROUP_MEETING in content.activities
    facts, names = meeting_facts(branch, day, with_groups=with_groups)
    roster = Roster.of(names.items())
    content = replace(
        content,
        presider=_person(content.presider, branch, roster),
        recorder=_person(content.recorder, branch, roster),
        # Lines that were taken from the table, and groups that are not of this branch, are gone.
        lines=tuple(key for key in content.lines if key in {str(line.id) for line in lines}),
        group=content.group if content.group in {g.group for g in facts.groups} else "",
    )
    content = replace(
        content, attendance=align_attendance(content, requirements, facts, roster, day)
    )
    content, offers = lay_agenda(
        branch, content, names, day=day, before=before, stored=stored or before or content,
        record_id=record_id, only_groups=groups is not None,
    )  # fmt: skip
    return Desk(
        branch=branch,
        content=content,
        requirements=requirements,
        own=own,
        facts=facts,
        roster=roster,
        suggestions=suggestions,
        lines=lines,
        offers=offers,
        verdicts=judge_record(
            without_blanks(content),
            requirements,
            facts,
            today=today,
            lines=[line_target(line, record_id) for line in lines],
            own=own,
        ),
    )


def _person(typed: str, branch: Organization, roster: Roster) -> str:
    """Who presided or wrote: a member's key, or a name. A key of elsewhere would tell a name there."""
    key = roster.key_of(typed)
    if key in roster.labels or not read_key(key):
        return key
    was_here = Membership.objects.filter(branch=branch, member_id=read_key(key)).exists()
    return read_key(key) if was_here else ""


def read_roster(branch: Organization, day: date) -> Roster:
    """The members of that day with their names."""
    return Roster.of(meeting_facts(branch, day)[1].items())


def align_attendance(
    content: RecordContent,
    requirements: Sequence[Requirement],
    facts: BranchFacts,
    roster: Roster,
    day: date,
) -> tuple[Attendance, ...]:
    """The list of those who are expected that day, each with what was already said of them.

    Everybody starts as present; who need not come starts as away and is counted nowhere.
    """
    said = {row.member: row for row in content.attendance if row.member}
    unlisted = tuple(row for row in content.attendance if not row.member)
    asked: Iterable[Requirement] = [
        one for one in requirements if one.activity in content.activities
    ]
    is_own = Activity.OTHER in content.activities or is_meeting(content, list(asked))
    if is_own and not any(one.attendees is not Attendees.NONE for one in asked):
        asked = [_EVERYBODY]
    expected = expected_attendees(asked, facts, day, group=content.group or None)
    return (*(_said_of(row, said.get(row.member), roster) for row in expected), *unlisted)


def _said_of(row: Attendance, said: Attendance | None, roster: Roster) -> Attendance:
    name = roster.label_of(row.member)
    if said is None:
        status = AttendanceStatus.PRESENT if row.is_expected else AttendanceStatus.LEAVE
        return replace(row, name=name, status=status)
    reason = "" if said.is_there else said.reason
    return replace(row, name=name, status=said.status, reason=reason)


def tick_lines(
    content: RecordContent,
    before: RecordContent,
    suggestions: Sequence[Suggestion],
    day: date,
) -> RecordContent:
    """Tick the nearest open line of each kind just chosen; untick the lines of kinds taken back."""
    offered = {str(one.line.id): one.line for one in suggestions}
    dropped = set(before.activities) - set(content.activities)
    moved = content.group != before.group
    kept = [key for key in content.lines if not _is_dropped(key, dropped, moved, content, offered)]
    if dropped:
        stale = {str(line.id) for line in named_lines(kept) if line.activity in dropped}
        kept = [key for key in kept if key not in stale]
    chosen = [a for a in content.activities if a not in before.activities]
    if moved and Activity.GROUP_MEETING in content.activities:
        chosen.append(Activity.GROUP_MEETING)
    for activity in chosen:
        if any(key in offered and offered[key].activity == activity for key in kept):
            continue
        if nearest := _nearest(activity, content.group, suggestions, day):
            kept.append(nearest)
    return replace(content, lines=tuple(dict.fromkeys(kept)))


def _is_dropped(
    key: str,
    dropped: set[Activity],
    moved: bool,
    content: RecordContent,
    offered: Mapping[str, PlanLine],
) -> bool:
    line = offered.get(key)
    if line is None:
        return False
    is_elsewhere = moved and line.group_id is not None and str(line.group_id) != content.group
    return line.activity in dropped or is_elsewhere


def _nearest(
    activity: Activity, group: str, suggestions: Sequence[Suggestion], day: date
) -> str | None:
    """The open line of this kind whose planned day is nearest."""
    fit = [
        one.line
        for one in suggestions
        if one.is_open
        and one.line.activity == activity
        and (one.line.group_id is None or str(one.line.group_id) == group)
    ]
    fit.sort(key=lambda line: (abs((line.planned_on - day).days), line.id))
    return str(fit[0].id) if fit else None


def _suggest(
    branch: Organization,
    content: RecordContent,
    day: date,
    record_id: UUID | None,
    groups: Sequence[UUID] | None,
) -> tuple[tuple[Suggestion, ...], tuple[PlanLine, ...]]:
    """The lines to choose from, and those that the content names: one read for both."""
    named = line_keys(content.lines)
    if not content.activities and not named:
        return (), ()
    found, lines = lines_for_record(
        branch, content.activities, day, record_id=record_id, named=named
    )
    if groups is None:
        return found, lines
    return tuple(one for one in found if one.line.group_id in set(groups)), lines
