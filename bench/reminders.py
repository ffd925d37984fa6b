"""A round of reminders over many branches: working them out and storing them, on PostgreSQL.

The round is the worker's own (`remind_due`), from the first branch to the offices above, on one
working day after another. What it tells differs from day to day, so both databases do the same days,
in turns. Each branch has 48 lines of the year, each committee of a hundred branches an office; the
secretary and a member of the committee of each branch have accounts. One line in twelve of those
that were due before the first round is not done.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import trees
import turns

from ground import Result, open_database, options, tell

FLOOR = 1.25
FEW = 1_000
COMMITTEE = 100  # branches
FIRST = date(2026, 3, 2)  # a Monday: all that is overdue is told
NINE = datetime.combine(FIRST, datetime.min.time(), ZoneInfo("Asia/Shanghai")).replace(hour=9)
ROUND = "round"


def build(branches: int) -> None:
    """The database, made unless it is there; without the rounds of an earlier run."""
    open_database(f"reminders{branches}")
    trees.migrate()
    trees.plant([trees.Level("committee", branches // COMMITTEE), trees.Level("branch", COMMITTEE)])
    from django.db import connection

    from zhibu.norms.services import load_catalogue
    from zhibu.plans.models import PlanLine

    is_new = not PlanLine.objects.exists()
    norm = load_catalogue(by=None, at=NINE)[0]
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE notices_reminderround, notices_notice CASCADE")
        for statement in _ROWS if is_new else ():
            cursor.execute(statement, {"norm": norm.pk, "at": NINE, "first": FIRST})
    trees.settle()


_ROWS = (
    "SET session_replication_role = replica",  # millions of foreign keys that are known to hold
    """
    INSERT INTO people_person
        (id, username, name, password, is_active, is_demonstration, created_at,
         must_set_password, session_round)
    SELECT uuidv7(), o.path || r.role, '量测用户', '!', true, false, %(at)s, false, 0
    FROM org_organization o
    JOIN (VALUES ('branch', 'secretary'), ('branch', 'committee_member'), ('committee', 'office'))
        r (kind, role) ON r.kind = o.kind
    """,
    """
    INSERT INTO org_grant (id, person_id, role, organization_id, with_below, since)
    SELECT uuidv7(), p.id, r.role, o.id, r.role = 'office', %(at)s - interval '1 year'
    FROM org_organization o
    CROSS JOIN (VALUES ('secretary'), ('committee_member'), ('office')) r (role)
    JOIN people_person p ON p.username = o.path || r.role
    """,
    """
    INSERT INTO plans_plan
        (id, branch_id, year, norm_id, state, is_provisional, revision, drafted_at, adopted_at)
    SELECT uuidv7(), id, 2026, %(norm)s, 'adopted', false, 1, %(at)s, %(at)s
    FROM org_organization WHERE kind = 'branch'
    """,
    # Four lines a month; which days they are due on differs from branch to branch.
    """
    INSERT INTO plans_planline
        (id, plan_id, branch_id, year, practice_class, requirement, ordinal, activity, title,
         topic, form, presenter, responsible, remark, waive_reason,
         opens_on, planned_on, due_on, discharged_by, happened_on, filed_on)
    SELECT uuidv7(), p.id, p.branch_id, 2026, 'B', 'r' || n, 1, 'lesson', '党课' || n,
           '', '', '', '', '', '',
           d.due - 20, d.due - 5, d.due,
           CASE WHEN d.is_done THEN uuidv7() END, CASE WHEN d.is_done THEN d.due - 3 END,
           CASE WHEN d.is_done THEN d.due - 2 END
    FROM (SELECT *, row_number() OVER (ORDER BY branch_id) AS at FROM plans_plan) p
    CROSS JOIN generate_series(0, 47) n
    CROSS JOIN LATERAL (
        SELECT make_date(2026, n / 4 + 1, ((p.at + n * 7) %% 28 + 1)::int) AS due) due
    CROSS JOIN LATERAL (
        SELECT due.due, due.due < %(first)s AND (p.at + n) %% 12 <> 0 AS is_done) d
    """,
    """
    INSERT INTO plans_tally
        (id, organization_id, year, practice_class, due_on, total, done, late, waived)
    SELECT uuidv7(), above.id, 2026, 'B', l.due_on, count(*), count(l.happened_on), 0, 0
    FROM plans_planline l
    JOIN org_organization b ON b.id = l.branch_id
    CROSS JOIN generate_series(4, length(b.path), 4) level
    JOIN org_organization above ON above.path = left(b.path, level)
    GROUP BY above.id, l.due_on
    """,
    "SET session_replication_role = origin",
)


def rounds(branches: int) -> Callable[[], None]:
    """What does the round of the next working day, each time it is called."""
    from zhibu.network.reminders.services import remind_due
    from zhibu.plans.facts import work_calendar

    working = work_calendar()
    at = NINE - timedelta(days=1)

    def go() -> None:
        nonlocal at
        at += timedelta(days=1)
        while not working.is_working(at.date()):
            at += timedelta(days=1)
        if (done := remind_due(at=at, seconds=86_400)) != branches:
            raise SystemExit(f"{done} branches gone over instead of {branches}")

    return go


def check(branches: int) -> dict[str, int]:
    """What the first round has told is what the lines say, counted by the database."""
    from django.db.models import Q

    from zhibu.network.notices.models import Kind, Notice
    from zhibu.org.models import Organization
    from zhibu.plans.models import PlanLine

    to_do = PlanLine.objects.filter(discharged_by=None, due_on__lte=FIRST + timedelta(days=60))
    soon = Organization.objects.branches()[0].soon_days
    is_soon = Q(due_on__gte=FIRST, due_on__lte=FIRST + timedelta(days=soon))
    found = {}
    for kind, lines in ((Kind.OVERDUE, Q(due_on__lt=FIRST)), (Kind.DUE, is_soon)):
        owing = to_do.filter(lines).values("branch").distinct().count()
        told = Notice.objects.filter(kind=kind, organization__kind="branch").count()
        if told != 2 * owing:
            raise SystemExit(f"{kind}: {told} notices for {owing} branches")
        found[kind.value] = told
    above = Notice.objects.filter(organization__kind="committee").count()
    if above != branches // COMMITTEE:
        raise SystemExit(f"{above} notices for the offices of {branches // COMMITTEE} committees")
    return found


def serve(branches: int) -> None:
    """Be one of the visitors."""
    build(branches)
    go = rounds(branches)
    go()
    turns.serve({ROUND: go}, check(branches), goes=1)


def measure(many: int, number: int) -> list[Result]:
    """A branch of many against a branch of few, the median of the days."""
    sizes = {str(size): size for size in (FEW, many)}
    seen = turns.take_turns(__file__, list(sizes), [ROUND], turns=number)
    goes = {size: seen[name][1][ROUND].goes for name, size in sizes.items()}
    cost = {
        size: [tuple(each / size for each in go) for go in found] for size, found in goes.items()
    }
    clock, processor = (
        statistics.median(
            big[at] / small[at] for small, big in zip(cost[FEW], cost[many], strict=True)
        )
        for at in (0, 1)
    )
    said = "; ".join(
        f"{size:,} branches {statistics.median(go[0] for go in found) * 1e6:.0f} µs each "
        f"(processor {statistics.median(go[1] for go in found) * 1e6:.0f})"
        for size, found in cost.items()
    )
    whole = statistics.median(go[0] for go in goes[many])
    first = seen[str(many)][0]
    said += (
        f"; a whole round {whole:.1f} s, {number} working days; the first round told "
        f"{first['overdue']:,} people of what is overdue, {first['due']:,} of what is due soon"
    )
    what = f"{many:,} against {FEW:,} branches"
    return [
        Result("reminders", f"a round of reminders: cost per branch, {what}", clock, FLOOR, "×",
               is_most=True, notes=(said,)),
        Result("reminders", "the same by processor time, database included", processor, FLOOR, "×",
               is_most=True),
    ]  # fmt: skip


def size_of(asked: Any) -> tuple[int, int]:
    """How many branches, and over how many days."""
    if asked.branches:
        return asked.branches, 7
    if asked.quick:
        return 3_000, 5
    return (100_000, 7) if asked.full else (10_000, 15)


if __name__ == "__main__":
    parser = options(__doc__)
    parser.add_argument("--serve", help="be one of the visitors (used by this file itself)")
    asked = parser.parse_args()
    if asked.serve:
        serve(int(asked.serve))
    else:
        tell(measure(*size_of(asked)))
