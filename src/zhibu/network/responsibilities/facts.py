"""Posts, and what is recorded of their responsibilities, as the rules judge them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from zhibu.network.responsibilities import queries
from zhibu.network.responsibilities.queries import Counted, LineSum, RecordRow, Seat, TextRow
from zhibu.norms.catalogue import catalogue_list
from zhibu.org.models import Organization
from zhibu.people.models import Person
from zhibu.plans.queries import read_tallies
from zhibu.rules.norm import Activity, PracticeClass
from zhibu.rules.periods import last_of, month_index
from zhibu.rules.responsibilities import (
    Judged,
    Measure,
    PostDuties,
    Responsibility,
    ResponsibilityList,
    Seen,
    judge_responsibility,
    names_person,
)
from zhibu.rules.responsibility_lists import read_list
from zhibu.rules.tallies import Counts, cell_of, sum_cells

_COUNTED: Final = frozenset({Measure.COUNTERSIGNS, Measure.FEEDBACK, Measure.TASKS, Measure.REPORT})
_IN_RECORDS: Final = frozenset({Measure.OWN_LESSON, Measure.OWN_TALKS, Measure.OWN_LIFE})
_OF_LINES: Final = frozenset({Measure.TABLE, Measure.LINES, Measure.ALL_LINES})


@lru_cache(maxsize=1)
def shipped_list() -> ResponsibilityList:
    """The list that is shipped with the program."""
    return read_list(catalogue_list("responsibilities"))


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody in a post, with what it asks and how that stands."""

    post: PostDuties
    organization: Organization
    name: str
    member_id: UUID | None
    home: UUID | None
    judged: tuple[Judged, ...] = ()


def holders_of_person(person: Person, day: date, at: datetime) -> tuple[Holder, ...]:
    """The posts of one person with their states; the branch first."""
    seats = queries.seats_of(person, _roles(), day, at)
    organizations = {
        one.pk: one
        for one in Organization.objects.filter(pk__in={seat.organization_id for seat in seats})
    }
    return judge_holders(match_holders(seats, organizations), day)


def holders_in(
    organizations: Sequence[Organization], day: date, at: datetime
) -> tuple[Holder, ...]:
    """The posts in exactly these organisations with their states, in the order of the tree."""
    by_key = {one.pk: one for one in organizations}
    seats = queries.seats_in(list(by_key), _roles(), day, at)
    return judge_holders(match_holders(seats, by_key), day)


def match_holders(
    seats: Iterable[Seat], organizations: Mapping[UUID, Organization]
) -> tuple[Holder, ...]:
    """Seats as posts of the list. A role adds nothing to an office that the same person holds there."""
    found: list[Holder] = []
    seats = list(seats)
    offices = {(seat.organization_id, seat.member_id) for seat in seats if not seat.is_role}
    known = shipped_list()
    for seat in seats:
        organization = organizations.get(seat.organization_id)
        if organization is None:
            continue
        find = known.of_role if seat.is_role else known.of_office
        post = find(organization.kind, seat.office)
        if post is None:
            continue
        has_office = seat.member_id and (seat.organization_id, seat.member_id) in offices
        if seat.is_role and has_office and post.offices:
            continue
        found.append(Holder(post, organization, seat.name, seat.member_id, seat.home))
    order = {post.key: at for at, post in enumerate(known.posts)}
    found.sort(key=lambda one: (one.organization.path, order[one.post.key], one.name))
    return tuple(found)


def judge_holders(holders: Sequence[Holder], day: date) -> tuple[Holder, ...]:
    """The same with the states of all their responsibilities, in a fixed number of queries."""
    seen = _gather(holders, day)
    return tuple(
        Holder(
            one.post,
            one.organization,
            one.name,
            one.member_id,
            one.home,
            tuple(judge_responsibility(item, seen.of(one, item, day)) for item in one.post.items),
        )
        for one in holders
    )


