"""Rows → dated facts about branches, as the rules take them; three queries for any number."""

from __future__ import annotations

from collections import defaultdict, namedtuple
from collections.abc import Iterable
from datetime import date
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any, Final
from uuid import UUID

from django.db.models import Q, QuerySet, Value

from zhibu.org.models import Activist, Membership, MemberSpell, Organization, Post, Term
from zhibu.people.prepared import Given, Prepared
from zhibu.rules.branches import BranchFacts, GroupFacts, MemberFacts, Span, TermFacts
from zhibu.rules.norm import Field

COMMITTEE_OFFICES: Final = frozenset(
    office.value for office in Post.Office if office != Post.Office.GROUP_LEADER
)


def branch_facts(
    branch: Organization, *, year: int | None = None, span: Span | None = None
) -> BranchFacts:
    """What the rules need to know of a branch in a year, in a span of days, or ever."""
    return facts_of_branches([branch], year=year, span=span)[branch.id]


def facts_of_branches(
    branches: Iterable[Organization], *, year: int | None = None, span: Span | None = None
) -> dict[UUID, BranchFacts]:
    """The same for many branches at once, in the same number of queries.

    Only what overlaps the year or span is read; of that, the dates are whole.
    """
    if year is not None:
        span = Span(date(year, 1, 1), date(year, 12, 31))
    wanted = {branch.id: branch for branch in branches}
    members = _members(_member_rows(wanted, span), span)
    groups = _groups(wanted, span)
    terms, activists = _terms_and_activists(wanted, span)
    return {
        key: BranchFacts(
            branch=str(key),
            field=Field(branch.field),
            span=Span(branch.founded_on, branch.dissolved_on),
            members=tuple(members.get(key, ())),
            groups=tuple(groups.get(key, ())),
            terms=tuple(terms.get(key, ())),
            activists=tuple(activists.get(key, ())),
            theme_day=branch.theme_day,
            in_use_since=branch.in_use_since,
        )
        for key, branch in wanted.items()
    }


def overlapping(span: Span | None, since: str = "since", until: str = "until") -> Q:
    """The condition that a row's own span overlaps the given one; no condition for None."""
    if span is None:
        return Q()
    condition = Q(**{f"{until}__isnull": True}) | Q(**{f"{until}__gte": span.since})
    if span.until is not None:
        condition &= Q(**{f"{since}__lte": span.until})
    return condition


def meeting_facts(
    branch: Organization, day: date, *, with_groups: bool = False
) -> tuple[BranchFacts, dict[str, str]]:
    """What a record of one day is judged from, and the names of that day's members by their keys.

    One query, two `with_groups`; the terms of office are left out.
    """
    span = Span(day, day)
    rows = list(map(_Row._make, _MEETING.rows(branch=branch.id, day=day)))
    groups = _groups([branch.id], span).get(branch.id, ()) if with_groups else ()
    facts = BranchFacts(
        branch=str(branch.id),
        field=Field(branch.field),
        span=Span(branch.founded_on, branch.dissolved_on),
        members=tuple(_members(rows, span).get(branch.id, ())),
        groups=tuple(groups),
        theme_day=branch.theme_day,
    )
    return facts, {str(row.member_id): row.member__name for row in rows}


def _member_rows(wanted: Iterable[UUID], span: Span | None) -> list[Any]:
    """Memberships beside all offices and special times of the member: a row for each pair of them.

    Rows by name and no models: every form and every filing reads all members of a branch.
    """
    rows = Membership.objects.filter(overlapping(span), branch__in=list(wanted))
    return [
        _Row._make(row) for row in rows.order_by("branch_id", *_ORDER).values_list(*_Row._fields)
    ]


_Row: Final = namedtuple(  # noqa: PYI024 - the names are paths
    "_Row",
    (
        "id", "branch_id", "member_id", "group_id", "since", "until",
        "member__name", "member__full_on", "member__is_leader",
        "member__spells__id", "member__spells__kind",
        "member__spells__since", "member__spells__until",
        "member__posts__id", "member__posts__organization_id", "member__posts__office",
        "member__posts__since", "member__posts__until",
    ),
)  # fmt: skip
_ORDER: Final = ("since", "id")
_MEETING: Final = Prepared(
    lambda: (
        Membership.objects.filter(
            Q(until__isnull=True) | Q(until__gte=Given("day")),
            since__lte=Given("day"),
            branch=Given("branch"),
        )
        .order_by(*_ORDER)
        .values_list(*_Row._fields)
    )
)


