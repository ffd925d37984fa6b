"""What a norm costs a branch in a year: records, fields to fill in, minutes of work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from zhibu.rules.branches import BranchFacts
from zhibu.rules.duties import derive_duties, offer_duties
from zhibu.rules.elements import MEETING_ELEMENTS, MEETINGS
from zhibu.rules.norm import Norm, PracticeClass, Requirement, Unit


@dataclass(frozen=True, slots=True)
class Burden:
    """What one requirement costs a branch in a year, at most: events held together cost less.

    `fields` is what one record asks for; `records` how many records there are; `minutes` is the
    norm's own estimate times the records. A requirement that falls due by event counts none, as
    nobody knows how often; `is_by_event` says so.
    """

    requirement: str
    title: str
    practice_class: PracticeClass
    records: int
    fields: int
    minutes: int
    is_by_event: bool = False

    @property
    def all_fields(self) -> int:
        """Fields to fill in over the whole year."""
        return self.records * self.fields


@dataclass(frozen=True, slots=True)
class TotalBurden:
    """The sum over the requirements of some classes."""

    records: int
    fields: int
    minutes: int


def weigh_norm(norm: Norm, facts: BranchFacts, year: int) -> tuple[Burden, ...]:
    """What each requirement of a norm costs a branch in a year, in the norm's order."""
    duties: dict[str, int] = {}
    for duty in (*derive_duties(norm, facts, year), *offer_duties(norm, facts, year)):
        duties[duty.requirement.code] = duties.get(duty.requirement.code, 0) + 1
    return tuple(weigh_requirement(one, duties.get(one.code, 0)) for one in norm.requirements)


def weigh_requirement(requirement: Requirement, records: int) -> Burden:
    """What a requirement costs where it asks for so many records."""
    return Burden(
        requirement=requirement.code,
        title=requirement.title,
        practice_class=requirement.practice_class,
        records=records,
        fields=count_fields(requirement),
        minutes=records * requirement.minutes,
        is_by_event=requirement.cadence.unit is Unit.EVENT,
    )


def count_fields(requirement: Requirement) -> int:
    """How many fields one record of a requirement asks somebody to fill in, the time included."""
    keys = {element.key for element in requirement.elements}
    if requirement.attendees in MEETINGS:
        keys |= {element.key for element in MEETING_ELEMENTS}
    return len(keys) + 1


def sum_burden(
    burdens: Iterable[Burden], classes: Iterable[PracticeClass] = (PracticeClass.B,)
) -> TotalBurden:
    """The burden of the classes together; by default of what every branch must do."""
    wanted = set(classes)
    rows = [burden for burden in burdens if burden.practice_class in wanted]
    return TotalBurden(
        records=sum(row.records for row in rows),
        fields=sum(row.all_fields for row in rows),
        minutes=sum(row.minutes for row in rows),
    )