@lru_cache(maxsize=1)
def _roles() -> tuple[str, ...]:
    return tuple({role for post in shipped_list().posts for role in post.roles})


@dataclass
class _Found:
    """All that was read for some holders."""

    lines: dict[UUID, list[LineSum]] = field(default_factory=dict)
    below: dict[UUID, Seen] = field(default_factory=dict)
    records: dict[UUID, list[RecordRow]] = field(default_factory=dict)
    counted: dict[tuple[str, UUID], Counted] = field(default_factory=dict)
    texts: dict[str, list[TextRow]] = field(default_factory=dict)

    def of(self, holder: Holder, item: Responsibility, day: date) -> Seen:
        """What is recorded of one responsibility of a holder."""
        measure, organization = item.measure, holder.organization
        if measure is Measure.OWN:
            seen = Seen()
        elif measure is Measure.SEALS:
            seen = self._counted(measure, organization.pk)
            if seen.pending:  # what was filed this month is sealed at its end
                seen = Seen(pending=seen.pending, next_on=last_of(month_index(day)))
        elif measure in _IN_RECORDS:
            seen = self._in_person(holder, item, day)
        elif measure in _OF_LINES:
            seen = self._of_lines(organization.pk, item)
        elif measure is Measure.BELOW_LINES:
            seen = self.below.get(organization.pk, Seen())
        elif measure is Measure.TEXTS:
            seen = _of_texts(self.texts.get(organization.path, ()), day)
        elif measure is Measure.REPORT:
            seen = self._of_report(organization.pk, day)
        elif measure is Measure.OWN_TASKS and holder.member_id is None:
            seen = Seen(is_known=False)
        else:
            whose = holder.member_id if measure is Measure.OWN_TASKS else organization.pk
            seen = self._counted(measure, whose)
        return seen

    def _of_report(self, organization: UUID, day: date) -> Seen:
        if self._counted(Measure.REPORT, organization).done:
            return Seen(done=1)
        return Seen(pending=1, next_on=last_of(month_index(day)))

    def _counted(self, measure: Measure, key: UUID | None) -> Seen:
        row = self.counted.get((measure.value, key)) if key else None
        if row is None:
            return Seen()
        return Seen(row.done, row.late, row.overdue, row.pending, row.oldest, row.next_on)

    def _of_lines(self, branch: UUID, item: Responsibility) -> Seen:
        rows = self.lines.get(branch, ())
        if item.measure is Measure.TABLE:
            return Seen(done=1) if rows else Seen(pending=1)
        found = Seen()
        for row in rows:
            if _asks(item, row):
                found += Seen(row.done, row.late, row.overdue, row.pending, row.oldest, row.next_on)
        return found

    def _in_person(self, holder: Holder, item: Responsibility, day: date) -> Seen:
        if holder.member_id is None or holder.home is None:
            return Seen(is_known=False)
        rows = self.records.get(holder.home, ())
        does = _DOES[item.measure]
        found = sum(1 for row in rows if does(row, str(holder.member_id), holder.name))
        number = min(found, item.times)  # who did more is not counted out
        left = max(0, item.times - number)
        return Seen(done=number, pending=left, next_on=date(day.year, 12, 31) if left else None)


def _asks(item: Responsibility, row: LineSum) -> bool:
    if item.measure is Measure.ALL_LINES:
        return row.practice_class == PracticeClass.B
    return row.requirement in item.requirements or row.activity in item.activities


def _of_texts(rows: Iterable[TextRow], day: date) -> Seen:
    found = Seen()
    for row in rows:
        if row.reached >= row.expected:
            found += Seen(done=1)
        elif row.reach_by is not None and row.reach_by < day:
            found += Seen(overdue=1, oldest=row.reach_by)
        else:
            found += Seen(pending=1, next_on=row.reach_by)
    return found


def _gave_lesson(row: RecordRow, member: str, name: str) -> bool:
    if Activity.LESSON not in row.activities:
        return False
    lecturer = str(_read(row.elements, {}).get("lecturer", ""))
    if lecturer:
        return names_person(lecturer, name)
    return str(_read(row.particulars, {}).get("presider", "")) in {member, name}


