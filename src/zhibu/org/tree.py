"""Verbs that change the shape of the tree: a new name, a new superior. What was stays as it was."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Concat, Substr
from django.utils import timezone

from zhibu.ledger.services import note
from zhibu.org import paths, places
from zhibu.org.models import Organization, Place
from zhibu.org.services import LONGEST_SHORT, Refused, may_hold
from zhibu.people.keys import new_key
from zhibu.people.models import Person

_PATH_LENGTH = Organization._meta.get_field("path").max_length or 0


@transaction.atomic
def rename_organization(
    *,
    organization: Organization,
    name: str,
    short_name: str,
    on: date,
    by: Person | None,
    at: datetime,
) -> Organization:
    """A new name from this day; what was made under the old one goes on bearing it.

    Raises Refused for a day before the last change of its place, or one that has not come.
    """
    organization = Organization.objects.select_for_update().get(pk=organization.pk)
    if (name, short_name) == (organization.name, organization.short_name):
        raise Refused("名称没有变化。")
    open_place = _open_place(organization, on, at)
    before = {"name": organization.name, "short_name": organization.short_name}
    organization.name, organization.short_name = name, short_name or name[:LONGEST_SHORT]
    organization.save(update_fields=["name", "short_name"])
    Place.objects.filter(pk=open_place.pk).update(until=places.day_before(on))
    places.open_place(organization, since=on)
    note(
        by=by, verb="rename", organization_id=organization.pk, subject=organization, at=at,
        detail={"before": before, "name": name, "on": on.isoformat()},
    )  # fmt: skip
    return organization


@transaction.atomic
def move_organization(
    *, organization: Organization, parent: Organization, on: date, by: Person | None, at: datetime
) -> Organization:
    """Hangs an organisation, with all below it, under another superior from this day.

    Raises Refused for an impossible place or day.
    """
    asked = organization.path
    # All rows in one order, so that two moves never wait for each other in a circle. Named by their
    # path: more keys may lie below than a database takes in one statement.
    all_ = _inside(asked) | Q(path=asked) | Q(pk=parent.pk)
    held = {
        row.pk: row for row in Organization.objects.select_for_update().filter(all_).order_by("pk")
    }
    if organization.pk not in held or held[organization.pk].path != asked:
        raise Refused("组织关系刚刚有变动，请刷新后重试。")
    organization, parent = held[organization.pk], held[parent.pk]
    _check_move(organization, parent)
    open_place = _open_place(organization, on, at)
    _check_parent_place(parent, on)
    below = Place.objects.filter(path__gt=asked, path__lt=paths.successor(asked))
    _check_below(below, organization, on)
    before = {"parent": str(organization.parent_id), "path": asked}
    path = places.next_path(parent)
    _check_depth(organization, path)
    organization.parent, organization.path = parent, path
    _rehang(asked, path, on)
    Organization.objects.filter(pk=organization.pk).update(parent=parent)
    Place.objects.filter(pk=open_place.pk).update(until=places.day_before(on))
    places.open_place(organization, since=on)
    note(
        by=by, verb="move", organization_id=organization.pk, subject=organization, at=at,
        detail={"before": before, "parent": str(parent.pk), "on": on.isoformat()},
    )  # fmt: skip
    return organization


def _check_move(organization: Organization, parent: Organization) -> None:
    if organization.kind == Organization.Kind.GROUP:
        raise Refused("党小组随所在支部，不能单独划转；请在转入支部设立党小组。")
    if parent.pk == organization.parent_id:
        raise Refused(f"“{organization.name}”已经隶属“{parent.name}”。")
    if paths.is_within(parent.path, organization.path):
        raise Refused("不能划转到本组织或其下级组织之下。")
    if organization.dissolved_on is not None or parent.dissolved_on is not None:
        raise Refused("已撤销的组织不能划转，也不能接收划转。")
    if Organization.Kind(organization.kind) not in may_hold(parent):
        raise Refused(f"{parent.get_kind_display()}下不能设立{organization.get_kind_display()}。")


def _open_place(organization: Organization, on: date, at: datetime) -> Place:
    """The place that holds now, when it may end the day before `on`."""
    place = Place.objects.filter(organization=organization, until__isnull=True).first()
    if place is None or organization.dissolved_on is not None:
        raise Refused(f"“{organization.name}”已经撤销，不能再变动。")
    if on > timezone.localdate(at):
        raise Refused("日期还没有到，请到当天再办理。")
    if on <= place.since:
        raise Refused(f"日期须晚于上一次变动之日（{_say(place.since)}）。")
    return place


def _check_parent_place(parent: Organization, on: date) -> None:
    place = Place.objects.filter(organization=parent, until__isnull=True).get()
    if on < place.since:
        raise Refused(
            f"“{parent.name}”自{_say(place.since)}起才是现在的隶属关系或名称，划转日期不能更早。"
        )


def _check_below(below: QuerySet[Place], organization: Organization, on: date) -> None:
    """What ended after the day was already under the new superior then: too tangled to guess."""
    ended = below.filter(until__gte=on).order_by("-until").first()
    if ended is not None and ended.until is not None:
        raise Refused(
            f"下级组织“{ended.name}”在该日之后还有变动，“{organization.name}”的划转日期须晚于"
            f"{_say(ended.until)}。"
        )


def _check_depth(organization: Organization, path: str) -> None:
    longest = max(
        len(one)
        for one in Organization.objects.under(organization.path).values_list("path", flat=True)
    )
    if len(path) + longest - len(organization.path) > _PATH_LENGTH:
        raise Refused("组织层级过深，不能划转到这里。")


def _say(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _inside(path: str) -> Q:
    return Q(path__gt=path, path__lt=paths.successor(path))


def _rehang(old: str, new: str, on: date) -> None:
    """The rows below get the new prefix; places that began earlier end, and go on at the new path."""
    inside = _inside(old)
    moved = Concat(Value(new), Substr(F("path"), len(old) + 1))
    earlier = Place.objects.filter(inside, until__isnull=True, since__lt=on)
    going_on = list(earlier)
    earlier.update(until=places.day_before(on))  # nobody founds below meanwhile: all is held
    Place.objects.filter(inside, until__isnull=True, since__gte=on).update(path=moved)
    Place.objects.bulk_create(
        [
            Place(
                id=new_key(),
                organization_id=place.organization_id,
                parent_id=place.parent_id,
                path=new + place.path[len(old) :],
                name=place.name,
                short_name=place.short_name,
                since=on,
            )
            for place in going_on
        ],
        batch_size=500,
    )
    Organization.objects.filter(Q(path=old) | inside).update(path=moved)