def _members(rows: Iterable[Any], span: Span | None) -> dict[UUID, list[MemberFacts]]:
    """The members of each branch; the rows of a membership stand together."""
    found: dict[UUID, list[MemberFacts]] = defaultdict(list)
    for _, each in groupby(rows, key=attrgetter("id")):
        beside = list(each)
        row = beside[0]
        away, infirm, voteless = (_spells(beside, kind, span) for kind in _KINDS)
        found[row.branch_id].append(
            MemberFacts(
                member=str(row.member_id),
                span=Span(row.since, row.until),
                group=str(row.group_id) if row.group_id else None,
                full_on=row.member__full_on,
                is_leader=row.member__is_leader,
                away=away,
                infirm=infirm,
                voteless=voteless,
                committee=_serving(beside, span),
            )
        )
    return found


_KINDS: Final = (MemberSpell.Kind.AWAY, MemberSpell.Kind.INFIRM, MemberSpell.Kind.VOTELESS)


def _spells(rows: Iterable[Any], kind: str, span: Span | None) -> tuple[Span, ...]:
    """The times of one kind among the rows of a membership."""
    return _spans(
        (
            (row.member__spells__since, row.member__spells__id, row.member__spells__until)
            for row in rows
            if row.member__spells__kind == kind
        ),
        span,
    )


def _serving(rows: Iterable[Any], span: Span | None) -> tuple[Span, ...]:
    """The times on the branch's own committee among the rows of a membership."""
    return _spans(
        (
            (row.member__posts__since, row.member__posts__id, row.member__posts__until)
            for row in rows
            if row.member__posts__organization_id == row.branch_id
            and row.member__posts__office in COMMITTEE_OFFICES
        ),
        span,
    )


def _spans(found: Iterable[tuple[date, UUID, date | None]], span: Span | None) -> tuple[Span, ...]:
    """Those that overlap the span, each once, the earliest first."""
    first, last = (span.since, span.until or date.max) if span else (date.min, date.max)
    return tuple(
        Span(since, until)
        for since, _, until in sorted(set(found), key=itemgetter(0, 1))
        if since <= last and (until or date.max) >= first
    )


def _group_rows(wanted: Iterable[UUID], span: Span | None) -> QuerySet[Organization]:
    return Organization.objects.filter(
        overlapping(span, "founded_on", "dissolved_on"),
        kind=Organization.Kind.GROUP,
        parent__in=list(wanted),
    )


def _groups(wanted: Iterable[UUID], span: Span | None) -> dict[UUID, list[GroupFacts]]:
    found: dict[UUID, list[GroupFacts]] = defaultdict(list)
    for row in _group_rows(wanted, span).order_by("path"):
        assert row.parent_id is not None  # noqa: S101 - asked for by parent
        found[row.parent_id].append(
            GroupFacts(
                str(row.id), row.short_name or row.name, Span(row.founded_on, row.dissolved_on)
            )
        )
    return found


def _terms_and_activists(
    wanted: Iterable[UUID], span: Span | None
) -> tuple[dict[UUID, list[TermFacts]], dict[UUID, list[Span]]]:
    """Two short lists in one read: a table's page asks for the facts among eleven other things."""
    branches = list(wanted)
    of_terms = (
        Term.objects.filter(overlapping(span, "began_on", "ends_on"), organization__in=branches)
        .order_by()
        .annotate(is_term=Value(1))
        .values_list("is_term", "organization_id", "number", "began_on", "ends_on")
    )
    of_activists = (
        Activist.objects.filter(overlapping(span), branch__in=branches)
        .annotate(is_term=Value(0), number=Value(0))
        .values_list("is_term", "branch_id", "number", "since", "until")
    )
    terms: dict[UUID, list[TermFacts]] = defaultdict(list)
    activists: dict[UUID, list[Span]] = defaultdict(list)
    rows = of_terms.union(of_activists, all=True)
    # Sorted here: an order across a union is said differently by each database.
    for is_term, branch, number, since, until in sorted(rows, key=lambda row: (row[2], row[3])):
        if is_term:
            terms[branch].append(TermFacts(number, Span(since, until)))
        else:
            activists[branch].append(Span(since, until))
    return terms, activists