def _talked(row: RecordRow, member: str, name: str) -> bool:
    if Activity.TALK not in row.activities:
        return False
    pair = str(_read(row.elements, {}).get("talk_pair", ""))
    return names_person(pair, name) or _attended(row, member)


def _took_part(row: RecordRow, member: str, name: str) -> bool:
    del name
    return any(activity in row.activities for activity in queries.LIFE) and _attended(row, member)


def _attended(row: RecordRow, member: str) -> bool:
    if member not in row.attendance:  # most rows: nothing has to be read
        return False
    return any(
        one.get("member") == member and one.get("status") in {"present", "late"}
        for one in _read(row.attendance, [])
    )


_DOES: Final = {
    Measure.OWN_LESSON: _gave_lesson,
    Measure.OWN_TALKS: _talked,
    Measure.OWN_LIFE: _took_part,
}


def _read(part: str, empty: Any) -> Any:
    """A part of a record; empty where it was blacked out."""
    return json.loads(part) if part else empty


def _gather(holders: Sequence[Holder], day: date) -> _Found:
    """Reads what the measures of these posts need, and nothing else."""
    found = _Found()
    if branches := _organizations(holders, _OF_LINES):
        for line in queries.lines_of_branches(list(branches), day):
            found.lines.setdefault(line.branch_id, []).append(line)
    homes, life_homes = _homes(holders, _IN_RECORDS), _homes(holders, {Measure.OWN_LIFE})
    if homes:
        for record in queries.records_of(homes, life_homes, day.year):
            found.records.setdefault(record.branch_id, []).append(record)
    for row in queries.counted_for(
        sealed=list(_organizations(holders, {Measure.SEALS})),
        organizations=list(_organizations(holders, _COUNTED)),
        members=_members(holders),
        day=day,
    ):
        found.counted[row.kind, row.key] = row
    if readers := _organizations(holders, {Measure.TEXTS}):
        for text in queries.texts_for([one.path for one in readers.values()], day.year):
            found.texts.setdefault(text.path, []).append(text)
    if above := _organizations(holders, {Measure.BELOW_LINES}):
        found.below = _lines_below(list(above.values()), day)
    return found


def _organizations(
    holders: Iterable[Holder], measures: Collection[Measure]
) -> dict[UUID, Organization]:
    return {
        one.organization.pk: one.organization
        for one in holders
        if any(item.measure in measures for item in one.post.items)
    }


def _homes(holders: Iterable[Holder], measures: Collection[Measure]) -> set[UUID]:
    return {
        one.home
        for one in holders
        if one.home is not None and any(item.measure in measures for item in one.post.items)
    }


def _members(holders: Iterable[Holder]) -> list[UUID]:
    return [
        one.member_id
        for one in holders
        if one.member_id is not None
        and any(item.measure is Measure.OWN_TASKS for item in one.post.items)
    ]


def _lines_below(organizations: Sequence[Organization], day: date) -> dict[UUID, Seen]:
    """From the tallies: the lines of class B of this year at and below each organisation."""
    found = {}
    soon = {one.pk: one.soon_days for one in organizations}
    for key, counts in read_tallies(organizations, day.year).items():
        own = [count for count in counts if count.practice_class == PracticeClass.B]
        cell = sum_cells(
            cell_of(
                Counts(count.total, count.done, count.late, count.waived),
                count.due_on,
                day,
                soon_days=soon[key],
            )
            for count in own
        )
        open_days = [
            count.due_on for count in own if count.total > count.done + count.late + count.waived
        ]
        found[key] = Seen(
            done=cell.done + cell.late + cell.waived,
            late=cell.late,
            overdue=cell.overdue,
            pending=cell.due_soon + cell.later,
            oldest=min((due for due in open_days if due < day), default=None),
            next_on=min((due for due in open_days if due >= day), default=None),
        )
    return found
