"""Rows → dated facts about branches, as the rules take them; four queries for any number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db.models import Case, F, Q, QuerySet, UUIDField, Value, When

from zhibu.org.models import Activist, Membership, MemberSpell, Organization, Post, Term
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
    members = _members(wanted, span)
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

    Two queries; the terms of office are left out.
    """
    span = Span(day, day)
    rows = _member_rows([branch.id], span)
    special = _read_special([branch.id], span, with_groups=with_groups)
    facts = BranchFacts(
        branch=str(branch.id),
        field=Field(branch.field),
        span=Span(branch.founded_on, branch.dissolved_on),
        members=tuple(_members([branch.id], span, rows, special).get(branch.id, ())),
        groups=special.groups,
        theme_day=branch.theme_day,
    )
    return facts, {str(row.member_id): row.member__name for row in rows}


def _member_rows(wanted: Iterable[UUID], span: Span | None) -> list[Any]:
    """Rows by name and no models: every form and every filing reads all members of a branch."""
    return list(
        Membership.objects.filter(overlapping(span), branch__in=list(wanted))
        .order_by("branch_id", "since", "id")
        .values_list(
            "branch_id", "member_id", "group_id", "since", "until",
            "member__name", "member__full_on", "member__is_leader", named=True,
        )
    )  # fmt: skip


def _members(
    wanted: Iterable[UUID],
    span: Span | None,
    rows: list[Any] | None = None,
    held: _Special | None = None,
) -> dict[UUID, list[MemberFacts]]:
    rows = _member_rows(wanted, span) if rows is None else rows
    held = _read_special(wanted, span) if held is None else held
    found: dict[UUID, list[MemberFacts]] = defaultdict(list)
    for row in rows:
        special = held.spells.get(row.member_id, {})
        found[row.branch_id].append(
            MemberFacts(
                member=str(row.member_id),
                span=Span(row.since, row.until),
                group=str(row.group_id) if row.group_id else None,
                full_on=row.member__full_on,
                is_leader=row.member__is_leader,
                away=special.get(MemberSpell.Kind.AWAY, ()),
                infirm=special.get(MemberSpell.Kind.INFIRM, ()),
                voteless=special.get(MemberSpell.Kind.VOTELESS, ()),
                committee=held.committee.get((row.branch_id, row.member_id), ()),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class _Special:
    """Special times by member, times on the committee by branch and member; one branch's groups."""

    spells: Mapping[UUID, Mapping[str, tuple[Span, ...]]]
    committee: Mapping[tuple[UUID, UUID], tuple[Span, ...]]
    groups: tuple[GroupFacts, ...] = ()


_SERVING: Final = "serving"
_GROUP: Final = "group"


def _read_special(
    wanted: Iterable[UUID], span: Span | None, *, with_groups: bool = False
) -> _Special:
    """All of it in one read, a page asks for much else; groups only of a single branch.

    Special times are found through the branches: a list of members could be long.
    """
    branches = list(wanted)
    members = Membership.objects.filter(overlapping(span), branch__in=branches)
    serving = (
        Post.objects.filter(
            overlapping(span), organization__in=branches, office__in=COMMITTEE_OFFICES
        )
        .annotate(what=Value(_SERVING), path=Value(""), name=Value(""))
        .values_list("organization_id", "member_id", "what", "since", "until", "id", "path", "name")
    )
    special = (
        MemberSpell.objects.filter(overlapping(span), member__in=members.values("member"))
        .annotate(nowhere=Value(None, output_field=UUIDField()), path=Value(""), name=Value(""))
        .values_list("nowhere", "member_id", "kind", "since", "until", "id", "path", "name")
    )
    parts: list[QuerySet[Any, Any]] = [special]
    if with_groups:
        parts.append(
            _group_rows(branches, span)
            .order_by()
            .annotate(
                what=Value(_GROUP),
                label=Case(When(short_name="", then=F("name")), default=F("short_name")),
            )
            .values_list(
                "parent_id", "id", "what", "founded_on", "dissolved_on", "id", "path", "label"
            )
        )
    spells: dict[UUID, dict[str, tuple[Span, ...]]] = defaultdict(dict)
    committee: dict[tuple[UUID, UUID], tuple[Span, ...]] = {}
    groups: list[tuple[str, GroupFacts]] = []
    rows = sorted(serving.union(*parts, all=True), key=lambda row: (row[3], row[5]))
    for branch, member, what, since, until, _, path, name in rows:
        if what == _GROUP:
            groups.append((path, GroupFacts(str(member), name, Span(since, until))))
        elif what == _SERVING:
            committee[branch, member] = (*committee.get((branch, member), ()), Span(since, until))
        else:
            spells[member][what] = (*spells[member].get(what, ()), Span(since, until))
    groups.sort(key=lambda one: one[0])
    return _Special(spells, committee, tuple(group for _, group in groups))


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
