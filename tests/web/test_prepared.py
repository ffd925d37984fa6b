"""Queries that are put together once answer as Django's own do, of what the database holds now."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from tests.cast import AT, Cast

from zhibu.org import queries
from zhibu.org.models import Grant, Organization, Place
from zhibu.org.reach import Reach, person_with_reach, reach_of
from zhibu.people.keys import new_key
from zhibu.people.models import Person
from zhibu.people.prepared import Given, GivenMany, Prepared

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 12, 9, tzinfo=AT.tzinfo)


def test_it_is_put_together_once_and_asked_each_time(cast: Cast) -> None:
    """What changes in between is seen; nothing but the text is kept."""
    built: list[int] = []

    def build() -> QuerySet[Organization]:
        built.append(1)
        return Organization.objects.filter(pk=Given("pk"))

    asked = Prepared(build)
    assert asked.objects(pk=cast.branch.pk) == [cast.branch]
    Organization.objects.filter(pk=cast.branch.pk).update(
        short_name="改名支部", class_labels={"B": "规定动作"}, dissolved_on=date(2028, 2, 29)
    )
    [found] = asked.objects(pk=cast.branch.pk)
    same = Organization.objects.get(pk=cast.branch.pk)
    fields = [field.attname for field in Organization._meta.concrete_fields]
    assert [getattr(found, name) for name in fields] == [getattr(same, name) for name in fields]
    assert found.class_labels == {"B": "规定动作"}
    assert asked.objects(pk=new_key()) == []
    assert len(built) == 1


@pytest.mark.parametrize("number", [1, 3])
def test_as_many_values_as_there_are(cast: Cast, number: int) -> None:
    """Of `in`, beside other values before and after it; hostile text stays a value."""
    asked = Prepared(
        lambda: (
            Place.objects.filter(
                since__lte=Given("day"), organization__in=GivenMany("keys"), until__isnull=True
            )
            .exclude(short_name=Given("name"))
            .order_by("path")
        )
    )
    wanted = [cast.branch, cast.group, cast.committee][:number]
    keys = [each.pk for each in wanted]
    day, name = date(2026, 3, 12), "%s'); \0keys\0".replace("\0", "")
    found = asked.objects(keys=keys, day=day, name=name)
    assert {place.organization_id for place in found} == set(keys)
    assert not asked.objects(keys=keys, day=date(1900, 1, 1), name=name)


def test_a_person_comes_with_what_they_hold_now(cast: Cast) -> None:
    """One query says what two did: not yet, no longer, and of a closed account nothing."""
    day = timedelta(days=1)
    for since, until in ((NOW + day, None), (NOW - 2 * day, NOW - day), (NOW - day, NOW)):
        Grant.objects.create(
            person=cast.secretary, role="office", organization=cast.far_committee,
            since=since, until=until,
        )  # fmt: skip
    for person in Person.objects.all():
        with CaptureQueriesContext(connection) as seen:
            both = person_with_reach(person.pk, NOW)
        assert len(seen) == 1
        assert both is not None
        found, reach = both
        assert found == person
        assert found._get_session_auth_hash() == person._get_session_auth_hash()
        assert reach == reach_of(person, NOW)
    assert {hold.organization_id for hold in reach_of(cast.secretary, NOW).holds} == {
        cast.branch.pk
    }
    Person.objects.filter(pk=cast.secretary.pk).update(is_active=False)
    both = person_with_reach(cast.secretary.pk, NOW)
    assert both is not None
    assert both[1] == Reach(())
    assert person_with_reach(new_key(), NOW) is None


def test_children_are_read_by_the_slice(cast: Cast) -> None:
    """In the order of the tree, once each, no groups; a part of them as the whole would be cut."""
    year = (date(2026, 1, 1), date(2026, 12, 31))
    below = queries.ChildrenBetween(cast.committee.pk, *year)
    assert below[0:50] == [cast.branch, cast.other_branch]
    assert below[1:2] == [cast.other_branch]
    assert below.count() == 2
    # Here twice in the year, and away in between; one that ended before; one founded after.
    place = Place.objects.get(organization=cast.branch)
    place.until = date(2026, 2, 1)
    place.save()
    for since, until, parent in (
        (date(2026, 2, 2), date(2026, 2, 28), cast.far_committee),
        (date(2026, 3, 1), None, cast.committee),
    ):
        place.pk, place.parent, place.since, place.until = new_key(), parent, since, until
        place.save(force_insert=True)
    assert below[0:50] == [cast.branch, cast.other_branch]
    assert below.count() == 2
    far = queries.ChildrenBetween(cast.far_committee.pk, *year)
    assert cast.branch in far[0:50]
    assert far.count() == len(far[0:50]) == 2
    cast.other_branch.dissolved_on = date(2025, 12, 31)
    cast.other_branch.save()
    assert below[0:50] == [cast.branch]
    assert below.count() == 1
    below_branch = queries.ChildrenBetween(cast.branch.pk, *year)
    assert below_branch[0:50] == []
    assert below_branch.count() == 0


def test_levels_above_come_from_the_root_down(cast: Cast) -> None:
    """None above the root."""
    assert queries.ancestors_of(cast.group) == [cast.commission, cast.committee, cast.branch]
    assert queries.ancestors_of(cast.commission) == []
