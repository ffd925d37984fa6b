"""What an organisation chooses for itself and for those below it: reminders, words, own fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from zhibu.ledger.services import note
from zhibu.org import paths
from zhibu.org.models import Member, Organization, OwnField
from zhibu.org.services import Refused
from zhibu.people.models import Person
from zhibu.people.prepared import Given, GivenMany, Prepared
from zhibu.rules.norm import Element
from zhibu.rules.verdicts import Severity


@transaction.atomic
def choose(
    *,
    organization: Organization,
    soon_days: int,
    class_labels: Mapping[str, str],
    by: Person,
    at: datetime,
) -> int:
    """How many days before the due day a line is due soon, and what the classes are called.

    Empty words mean those of the norm. Whatever lies below and had the same choice follows. How many organisations it is now.
    """
    below = Organization.objects.under(organization.path)
    held = below.select_for_update().order_by("path").get(pk=organization.pk)
    words = {key: word for key, word in class_labels.items() if word}
    before = {"soon_days": held.soon_days, "class_labels": held.class_labels}
    changed = below.filter(soon_days=held.soon_days).update(soon_days=soon_days)
    # Compared in Python: not every database compares JSON.
    followers = [
        row.pk
        for row in below.only("pk", "class_labels").iterator()
        if row.class_labels == held.class_labels
    ]
    for start in range(0, len(followers), 500):
        below.filter(pk__in=followers[start : start + 500]).update(class_labels=words)
    organization.soon_days, organization.class_labels = soon_days, words
    note(
        by=by, verb="choose", organization_id=organization.pk, subject=organization, at=at,
        detail={"before": before, "after": {"soon_days": soon_days, "class_labels": words}},
    )  # fmt: skip
    return max(changed, len(followers))


@transaction.atomic
def add_own_field(
    *,
    organization: Organization,
    about: str,
    label: str,
    hint: str,
    options: Sequence[str],
    is_required: bool,
    since: date,
    by: Person,
    at: datetime,
) -> OwnField:
    """A field that records or members at and below have from this day.

    Raises Refused for a second one of the same name.
    """
    Organization.objects.select_for_update().get(pk=organization.pk)
    if fields_of(organization, about).filter(label=label, until__isnull=True).exists():
        raise Refused(f"已经有名为“{label}”的栏目。")
    made = OwnField.objects.create(
        organization=organization, about=about, label=label, hint=hint, options=list(options),
        is_required=is_required, since=since,
    )  # fmt: skip
    note(
        by=by, verb="add_own_field", organization_id=organization.pk, subject=organization, at=at,
        detail={"name": label, "about": about},
    )  # fmt: skip
    return made


@transaction.atomic
def end_own_field(*, field: OwnField, until: date, by: Person, at: datetime) -> OwnField:
    """Asked for no more after this day; what was written stays."""
    if until < field.since:
        raise Refused("停用日期不能早于启用日期。")
    field.until = until
    field.save(update_fields=["until"])
    note(
        by=by, verb="end_own_field", organization_id=field.organization_id,
        subject=field.organization, at=at, detail={"name": field.label},
    )  # fmt: skip
    return field


def fields_of(organization: Organization, about: str) -> QuerySet[OwnField]:
    """The own fields of an organisation and of the levels above it, theirs first."""
    way = (*paths.ancestors(organization.path), organization.path)
    return OwnField.objects.filter(about=about, organization__path__in=way).order_by(
        "organization__path", "since", "id"
    )


def fields_on(organization: Organization, about: str, day: date) -> list[OwnField]:
    """Those asked for on a day."""
    way = (*paths.ancestors(organization.path), organization.path)
    return _ON_THE_WAY.objects(about=about, way=way, day=day)


_ON_THE_WAY: Final = Prepared(
    lambda: OwnField.objects.filter(
        Q(until__isnull=True) | Q(until__gte=Given("day")),
        about=Given("about"),
        organization__path__in=GivenMany("way"),
        since__lte=Given("day"),
    ).order_by("organization__path", "since", "id")
)


def own_elements(organization: Organization, day: date) -> tuple[Element, ...]:
    """What the organisation asks of a record of this day beyond the norm, as the rules take it."""
    return tuple(
        Element(
            key=field.key,
            label=field.label,
            severity=Severity.ERROR if field.is_required else Severity.NOTE,
            hint=field.hint,
            choices=tuple(field.options),
        )
        for field in fields_on(organization, OwnField.About.RECORD, day)
    )


def own_values(member: Member, branch: Organization) -> tuple[tuple[str, str], ...]:
    """What is kept of a member under own fields: label and text."""
    if not member.own:
        return ()
    labels = own_labels(branch, OwnField.About.MEMBER)
    return tuple((labels.get(key, "其他"), text) for key, text in member.own.items())


def own_labels(organization: Organization, about: str) -> dict[str, str]:
    """What every own field is called that there is or ever was, by its key."""
    return {field.key: field.label for field in fields_of(organization, about)}
