"""Who sits on the committees above the branches, and for which terms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from zhibu.ops.demo.population import Population
from zhibu.ops.demo.stage import Stage
from zhibu.org.models import Member, Organization, Post, Term
from zhibu.rules.periods import add_months

OFFICE = Post.Office


@dataclass(frozen=True, slots=True)
class Seat:
    """An office and the branch it is filled from: by its secretary, or by one without an office."""

    office: str
    branch: int
    is_secretary: bool = False


# A party committee of an organ serves five years, a general branch three.
COMMITTEE_MONTHS: Final = 60
GENERAL_BRANCH_MONTHS: Final = 36
COMMITTEE_SEATS: Final = (
    Seat(OFFICE.SECRETARY, 1),
    Seat(OFFICE.DEPUTY_SECRETARY, 0),
    Seat(OFFICE.ORGANIZATION, 0, is_secretary=True),
    Seat(OFFICE.PUBLICITY, 1, is_secretary=True),
    Seat(OFFICE.DISCIPLINE, 3, is_secretary=True),
    Seat(OFFICE.COMMITTEE_MEMBER, 4, is_secretary=True),
    Seat(OFFICE.COMMITTEE_MEMBER, 8, is_secretary=True),
)
CENTRE_SEATS: Final = (
    Seat(OFFICE.SECRETARY, 10),
    Seat(OFFICE.DEPUTY_SECRETARY, 10, is_secretary=True),
    Seat(OFFICE.ORGANIZATION, 11, is_secretary=True),
    Seat(OFFICE.PUBLICITY, 10),
    Seat(OFFICE.DISCIPLINE, 10),
)
NEIGHBOUR_SEATS: Final = (
    Seat(OFFICE.SECRETARY, 0),
    Seat(OFFICE.DEPUTY_SECRETARY, 1, is_secretary=True),
    Seat(OFFICE.ORGANIZATION, 0, is_secretary=True),
    Seat(OFFICE.PUBLICITY, 1),
    Seat(OFFICE.DISCIPLINE, 0),
)


def put_board(
    stage: Stage,
    organization: Organization,
    seats: Iterable[Seat],
    populations: Sequence[Population],
    *,
    months: int,
) -> list[Member]:
    """Terms of so many months since it was founded, and who holds office in the present one."""
    since = _put_terms(stage, organization, months)
    seated: list[Member] = []
    for seat in seats:
        population = populations[seat.branch]
        row = population.members[0] if seat.is_secretary else _free(population, since, seated)
        if row is not None:
            seated.append(row)
            _appoint(stage, organization, row, seat.office, since)
    return seated


def _put_terms(stage: Stage, organization: Organization, months: int) -> date:
    """One after the other up to today; the first day of the present one."""
    began, number = organization.founded_on, 1
    while True:
        ends_on = add_months(began, months) - timedelta(days=1)
        term = Term(organization=organization, number=number, began_on=began, ends_on=ends_on)
        stage.shelf.put(term)
        stage.shelf.note(
            verb="set_term", organization_id=organization.pk, subject=term, at=stage.at,
            detail={"number": number, "ends_on": ends_on.isoformat()},
        )  # fmt: skip
        if ends_on >= stage.today:
            return began
        began, number = ends_on + timedelta(days=1), number + 1


def _free(population: Population, since: date, seated: Sequence[Member]) -> Member | None:
    """Who is a full member for longest of those without an office or a spell away."""
    found = [
        (seed.full_on, place, row)
        for place, (seed, row) in enumerate(
            zip(population.seed.members, population.members, strict=True)
        )
        if not seed.offices and not seed.spells and row not in seated
        if seed.full_on is not None and max(seed.full_on, seed.since) <= since
    ]
    return min(found)[2] if found else None


def _appoint(
    stage: Stage, organization: Organization, member: Member, office: str, since: date
) -> None:
    post = Post(member=member, organization=organization, office=office, since=since)
    stage.shelf.put(post)
    stage.shelf.note(
        verb="appoint", organization_id=organization.pk, subject=post, at=stage.at,
        detail={"office": str(office), "member": str(member.pk)},
    )  # fmt: skip
