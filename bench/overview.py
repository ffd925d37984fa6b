"""The overview of the root: many branches against twelve, and against GROUP BY over the lines.

Server time is that of a WSGI call in this process, from the request to the last byte of the answer,
all middleware and the queries to PostgreSQL included.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from ground import Result, median_of, open_database, options, populate, tell

TIMES = 15


def visit(name: str) -> dict[str, float]:
    """Seconds of the page, folded and with 1,000 deltas unfolded, and of the plain GROUP BY."""
    open_database(name)
    from django.db import connection, transaction
    from django.test import Client

    from zhibu.org.models import Organization
    from zhibu.people.keys import new_key
    from zhibu.people.models import Person
    from zhibu.plans.models import PlanLine, TallyDelta
    from zhibu.plans.services.tallies import fold_tallies
    from zhibu.web import clock

    year = clock.today().year
    while fold_tallies():
        pass
    root = Organization.objects.order_by("path").first()
    assert root is not None
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(Person.objects.get(username="gongwei"))
    table, org = PlanLine._meta.db_table, Organization._meta.db_table
    plain = (
        "SELECT substr(o.path, 1, 8), extract(month FROM l.due_on), l.practice_class, count(*), "
        "count(l.happened_on), count(*) FILTER (WHERE l.happened_on > l.due_on), "
        f"count(l.waived_at) FROM {table} l JOIN {org} o ON o.id = l.branch_id "
        f"WHERE l.year = {year} GROUP BY 1, 2, 3"
    )

    def page() -> None:
        if client.get(f"/o/{root.pk}/").status_code != 200:
            raise SystemExit("the page did not come")

    def group() -> None:
        with connection.cursor() as cursor:
            cursor.execute(plain)
            cursor.fetchall()

    def tallies() -> None:
        from zhibu.plans.queries import read_tallies

        read_tallies([root, *Organization.objects.filter(parent=root)], year)

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    page()
    found = {"lines": float(PlanLine.objects.filter(year=year).count())}
    found["page"] = median_of(page, times=TIMES)
    found["tallies"] = median_of(tallies, times=TIMES)
    found["group_by"] = median_of(group, times=5)
    with transaction.atomic():  # what writes leave until the worker folds it; taken away again
        lines = PlanLine.objects.filter(year=year).select_related("branch")[:1000]
        TallyDelta.objects.bulk_create(
            TallyDelta(
                id=new_key(), path=line.branch.path, year=year, due_on=line.due_on,
                practice_class=line.practice_class, total=0, done=1, late=0, waived=0,
            )
            for line in lines
        )  # fmt: skip
        found["page_unfolded"] = median_of(page, times=TIMES)
        transaction.set_rollback(True)
    return found


def measure(branches: int) -> list[Result]:
    """The same in two processes, one a database."""
    seen = {}
    for count in (12, branches):
        populate(f"b{count}", count)
        command = [sys.executable, str(Path(__file__)), "--visit", f"b{count}"]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        seen[count] = json.loads(done.stdout.strip().splitlines()[-1])
        print(count, {key: round(value * 1000, 2) for key, value in seen[count].items()})
    few, many = seen[12], seen[branches]
    said = "; ".join(
        f"{count:,} branches ({one['lines']:,.0f} lines of the year): page "
        f"{one['page'] * 1000:.1f} ms, with 1,000 deltas {one['page_unfolded'] * 1000:.1f} ms, "
        f"tallies alone {one['tallies'] * 1000:.2f} ms, GROUP BY {one['group_by'] * 1000:.1f} ms"
        for count, one in seen.items()
    )
    named = f"{branches:,} branches"
    return [
        Result("overview", f"page of the root, {named} against 12, folded",
               many["page"] / few["page"], 3, "×", is_most=True, notes=(said,)),
        Result("overview", "the same with 1,000 unfolded deltas, against 12 branches folded",
               many["page_unfolded"] / few["page"], 3, "×", is_most=True),
        Result("overview", f"GROUP BY over the lines against the whole page, {named}",
               many["group_by"] / many["page"], 100, "×"),
        Result("overview", f"GROUP BY over the lines against reading the tallies, {named}",
               many["group_by"] / many["tallies"], 100, "×"),
    ]  # fmt: skip


if __name__ == "__main__":
    parser = options(__doc__)
    parser.add_argument("--visit", help="measure one database (used by this file itself)")
    asked = parser.parse_args()
    if asked.visit:
        print(json.dumps(visit(asked.visit)))
    else:
        tell(measure(asked.branches or (200 if asked.quick else 10_000)))
