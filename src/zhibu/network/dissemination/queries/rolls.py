"""Who belongs to a text: the seats of its day of issue, read from roster, offices and tree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Length, Substr

from zhibu.network.dissemination.models import Audience, Forward, Receipt, Text
from zhibu.org import paths
from zhibu.org.facts import COMMITTEE_OFFICES
from zhibu.org.models import Member, Membership, Post
from zhibu.org.queries import holding
from zhibu.rules.reach import Readers, Seat, common_paths, spare_paths


@dataclass(frozen=True, slots=True)
class Stay:
    """A seat that a member had from a day to a day (None: still)."""

    seat: Seat
    since: date
    until: date | None

    def holds_on(self, day: date) -> bool:
        """Whether it was held on that day."""
        return self.since <= day and (self.until is None or self.until >= day)


def stays_of(members: QuerySet[Member]) -> dict[UUID, list[Stay]]:
    """Where these members belonged and which offices they held, by day: one query."""
    rows = _stays(Membership.objects.filter(member__in=members), "branch", Value("")).union(
        _stays(Post.objects.filter(member__in=members), "organization", F("office")), all=True
    )
    found: dict[UUID, list[Stay]] = {}
    for member, path, kind, field, office, *days in rows:
        since, until = max(days[0], days[2]), min(filter(None, (days[1], days[3])), default=None)
        if until is None or since <= until:
            stay = Stay(Seat(path, kind, field, office), since, until)
            found.setdefault(member, []).append(stay)
    return found


def _stays(rows: QuerySet[Any], at: str, office: Any) -> QuerySet[Any, Any]:
    found: QuerySet[Any, Any] = (
        rows.filter(**{f"{at}__places__isnull": False})
        .order_by()
        .annotate(seat_office=office)
        .values_list(
            "member_id", f"{at}__places__path", f"{at}__kind", f"{at}__field", "seat_office",
            "since", "until", f"{at}__places__since", f"{at}__places__until",
        )
    )  # fmt: skip
    return found


def audience_paths(text: Text) -> tuple[str, ...]:
    """The organisations that a text is for, by their paths on the day of issue.

    Not asked again where they were fetched with the text.
    """
    if "audiences" in getattr(text, "_prefetched_objects_cache", {}):
        return tuple(one.path for one in text.audiences.all())
    return tuple(Audience.objects.filter(text=text).values_list("path", flat=True))


def under(prefixes: Iterable[str], field: str = "path") -> Q:
    """At or below one of these paths; nothing where there are none."""
    condition = Q(pk__in=[])
    for path in prefixes:
        condition |= Q(**{f"{field}__gte": path, f"{field}__lt": paths.successor(path)})
    return condition


def concerned(audience: Iterable[str], field: str = "path") -> Q:
    """Paths at or below those of the audience, and those that lead to them from above."""
    spare = spare_paths(audience)
    above = {level for path in spare for level in paths.ancestors(path)}
    return under(spare, field) | Q(**{f"{field}__in": sorted(above)})


class Roll:
    """The seats of a text on its day of issue: memberships, or posts, with `seat` as their path.

    Everybody is on it once: who holds several offices, in the highest organisation.
    """

    def __init__(self, text: Text, audience: Sequence[str] | None = None) -> None:
        self.text = text
        self.day = text.issue_day
        self.audience = audience_paths(text) if audience is None else tuple(audience)
        self.is_of_members = text.readers == Readers.MEMBERS.value
        self.at = "branch" if self.is_of_members else "organization"

    def seats(self, *, scope: str = "", after: str = "", upto: str = "") -> QuerySet[Any]:
        """All at or below `scope`, of paths after one and up to another."""
        inside = common_paths(self.audience, scope)
        path = f"{self.at}__places__path"
        condition = under(inside, path)
        if after:
            condition &= Q(**{f"{path}__gt": after})
        if upto:
            condition &= Q(**{f"{path}__lte": upto})
        rows = self._rows(condition)
        if not self.is_of_members:
            higher = (
                self._rows(under(self.audience, path))
                .filter(member=OuterRef("member"))
                .filter(
                    Q(seat__lt=OuterRef("seat")) | Q(seat=OuterRef("seat"), pk__lt=OuterRef("pk"))
                )
            )
            rows = rows.filter(~Exists(higher))
        return rows

    def come_down(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Those to whom the text has come down by now."""
        return self.with_come(rows).filter(has_come=True) if self.text.is_by_level else rows

    def with_come(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """With `has_come`: whether the text has come down to them by now."""
        if not self.text.is_by_level:
            direct: QuerySet[Any] = rows.annotate(has_come=Value(True))
            return direct
        sent = Forward.objects.filter(text=self.text)
        own, at = Q(seat=self.text.path), "seat"
        if not self.is_of_members:
            rows, at = rows.annotate(above=parent_of("seat")), "above"
            own |= Q(above=self.text.path)
        found: QuerySet[Any] = rows.annotate(
            has_come=own | Q(Exists(sent.filter(path=OuterRef(at))))
        )
        return found

    def open(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Those whom the version in force has not reached."""
        found: QuerySet[Any] = rows.filter(~Exists(self._receipts()))
        return found

    def reached(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Those whom it has reached."""
        found: QuerySet[Any] = rows.filter(Exists(self._receipts()))
        return found

    def with_gone(self, rows: QuerySet[Any], today: date) -> QuerySet[Any]:
        """With `is_gone`: who left the branch, or the office, since the day of issue.

        Of a branch that was dissolved nobody left who is still on a roster.
        """
        if not self.is_of_members:
            ended: QuerySet[Any] = rows.annotate(
                is_gone=Q(until__isnull=False) & Q(until__lt=today)
            )
            return ended
        now = Membership.objects.filter(holding(today), member=OuterRef("member"))
        is_dissolved = Q(branch__dissolved_on__isnull=False) & Q(branch__dissolved_on__lt=today)
        stays = Exists(now.filter(branch=OuterRef("branch")))
        found: QuerySet[Any] = rows.annotate(is_gone=~(Q(stays) | (is_dissolved & Q(Exists(now)))))
        return found

    def _receipts(self) -> QuerySet[Receipt]:
        return Receipt.objects.filter(
            member=OuterRef("member"), text=self.text, version=self.text.version, is_valid=True
        )

    def _rows(self, condition: Q) -> QuerySet[Any]:
        on_place = holding(self.day, f"{self.at}__places__")
        wanted = holding(self.day) & on_place & condition
        if self.text.only_fields:
            wanted &= Q(**{f"{self.at}__field__in": self.text.only_fields})
        if self.text.only_kinds:
            wanted &= Q(**{f"{self.at}__kind__in": self.text.only_kinds})
        if self.is_of_members:
            rows: QuerySet[Any] = Membership.objects.filter(wanted)
        else:
            rows = Post.objects.filter(wanted, office__in=offices_of(self.text))
        found: QuerySet[Any] = rows.order_by().annotate(seat=F(f"{self.at}__places__path"))
        return found


def offices_of(text: Text) -> list[str]:
    """The offices whose holders are its readers."""
    if text.readers == Readers.SECRETARIES.value:
        return [Post.Office.SECRETARY.value]
    return sorted(COMMITTEE_OFFICES)


def parent_of(field: str) -> Substr:
    """The path one level up, as the database works it out; "" for a root."""
    return Substr(field, 1, Length(field) - paths.WIDTH, output_field=CharField())
