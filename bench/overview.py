"""The overview of the root: many branches against twelve, and against GROUP BY over the lines.

Server time is that of a WSGI call, from the request to the last byte of the compressed answer, all
middleware and the queries to PostgreSQL included. Each database has a process of its own; they take
turns, so that what else the machine does falls on both, and the medians of many turns are compared.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from turns import visit

from ground import Result, open_database, options, populate, tell

if TYPE_CHECKING:
    from datetime import date

    from zhibu.org.models import Organization

TURNS = 20
PAGES_A_TURN = 8
QUICK = ("page", "page_anew", "page_unfolded", "tallies")
SLOW = ("group_by", "group_by_alone")
WORKS = {**dict.fromkeys(QUICK, PAGES_A_TURN), **dict.fromkeys(SLOW, 1)}

Clocks = tuple[float, float, float]
"""Seconds of the wall clock, of this process's processor, of its PostgreSQL processes' processor."""

Medians = dict[str, Clocks]

PLAIN = """
SELECT substr(o.path, 1, %(width)s) AS child, l.practice_class, extract(month FROM l.due_on),
       CASE WHEN l.waived_at IS NOT NULL THEN 'waived'
            WHEN l.happened_on <= l.due_on THEN 'done'
            WHEN l.happened_on IS NOT NULL THEN 'late'
            WHEN l.due_on < %(today)s THEN 'overdue'
            WHEN l.due_on <= %(today)s + 7 THEN 'due soon'
            ELSE 'later' END AS state,
       count(*)
FROM plans_planline l
JOIN plans_plan p ON p.id = l.plan_id
JOIN org_organization o ON o.id = l.branch_id
WHERE l.year = %(year)s AND p.state = 'adopted' AND o.path >= %(path)s AND o.path < %(beyond)s
  AND (o.in_use_since IS NULL OR l.due_on >= o.in_use_since
       OR l.happened_on IS NOT NULL OR l.waived_at IS NOT NULL)
GROUP BY 1, 2, 3, 4
"""
"""What the page shows, as one would ask for it without tallies: how many lines of each child, class
and month stand how today."""


class Visitor:
    """One database, and the works that are timed on it."""

    def __init__(self, name: str) -> None:
        open_database(name)
        from django.db import connection

        from zhibu.org.models import Organization
        from zhibu.plans.services.tallies import fold_tallies
        from zhibu.web import clock

        while fold_tallies():
            pass
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        root = Organization.objects.order_by("path").first()
        assert root is not None
        self.root: Organization = root
        self.children = list(Organization.objects.filter(parent=root))
        self.today: date = clock.today()
        # A server process that has just counted for seconds gets the processor last.
        self.apart = connection.copy()
        self.ask = partial(visit("gongwei"), f"/o/{root.pk}/")
        self._check()

    def work(self, name: str) -> list[Clocks]:
        """So many goes of one work, each timed."""
        works: dict[str, Callable[[], object]] = {
            "page": self.ask, "page_anew": self._ask_anew, "page_unfolded": self.ask,
            "tallies": self._tallies, "group_by": self._group, "group_by_alone": self._group_alone,
        }  # fmt: skip
        if name != "page_unfolded":
            return [self._timed(works[name]) for _ in range(WORKS[name])]
        from zhibu.plans.models import TallyDelta

        self._leave_deltas()
        found = [self._timed(works[name]) for _ in range(WORKS[name])]
        TallyDelta.objects.all().delete()  # folding them would change the counts
        return found

    def lines(self) -> int:
        """How many lines the year has."""
        from zhibu.plans.models import PlanLine

        return PlanLine.objects.filter(year=self.today.year).count()

    def _ask_anew(self) -> None:
        """The page when every row of it has changed since the last visit."""
        from zhibu.web.pages.overview_cells import cells_by_class, course_of_counts

        course_of_counts.cache_clear()
        cells_by_class.cache_clear()
        self.ask()

    def _tallies(self) -> Any:
        from zhibu.plans.queries import read_tallies

        return read_tallies([self.root, *self.children], self.today.year)

    def _group(self) -> list[tuple[Any, ...]]:
        from zhibu.org import paths

        path = self.root.path
        values: dict[str, Any] = {
            "width": len(path) + paths.WIDTH, "today": self.today, "year": self.today.year,
            "path": path, "beyond": paths.successor(path),
        }  # fmt: skip
        with self.apart.cursor() as cursor:
            cursor.execute(PLAIN, values)
            return list(cursor.fetchall())

    def _group_alone(self) -> None:
        """In one process of the server, so that all its processor time is known."""
        with self.apart.cursor() as cursor:
            cursor.execute("SET max_parallel_workers_per_gather = 0")
            self._group()
            cursor.execute("RESET max_parallel_workers_per_gather")

    def _timed(self, work: Callable[[], object]) -> Clocks:
        wall, own, server = time.perf_counter(), time.process_time(), self._server_time()
        work()
        now = time.perf_counter(), time.process_time()
        return now[0] - wall, now[1] - own, self._server_time() - server

    def _server_time(self) -> float:
        """Processor seconds of the server's processes that answer us; only Linux tells."""
        from django.db import connection

        spent = 0
        for each in (connection, self.apart):
            pid = each.connection.info.backend_pid if each.connection else 0
            known = Path(f"/proc/{pid}/schedstat")
            spent += int(known.read_text().split()[0]) if known.is_file() else 0
        return spent / 1e9

    def _check(self) -> None:
        """Both ways must say the same, or there is nothing to compare."""
        counted: dict[str, int] = {}
        for child, *_, number in self._group():
            counted[child] = counted.get(child, 0) + number
        read = self._tallies()
        tallied = {c.path: sum(count.total for count in read[c.pk]) for c in self.children}
        if counted != {path: number for path, number in tallied.items() if number}:
            raise SystemExit("the tallies are not the count of the lines")

    def _leave_deltas(self) -> None:
        """What 1,000 writes leave until the worker folds it."""
        from zhibu.people.keys import new_key
        from zhibu.plans.models import PlanLine, TallyDelta

        lines = PlanLine.objects.filter(year=self.today.year).select_related("branch")[:1000]
        TallyDelta.objects.bulk_create(
            TallyDelta(
                id=new_key(), path=line.branch.path, year=line.year, due_on=line.due_on,
                practice_class=line.practice_class, total=0, done=1, late=0, waived=0,
            )
            for line in lines
        )  # fmt: skip


