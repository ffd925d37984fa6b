"""A role on a level above the branches that does not hold for what lies below opens nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from tests.cast import Cast, client_of
from tests.handbook.scene import AT
from tests.web.world import World, make_world

from zhibu.org.models import Grant, Member
from zhibu.org.services import grant_role, open_account
from zhibu.people.models import Person
from zhibu.people.roles import Role

pytestmark = pytest.mark.usefixtures("data_dir")

# Pages of sums, lists of names and files over all that lies below a level.
OVER_BELOW = (
    "overview", "overview-xlsx", "overview-overdue", "imports", "import-start", "report-list",
    "responsibility-list", "feedback-waiting", "text-list", "text-new", "assignment-list",
    "assignment-new", "theme-begin",
)  # fmt: skip
ITSELF = ("organization", "organization-edit", "task-list", "feedback-desk", "robots", "theme-list")


@pytest.fixture
def world(db: Any, freeze: Callable[..., None]) -> World:
    freeze(AT)
    return make_world()


def _holder(cast: Cast, role: Role, *, with_below: bool) -> Person:
    person = open_account(username=f"only-{role}-{with_below}", name="只管本级", by=None, at=AT)
    grant_role(
        person=person, role=role, organization=cast.committee, with_below=with_below, since=AT,
        by=None, at=AT,
    )  # fmt: skip
    return person


def test_an_office_without_what_lies_below_reads_nothing_of_it(world: World) -> None:
    """No sum, no name, no file of the branches; what is the committee's own stays open."""
    cast = world.scene.cast
    client = client_of(_holder(cast, Role.OFFICE, with_below=False))
    whole = client_of(_holder(cast, Role.OFFICE, with_below=True))
    key = cast.committee.pk
    addresses = [reverse(name, args=(key,)) for name in OVER_BELOW]
    addresses += [
        reverse("import-export", args=(key, "members")),
        reverse("import-export", args=(key, "organizations")),
        reverse("overview-course", args=(key, 2026)),
        reverse("report", args=(key, 2026, 2)),
        reverse("report-docx", args=(key, 2026, 2)),
    ]
    assert [each for each in addresses if client.get(each).status_code != 404] == []
    assert [each for each in addresses if whole.get(each).status_code != 200] == []
    own = [reverse(name, args=(key,)) for name in ITSELF]
    assert [each for each in own if client.get(each).status_code != 200] == []
    theme = next(each for each in world.things["theme"] if each.args[0] == key)
    assert whole.get(reverse("theme", args=theme.args)).status_code == 200
    assert client.get(reverse("theme", args=theme.args)).status_code == 404


def test_a_branch_and_its_groups_are_one(world: World) -> None:
    """A secretary's role is never said to hold below, and reaches the whole branch."""
    cast = world.scene.cast
    client = client_of(cast.secretary)
    for name in ("overview", "imports", "text-list", "theme-list"):
        assert client.get(reverse(name, args=(cast.branch.pk,))).status_code == 200, name


def test_nobody_gives_away_more_than_they_reach(world: World) -> None:
    """A security administrator of one level alone grants roles on it alone."""
    cast = world.scene.cast
    client = client_of(_holder(cast, Role.SECURITY_ADMIN, with_below=False))
    address = reverse("grants", args=(cast.committee.pk,))
    sent = {"username": cast.nobody.username, "role": "office", "with_below": "on"}
    assert client.post(address, sent).status_code == 302
    assert not Grant.objects.get(person=cast.nobody).with_below
    before = Grant.objects.count()
    assert client.post(address, {"do": "members"}).status_code == 404
    assert Grant.objects.count() == before
    whole = client_of(_holder(cast, Role.SECURITY_ADMIN, with_below=True))
    assert whole.post(address, {**sent, "username": "audit", "role": "member"}).status_code == 302
    assert Grant.objects.get(person=cast.audit_admin, role="member").with_below


def test_accounts_of_a_roster_are_opened_by_who_reaches_it(world: World) -> None:
    """A system administrator of one level alone opens none for the branches below."""
    cast = world.scene.cast
    address = reverse("invitations", args=(cast.committee.pk,))
    client = client_of(_holder(cast, Role.SYSTEM_ADMIN, with_below=False))
    before = Member.objects.filter(person__isnull=False).count()
    assert client.get(address).status_code == 404
    assert client.post(address, {"do": "open"}).status_code == 404
    assert Member.objects.filter(person__isnull=False).count() == before
    assert client.get(reverse("accounts")).status_code == 200
    assert address not in client.get(reverse("accounts")).content.decode()
