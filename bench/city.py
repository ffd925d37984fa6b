"""A city for the measures of dissemination: a tree, its members, accounts, texts that are sent down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import trees

from ground import open_database

if TYPE_CHECKING:
    from zhibu.network.dissemination.models import Text
    from zhibu.org.models import Organization
    from zhibu.people.models import Person

EACH = 50  # members of a branch


def build(name: str, members: int) -> tuple[Organization, Person]:
    """A PostgreSQL database of so many members, made unless it is there; its root and its office."""
    open_database(name)
    trees.migrate()
    branches = members // EACH
    committees = max(1, branches // 1000)
    levels = [trees.Level("committee", committees), trees.Level("branch", branches // committees)]
    root = trees.plant(levels)
    office = trees.account("office", "office", [root])
    _settle_people(members)
    return root, office


_PEOPLE = (
    "SET session_replication_role = replica",  # a million foreign keys that are known to hold
    """
    CREATE TEMPORARY TABLE made AS
    SELECT uuidv7() AS member_id, id AS branch_id
    FROM org_organization, generate_series(1, %(each)s) WHERE kind = 'branch'
    """,
    """
    INSERT INTO org_member (id, name, sex, joined_on, full_on, is_leader, own)
    SELECT member_id, '党员', '', date '2005-07-01', date '2006-07-01', false, '{}' FROM made
    """,
    """
    INSERT INTO org_membership (id, member_id, branch_id, since)
    SELECT uuidv7(), member_id, branch_id, %(start)s FROM made
    """,
    "SET session_replication_role = origin",
)


def _settle_people(members: int) -> None:
    """Fifty members in each branch, written by the database itself, unless they are there."""
    from django.db import connection

    from zhibu.org.models import Member

    if not Member.objects.exists():
        with connection.cursor() as cursor:
            for statement in _PEOPLE:
                cursor.execute(statement, {"each": EACH, "start": trees.START})
        trees.settle()
    count = Member.objects.count()
    if count != members:
        raise SystemExit(f"{count} members instead of {members}")


def build_small(
    name: str, members: int, *, is_sqlite: bool
) -> tuple[Organization, Person, list[Person]]:
    """Some branches whose members all have an account, on either database."""
    from django.db import transaction

    open_database(name, is_sqlite=is_sqlite)
    from zhibu.org.models import Member, Membership, Organization
    from zhibu.people.keys import new_key
    from zhibu.people.models import Person

    trees.migrate()
    levels = [trees.Level("committee", 1), trees.Level("branch", members // EACH)]
    root = trees.plant(levels)
    office = trees.account("office", "office", [root])
    if not Member.objects.exists():
        branches = list(Organization.objects.branches().order_by("path"))
        people = [
            Person(id=new_key(), username=f"dangyuan{n}", name=f"党员{n}", password="!")
            for n in range(members)
        ]
        own = [
            Member(id=new_key(), person=person, name=person.name, joined_on=trees.START)
            for person in people
        ]
        with transaction.atomic():
            Person.objects.bulk_create(people, batch_size=500)
            Member.objects.bulk_create(own, batch_size=500)
            Membership.objects.bulk_create(
                (
                    Membership(member=one, branch=branches[n // EACH], since=trees.START)
                    for n, one in enumerate(own)
                ),
                batch_size=500,
            )
        if not is_sqlite:
            trees.settle()
    return root, office, list(Person.objects.exclude(pk=office.pk).order_by("pk"))


def drafted(root: Organization, office: Person, *audience: Any) -> Text:
    """A text that is ready to be issued to these organisations."""
    from zhibu.network.dissemination.services import TextDraft, draft_text
    from zhibu.web import clock

    draft = TextDraft(
        title="关于传达学习会议精神的通知",
        body="请各级党组织认真组织传达学习，做到每个党支部、每名党员都知晓。\n" * 20,
        organizations=tuple(one.pk for one in audience),
    )
    return draft_text(organization=root, draft=draft, by=office, at=clock.now())


def issued(text: Text, office: Person) -> Text:
    """The same, sent down."""
    from zhibu.network.dissemination.services import issue_text
    from zhibu.web import clock

    return issue_text(text=text, revision=text.revision, by=office, at=clock.now())


def run_all() -> None:
    """All that the worker has to do for texts."""
    from zhibu.network.dissemination.services import run_jobs
    from zhibu.web import clock

    while run_jobs(clock.now()):
        pass


def fold_all() -> int:
    """All receipts folded in; how many."""
    from zhibu.network.dissemination.services import fold_reach

    folded = 0
    while number := fold_reach():
        folded += number
    return folded
