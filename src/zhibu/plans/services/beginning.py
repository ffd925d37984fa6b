"""From which day on what falls due is owed in the system: an office begins in the middle of a year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Count

from zhibu.ledger.services import note
from zhibu.org.models import Organization
from zhibu.people.models import Person
from zhibu.plans.models import Plan, PlanLine
from zhibu.plans.services.tallies import hold_places, leave_deltas, path_on


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a change of the day did: how many organisations follow, how many lines changed sides."""

    organizations: int
    lines: int


@transaction.atomic
def begin_use(
    *, organization: Organization, since: date | None, by: Person | None, at: datetime
) -> Beginning:
    """From `since` on what falls due is owed here; None takes the day away.

    Whatever lies below and had the same day as this organisation follows it; what has a day of its
    own keeps it. No line and no record is touched: open lines of adopted tables that change sides
    leave the tallies or come back into them.
    """
    # Tables first, then the tree, as every verb on lines does (`desk.lock_plan`).
    below = Organization.objects.under(organization.path).exclude(kind=Organization.Kind.GROUP)
    tables = Plan.objects.filter(branch__in=below).order_by("pk")
    list(tables.select_for_update(no_key=True).values_list("pk"))
    rows = list(below.select_for_update(no_key=True).order_by("path"))
    before = next(row.in_use_since for row in rows if row.pk == organization.pk)
    followers = [row for row in rows if row.in_use_since == before]
    done = Beginning(len(followers), _move_tallies(organization, before, since))
    # By the day they had, not by a list of keys that could be longer than a statement may be.
    below.filter(in_use_since=before).update(in_use_since=since)
    organization.in_use_since = since
    note(
        by=by, verb="begin_use", organization_id=organization.pk, subject=organization, at=at,
        detail={
            "before": before and before.isoformat(), "after": since and since.isoformat(),
            "organizations": done.organizations, "lines": done.lines,
        },
    )  # fmt: skip
    return done


def _move_tallies(organization: Organization, before: date | None, since: date | None) -> int:
    """Deltas for the open lines between the two days; how many lines there are.

    Called while the branches still have the day `before`.
    """
    old, new = before or date.min, since or date.min
    first, end = min(old, new), max(old, new)
    sign = -1 if new > old else 1
    cells = (
        PlanLine.objects.filter(
            branch__in=Organization.objects.under(organization.path).filter(in_use_since=before),
            plan__state=Plan.State.ADOPTED,
            discharged_by=None,
            waived_at=None,
            due_on__gte=first,
            due_on__lt=end,
        )
        .values_list("branch", "year", "practice_class", "due_on")
        .annotate(lines=Count("pk"))
        .order_by("branch", "year", "practice_class", "due_on")
    )
    rows = list(cells)
    # A line counts where its branch hung on the due day, which may not be where it hangs now.
    places = hold_places({branch for branch, *_ in rows})
    leave_deltas(
        {
            (path_on(places[branch], due_on), year, practice_class, due_on): (sign * lines, 0, 0, 0)
            for branch, year, practice_class, due_on, lines in rows
        }
    )
    return sum(lines for *_, lines in rows)
