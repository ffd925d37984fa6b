"""What a made-up branch is made of, as values; drawn from a random number generator alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from zhibu.ops.demo.names import NameBook
from zhibu.org.models import MemberSpell, Organization, Post
from zhibu.rules.branches import Span
from zhibu.rules.periods import add_months

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BranchSketch:
    """What is laid down of a branch before its people are drawn."""

    name: str  # "政工处"
    size: int
    groups: int = 0
    theme_day: str = "day:15"
    field: str = Organization.Field.ORGAN
    is_pilot: bool = False
    founded_on: date | None = None  # None: with the bureau
    diligence: float = 0.95  # the share of what is done, and done in time
    term_age_months: int = 14  # how long the present term has run today
    is_retired: bool = False  # 离退休干部党支部
    own: tuple[tuple[str, str, int], ...] = ()  # X lines: title, activity, month


@dataclass(slots=True)
class MemberSeed:
    """One member as drawn."""

    name: str
    sex: str
    born_on: date
    joined_on: date
    full_on: date | None
    since: date
    group: int | None = None
    is_leader: bool = False
    offices: list[tuple[str, Span]] = field(default_factory=list)
    spells: list[tuple[str, Span]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class BranchSeed:
    """One branch as drawn."""

    sketch: BranchSketch
    founded_on: date
    terms: tuple[Span, ...]
    members: tuple[MemberSeed, ...]


def draw_branch(
    sketch: BranchSketch, *, founded_on: date, today: date, rng: Random, names: NameBook
) -> BranchSeed:
    """Draw the people of a branch: members, their groups, who holds which office since when."""
    founded_on = max(sketch.founded_on or founded_on, founded_on)
    terms = _draw_terms(sketch, founded_on, today)
    members = [_draw_member(sketch, at, founded_on, today, rng, names) for at in range(sketch.size)]
    _give_offices(sketch, members, terms, today, rng)
    _give_spells(sketch, members, today, rng)
    return BranchSeed(sketch, founded_on, terms, tuple(members))


def _months_before(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 - months
    return date(index // 12, index % 12 + 1, 1)


def _draw_terms(sketch: BranchSketch, founded_on: date, today: date) -> tuple[Span, ...]:
    """Terms of three years, as they follow each other up to today."""
    began = max(_months_before(today, sketch.term_age_months), founded_on)
    terms = [Span(began, add_months(began, 36) - DAY)]
    while terms[0].since > founded_on:
        until = terms[0].since - DAY
        since = max(date(terms[0].since.year - 3, terms[0].since.month, 1), founded_on)
        terms.insert(0, Span(since, until))
    return tuple(terms)


def _draw_member(
    sketch: BranchSketch, at: int, founded_on: date, today: date, rng: Random, names: NameBook
) -> MemberSeed:
    is_female = rng.random() < 0.42
    is_rare = rng.random() < 0.02
    name = names.draw_rare() if is_rare else names.draw(is_female=is_female)
    age = rng.randint(61, 82) if sketch.is_retired else rng.randint(25, 58)
    born = date(today.year - age, rng.randint(1, 12), rng.randint(1, 28))
    joined_at = min(age - 1, rng.randint(20, 34))
    joined = date(born.year + joined_at, rng.randint(1, 12), rng.choice((1, 12, 18, 26)))
    joined = min(joined, founded_on - timedelta(days=400)) if at < 7 else joined
    # The first seven are there from the beginning: they can form a committee.
    since = founded_on
    if at >= 7 and rng.random() < 0.3:
        since = max(founded_on, today - timedelta(days=rng.randint(60, 1500)))
    joined = min(joined, since)
    # Nobody is admitted before eighteen, however long ago the branch was founded.
    born = min(born, born.replace(year=joined.year - 19))
    full = add_months(joined, 12)
    return MemberSeed(
        name=name,
        sex="f" if is_female else "m",
        born_on=born,
        joined_on=joined,
        full_on=full if full <= today else None,
        since=since,
        group=at % sketch.groups if sketch.groups else None,
        is_leader=at == 0 or (at == 1 and sketch.size > 20),
    )


def _give_offices(
    sketch: BranchSketch,
    members: list[MemberSeed],
    terms: tuple[Span, ...],
    today: date,
    rng: Random,
) -> None:
    """A secretary, a committee from seven full members up, a leader for each group."""
    if not members:
        return
    term = terms[-1]
    offices = [Post.Office.SECRETARY]
    if sum(member.full_on is not None for member in members) >= 7:
        offices += [Post.Office.ORGANIZATION, Post.Office.PUBLICITY, Post.Office.DISCIPLINE]
        if sketch.size > 24:
            offices.insert(1, Post.Office.DEPUTY_SECRETARY)
    for member, office in zip(members, offices, strict=False):
        start = max(member.since, terms[-2].since if len(terms) > 1 else term.since)
        member.offices.append((office, Span(start)))
    if len(terms) > 1 and rng.random() < 0.35 and len(members) > len(offices) + 1:
        _change_secretary(members, len(offices), today, rng)
    for group in range(sketch.groups):
        leader = next(
            (m for m in members[len(offices) + 1 :] if m.group == group and m.full_on), None
        )
        if leader is not None:
            leader.offices.append((f"{Post.Office.GROUP_LEADER}:{group}", Span(leader.since)))


def _change_secretary(
    members: list[MemberSeed], predecessor: int, today: date, rng: Random
) -> None:
    """The present secretary took over some time ago; whoever it was before is still a member."""
    office, span = members[0].offices[0]
    changed_on = today.replace(day=1) - timedelta(days=30 * rng.randint(4, 15))
    if changed_on - DAY <= span.since:
        return
    old = members[predecessor]
    members[0].offices[0] = (office, Span(changed_on))
    if old.full_on and old.full_on <= span.since and old.since <= span.since:
        old.offices.append((office, Span(span.since, changed_on - DAY)))
    else:
        members[0].offices[0] = (office, span)


def _give_spells(sketch: BranchSketch, members: list[MemberSeed], today: date, rng: Random) -> None:
    for member in members:
        has_office = bool(member.offices)
        if sketch.is_retired and not has_office and today.year - member.born_on.year > 74:
            since = max(member.since, date(today.year - 2, 3, 1))
            member.spells.append((MemberSpell.Kind.INFIRM, Span(since)))
        elif not has_office and rng.random() < 0.025:
            since = max(member.since, today - timedelta(days=rng.randint(120, 500)))
            member.spells.append((MemberSpell.Kind.AWAY, Span(since)))
        elif not has_office and rng.random() < 0.02:
            since = max(member.since, today - timedelta(days=rng.randint(60, 300)))
            until = since + timedelta(days=rng.randint(40, 120))
            member.spells.append((MemberSpell.Kind.INFIRM, Span(since, until)))
