"""Made-up trees and members, written in bulk: what the sizes need, without tables and records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zhibu.org.models import Organization
    from zhibu.people.models import Person

START = date(2020, 1, 1)


@dataclass(frozen=True, slots=True)
class Level:
    """The children of each organisation of the level above; `first` where its first has more."""

    kind: str
    each: int
    first: int = 0


def plant(levels: Sequence[Level]) -> Organization:
    """A committee with these levels below it; of an existing tree only the root is given back."""
    from django.db import transaction

    from zhibu.org import paths
    from zhibu.org.models import Organization, Place

    found = Organization.objects.filter(parent=None).first()
    if found is not None:
        return found
    root = _node(None, paths.segment(1), "committee", "量测机关党委")
    made, above = [root], [root]
    for level in levels:
        above = list(_level(above, level))
        made += above
    with transaction.atomic():
        Organization.objects.bulk_create(made, batch_size=2000)
        Place.objects.bulk_create(
            (
                Place(
                    organization=one, parent=one.parent, path=one.path, name=one.name,
                    short_name=one.short_name, since=START,
                )
                for one in made
            ),
            batch_size=2000,
        )  # fmt: skip
    return root


def _level(above: Iterable[Organization], level: Level) -> Iterable[Organization]:
    from zhibu.org import paths

    labels = {"committee": "党委", "branch": "党支部", "group": "党小组"}
    number = 0
    for at, parent in enumerate(above):
        wanted = level.first if level.first and at == 0 else level.each
        for place in range(1, wanted + 1):
            number += 1
            path = parent.path + paths.segment(place)
            yield _node(parent, path, level.kind, f"第{number}{labels[level.kind]}")


def _node(parent: Organization | None, path: str, kind: str, name: str) -> Organization:
    from zhibu.org.models import Organization
    from zhibu.people.keys import new_key

    return Organization(
        id=new_key(), kind=kind, name=f"中共量测{name}", short_name=name, parent=parent, path=path,
        founded_on=START,
    )  # fmt: skip


def people(branches: int, *, each: int = 50) -> int:
    """So many members of each branch: memberships, three offices, a line of the ledger for each.

    Written by the database itself; gives back how many members there are.
    """
    from django.db import connection

    from zhibu.org.models import Member

    if not Member.objects.exists():
        with connection.cursor() as cursor:
            for statement in _PEOPLE:
                cursor.execute(statement, {"each": each, "start": START})
    count = Member.objects.count()
    if count != branches * each:
        raise SystemExit(f"{count} members instead of {branches * each}")
    return count


_PEOPLE = (
    """
    CREATE TEMPORARY TABLE made AS
    SELECT uuidv7() AS member_id, b.id AS branch_id, n,
           (SELECT g.id FROM org_organization g WHERE g.parent_id = b.id
            ORDER BY g.path OFFSET n %% 2 LIMIT 1) AS group_id
    FROM org_organization b, generate_series(1, %(each)s) n WHERE b.kind = 'branch'
    """,
    """
    INSERT INTO org_member (id, name, sex, born_on, joined_on, full_on, is_leader, own)
    SELECT member_id, substr('王李张刘陈杨赵黄周吴', n %% 10 + 1, 1)
               || substr('伟芳娜敏静丽强磊军洋', n %% 7 + 1, 2),
           CASE n %% 2 WHEN 0 THEN 'm' ELSE 'f' END, date '1980-01-01' + n * 60,
           date '2005-07-01' + n, date '2006-07-01' + n, false, '{}'
    FROM made
    """,
    """
    INSERT INTO org_membership (id, member_id, branch_id, group_id, since, until)
    SELECT uuidv7(), member_id, branch_id, group_id, %(start)s, NULL FROM made
    """,
    """
    INSERT INTO org_post (id, member_id, organization_id, office, since, until)
    SELECT uuidv7(), member_id, branch_id,
           (ARRAY['secretary', 'organization', 'publicity'])[n], %(start)s, NULL
    FROM made WHERE n <= 3
    """,
    """
    INSERT INTO ledger_entry
        (id, at, person_id, verb, organization_id, subject_kind, subject_id, detail)
    SELECT uuidv7(), timestamptz '2024-01-01 08:00+08' + row_number() OVER () * interval '1 minute',
           (SELECT id FROM people_person ORDER BY id LIMIT 1), 'admit_member', branch_id, 'member',
           member_id, '{}'
    FROM made
    """,
)


def tallies(year: int) -> None:
    """Counts of each month and class at every level, as the worker would have folded them."""
    from django.db import connection

    from zhibu.plans.models import Tally

    if Tally.objects.exists():
        return
    with connection.cursor() as cursor:
        cursor.execute(_TALLIES, {"year": year})


_TALLIES = """
INSERT INTO plans_tally
    (id, organization_id, year, practice_class, due_on, total, done, late, waived)
SELECT uuidv7(), o.id, %(year)s, c.class, (make_date(%(year)s, m, 1) + interval '27 days')::date,
       2 * s.branches, s.branches, s.branches / 4, s.branches / 9
FROM org_organization o
CROSS JOIN LATERAL (
    SELECT count(*)::int AS branches FROM org_organization b
    WHERE b.kind = 'branch' AND b.path LIKE o.path || '%%') s
CROSS JOIN (VALUES ('B'), ('T'), ('X')) c (class)
CROSS JOIN generate_series(1, 12) m
WHERE o.kind <> 'group'
"""


def account(username: str, role: str, organizations: Iterable[Organization]) -> Person:
    """Somebody who holds a role on these organisations with all below them."""
    from datetime import UTC, datetime

    from zhibu.org.models import Grant
    from zhibu.people.models import Person

    person, _ = Person.objects.get_or_create(username=username, defaults={"name": "量测用户"})
    for organization in organizations:
        Grant.objects.get_or_create(
            person=person, role=role, organization=organization,
            defaults={"with_below": True, "since": datetime(2024, 1, 1, tzinfo=UTC)},
        )  # fmt: skip
    return person


def settle() -> None:
    """As the server finds it some minutes later: statistics and visibility are known."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def migrate() -> None:
    """All tables."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def imports(organization: Organization, number: int, report: dict[str, Any]) -> None:
    """So many imports that were taken in, each with its report."""
    from datetime import UTC, datetime, timedelta

    from zhibu.org.models import RosterImport

    if RosterImport.objects.exists():
        return
    first = datetime(2024, 1, 1, tzinfo=UTC)
    RosterImport.objects.bulk_create(
        (
            RosterImport(
                organization=organization, kind="members", file_name=f"花名册{n}.xlsx",
                effective_on=START, state="applied", made_at=first + timedelta(hours=n),
                touched_at=first, applied_at=first, report=report, digest="a" * 64,
                cells=b"0" * 20_000, made=b"0" * 20_000,
            )
            for n in range(number)
        ),
        batch_size=200,
    )  # fmt: skip