def serve(name: str) -> None:
    """Do the works that the other process names, line by line."""
    visitor = Visitor(name)
    for work in WORKS:
        visitor.work(work)  # the caches of the process and of the server are warm
    print(json.dumps(visitor.lines()), flush=True)
    for line in sys.stdin:
        print(json.dumps(visitor.work(line.strip())), flush=True)


def take_turns(names: list[str], turns: int) -> dict[str, tuple[int, Medians]]:
    """The lines of each database and the medians of its works."""
    command = [sys.executable, str(Path(__file__)), "--serve"]
    servers = {
        name: subprocess.Popen(
            [*command, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for name in names
    }
    lines = {name: int(_answer(server)) for name, server in servers.items()}
    goes: dict[str, dict[str, list[Clocks]]] = {n: {w: [] for w in WORKS} for n in names}
    # All that is quick first: after seconds of counting, the scheduler would let the server wait.
    for works, number in ((QUICK, turns), (SLOW, max(3, turns // 3))):
        for _ in range(number):
            for work in works:
                for name, server in servers.items():
                    assert server.stdin is not None
                    print(work, file=server.stdin, flush=True)
                    goes[name][work] += json.loads(_answer(server))
    for server in servers.values():
        assert server.stdin is not None
        server.stdin.close()
        server.wait()
    return {
        name: (lines[name], {work: _medians(found) for work, found in of_name.items()})
        for name, of_name in goes.items()
    }


def _answer(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None
    line = server.stdout.readline()
    if not line:
        raise SystemExit("a visitor ended before its time")
    return line


def _medians(found: list[Clocks]) -> Clocks:
    wall, own, server = (statistics.median(clock) for clock in zip(*found, strict=True))
    return wall, own, server


def measure(branches: int, turns: int) -> list[Result]:
    """The same on both databases."""
    few_name, many_name = "b12", f"b{branches}"
    populate(few_name, 12)
    populate(many_name, branches)
    seen = take_turns([few_name, many_name], turns)
    few, many = seen[few_name][1], seen[many_name][1]
    said = tuple(
        f"{count:,} branches ({seen[name][0]:,} lines of the year): {_say(seen[name][1])}"
        for count, name in ((12, few_name), (branches, many_name))
    )
    named = f"{branches:,} branches"
    group = many["group_by"][0]
    processor = sum(many["group_by_alone"][1:]) / sum(many["page"][1:])
    return [
        Result("overview", f"page of the root, {named} against 12, folded",
               many["page"][0] / few["page"][0], 3, "×", is_most=True, notes=said),
        Result("overview", "the same with 1,000 unfolded deltas, against 12 branches folded",
               many["page_unfolded"][0] / few["page"][0], 3, "×", is_most=True),
        Result("overview", f"GROUP BY over the lines against the whole page, {named}",
               group / many["page"][0], 100, "×"),
        Result("overview", f"GROUP BY over the lines against reading the tallies, {named}",
               group / many["tallies"][0], 100, "×"),
        Result("overview", f"GROUP BY against the whole page by processor time, {named}",
               processor, 100, "×"),
    ]  # fmt: skip


def _say(medians: Medians) -> str:
    named = {
        "page": "page", "page_anew": "with every row drawn anew",
        "page_unfolded": "with 1,000 deltas", "tallies": "tallies alone", "group_by": "GROUP BY", "group_by_alone": "GROUP BY in one process",
    }  # fmt: skip
    parts = []
    for work, (wall, own, server) in medians.items():
        spent = ""
        if work in {"page", "group_by_alone"}:
            spent = f" (processor: Python {own * 1000:.1f}, PostgreSQL {server * 1000:,.1f} ms)"
        parts.append(f"{named[work]} {wall * 1000:,.1f} ms{spent}")
    return ", ".join(parts)


if __name__ == "__main__":
    parser = options(__doc__)
    parser.add_argument("--serve", help="be one of the visitors (used by this file itself)")
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.serve)
    else:
        size = asked.branches or (200 if asked.quick else 10_000)
        tell(measure(size, 5 if asked.quick else TURNS))
