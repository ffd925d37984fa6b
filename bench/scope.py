"""What a person may see, over 10,000 branches against 12, on PostgreSQL.

The question is `Reach.within`, as `only_visible` puts it before every list and `get_visible` before
every object. Each must be one query, and one for which the database uses an index; EXPLAIN says so.
The tree of 10,080 branches: thirty systems of 28 committees of twelve branches. That of 12: one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import trees
import turns

from ground import Result, open_database, options, tell

TURNS = 40
GOES = 20
FLOOR = 2.0
SHAPES = {"scope12": (1, 1), "scope10080": (30, 28), "scope1008": (12, 7)}
WORKS = (
    "first page of the whole tree", "one branch of the whole tree", "a committee of 12 branches",
    "branches of eight roles", "members of 12 branches, first page", "first page of all memberships",
    "with reading the roles",
)  # fmt: skip


def build(name: str) -> None:
    """The database, made unless it is there."""
    systems, committees = SHAPES[name]
    open_database(name)
    trees.migrate()
    levels = [
        trees.Level("committee", systems),
        trees.Level("committee", committees),
        trees.Level("branch", 12),
        trees.Level("group", 2),
    ]
    root = trees.plant(levels)
    from zhibu.org.models import Organization

    committee = Organization.objects.filter(kind="branch").order_by("path")[0].parent
    assert committee is not None
    branches = Organization.objects.branches().order_by("-path")
    trees.account("office", "office", [root])
    trees.account("committee", "office", [committee])
    # Over the whole width of the tree, where it has one.
    step = max(1, branches.count() // 8)
    trees.account("eight", "secretary", branches[: 8 * step : step])
    trees.people(12 * systems * committees, each=10)
    trees.settle()


def questions() -> dict[str, Callable[[], Any]]:
    """The works as they make their query sets."""
    from django.http import HttpRequest

    from zhibu.org.models import Membership, Organization
    from zhibu.org.reach import reach_of
    from zhibu.people.models import Person
    from zhibu.people.roles import Verb
    from zhibu.web import access, clock

    def asker(username: str) -> HttpRequest:
        request = HttpRequest()
        request.user = Person.objects.get(username=username)
        access.reach(request)  # the roles are read once a request, whatever is asked then
        return request

    office, committee, eight = (asker(name) for name in ("office", "committee", "eight"))
    branches = Organization.objects.branches().order_by("path")
    seats = Membership.objects.filter(until=None)
    middle = branches[branches.count() // 2].pk
    see = Verb.SEE_ROSTER

    def anew() -> Any:
        reach = reach_of(eight.user, clock.now())  # type: ignore[arg-type]
        return branches.filter(reach.within(see))

    works: tuple[Callable[[], Any], ...] = (
        lambda: access.only_visible(office, branches, see, prefix="")[:51],
        lambda: access.only_visible(office, branches, see, prefix="").filter(pk=middle),
        lambda: access.only_visible(committee, branches, see, prefix=""),
        lambda: access.only_visible(eight, branches, see, prefix=""),
        lambda: access.only_visible(committee, seats, see).order_by("branch__path", "id")[:51],
        lambda: access.only_visible(office, seats, see).order_by("id")[:51],
        anew,
    )
    return dict(zip(WORKS, works, strict=True))


def check(works: dict[str, Callable[[], Any]]) -> dict[str, list[str]]:
    """The indexes of each question; stops where one has none, or asks more than once."""
    import json

    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    found = {}
    for work, question in works.items():
        rows = question()
        with CaptureQueriesContext(connection) as seen:
            list(rows)
        if len(seen) != 1:
            raise SystemExit(f"{work}: {len(seen)} queries")
        (plan,) = json.loads(rows.explain(format="json"))
        nodes = list(_nodes(plan["Plan"]))
        indexes = sorted({node["Index Name"] for node in nodes if "Index Name" in node})
        scanned = sorted({n["Relation Name"] for n in nodes if n["Node Type"] == "Seq Scan"})
        found[work] = [*indexes, *(f"whole {name}" for name in scanned)]
    return found


def _nodes(plan: dict[str, Any]) -> Any:
    yield plan
    for each in plan.get("Plans", ()):
        yield from _nodes(each)


def serve(name: str) -> None:
    """Be one of the visitors."""
    build(name)
    works = questions()
    plans = check(works)
    turns.serve(
        {work: lambda question=question: list(question()) for work, question in works.items()},
        plans,
        goes=GOES,
    )


def measure(many_name: str, number: int) -> list[Result]:
    """The worst of the questions."""
    few_name = "scope12"
    seen = turns.take_turns(__file__, [few_name, many_name], WORKS, turns=number)
    few, (plans, many) = seen[few_name][1], seen[many_name]
    for work in WORKS:
        print(f"{work}: {few[work].say()} → {many[work].say()}; {', '.join(plans[work])}")
    # A table of twelve rows is read whole, and rightly: the large tree is what counts.
    bare = {work: found for work, found in plans.items() if not found or _is_whole(found)}
    systems, committees = SHAPES[many_name]
    what = f"visible_to, {12 * systems * committees:,} branches"
    ratios = {work: many[work].p95 / few[work].p95 for work in WORKS}
    own = {work: many[work].processor_p95 / few[work].processor_p95 for work in WORKS}
    said = "; ".join(
        f"{work} {ratios[work]:.2f} × ({few[work].p95 * 1000:.1f} → {many[work].p95 * 1000:.1f} ms,"
        f" {', '.join(plans[work])})"
        for work in WORKS
    )
    spent = "; ".join(
        f"{work} {own[work]:.2f} × ({few[work].processor_p95 * 1000:.2f} →"
        f" {many[work].processor_p95 * 1000:.2f} ms)"
        for work in WORKS
    )
    return [
        Result("scope", f"{what}: questions that are not one query by an index", len(bare), 0,
               "of 7", is_most=True, notes=(", ".join(bare),) if bare else ()),
        Result("scope", f"{what}: p95 by the clock of the worst question, against 12",
               max(ratios.values()), FLOOR, "×", is_most=True, notes=(said,)),
        Result("scope", f"{what}: p95 by processor time of the worst question, against 12",
               max(own.values()), FLOOR, "×", is_most=True, notes=(spent,)),
    ]  # fmt: skip


def _is_whole(found: list[str]) -> bool:
    return any(each.startswith("whole ") for each in found)


if __name__ == "__main__":
    parser = options(__doc__)
    parser.add_argument("--serve", help="be one of the visitors (used by this file itself)")
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.serve)
    else:
        tell(measure("scope1008" if asked.quick else "scope10080", 5 if asked.quick else TURNS))
