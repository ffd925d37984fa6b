"""The pages of an office with 100,000 members in scope, against the same pages with 300.

Server time is that of a WSGI call, from the request to the last byte of the compressed answer, all
middleware and the queries to PostgreSQL included. Bytes are those of the page before compression.
The tree of 100,000: twenty committees, of which the first has 1,050 branches right below it and the
others 50; fifty members in a branch. That of 300: one committee with six branches.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import trees
import turns

from ground import Result, open_database, options, tell

TURNS = 30
GOES = 5
FLOOR = 2.0
WORKS = (
    "overview of the root", "overview of a committee", "overview of a committee, later page",
    "organisation, root", "organisation, committee", "organisation, committee, later page",
    "organisation, branch", "roster", "member", "imports", "imports, later page", "import",
    "ledger", "ledger, page 2",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fact:
    """What one page asks and sends."""

    queries: int
    size: int  # bytes before compression
    sent: int  # and after it


def build(name: str) -> tuple[Any, int]:
    """The database, made unless it is there; its root and its number of members."""
    many, branches = int(name.removeprefix("crowd")), int(name.removeprefix("crowd")) // 50
    open_database(name)
    from zhibu.web import clock

    trees.migrate()
    committees = 20 if many > 10_000 else 1
    each = branches // (2 * committees) if committees > 1 else branches
    first = branches - each * (committees - 1)
    levels = [
        trees.Level("committee", committees),
        trees.Level("branch", each, first),
        trees.Level("group", 2),
    ]
    root = trees.plant(levels)
    trees.account("office", "office", [root])
    trees.account("audit", "audit_admin", [root])
    count = trees.people(branches)
    trees.tallies(clock.today().year)
    trees.imports(root, branches, _report(count))
    trees.settle()
    return root, count


def _report(count: int) -> dict[str, Any]:
    """What is kept of an import of so many members: its lists are cut, as the import cuts them."""
    from zhibu.org.imports.report import MOST_ROWS, AddedLine, Counts, ImportReport

    added = tuple(
        AddedLine(row + 3, "王小明", "第1党支部第1党小组") for row in range(min(count, MOST_ROWS))
    )
    report = ImportReport(sheet="花名册", counts=Counts(rows=count, new=count), added=added)
    return json.loads(json.dumps(asdict(report)))  # type: ignore[no-any-return]


def addresses(root: Any) -> dict[str, tuple[str, str]]:
    """Who asks for which page."""
    from zhibu.org.models import Membership, Organization, RosterImport

    wide = Organization.objects.filter(parent=root).order_by("path")[0]
    branch = Organization.objects.filter(parent=wide).order_by("path")[0]
    seat = Membership.objects.filter(branch=branch).order_by("id")[0]
    held = RosterImport.objects.order_by("-made_at")[0]
    pages = (
        f"/o/{root.pk}/", f"/o/{wide.pk}/", f"/o/{wide.pk}/?page=11",
        f"/o/{root.pk}/organization/", f"/o/{wide.pk}/organization/",
        f"/o/{wide.pk}/organization/?page=11", f"/o/{branch.pk}/organization/",
        f"/b/{branch.pk}/members/", f"/m/{seat.member_id}/", f"/o/{root.pk}/imports/",
        f"/o/{root.pk}/imports/?page=11", f"/imports/{held.pk}/", "/ledger/", "/ledger/?page=2",
    )  # fmt: skip
    return {
        work: ("audit" if work.startswith("ledger") else "office", page)
        for work, page in zip(WORKS, pages, strict=True)
    }


def serve(name: str) -> None:
    """Be one of the visitors."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    root, count = build(name)
    works: dict[str, Callable[[], object]] = {}
    facts: dict[str, Any] = {}
    visits = {who: turns.visit(who) for who in ("office", "audit")}
    for work, (who, page) in addresses(root).items():
        works[work] = ask = partial(visits[who], page)
        ask()
        with CaptureQueriesContext(connection) as seen:
            sent = ask()
        whole = gzip.decompress(sent) if sent[:2] == b"\x1f\x8b" else sent
        facts[work] = asdict(Fact(len(seen), len(whole), len(sent)))
    turns.serve(works, {"members": count, "pages": facts}, goes=GOES)


def measure(members: int, number: int) -> list[Result]:
    """The costliest of the pages, against each floor."""
    few_name, many_name = "crowd300", f"crowd{members}"
    seen = turns.take_turns(__file__, [few_name, many_name], WORKS, turns=number)
    (few_facts, few), (many_facts, many) = seen[few_name], seen[many_name]
    if many_facts["members"] != members:
        raise SystemExit(f"{many_facts['members']} members instead of {members}")
    pages = {work: Fact(**many_facts["pages"][work]) for work in WORKS}
    small = {work: Fact(**few_facts["pages"][work]) for work in WORKS}
    for work in WORKS:
        print(
            f"{work}: {small[work].queries} → {pages[work].queries} queries,"
            f" {small[work].size:,} → {pages[work].size:,} bytes;"
            f" {few[work].say()} → {many[work].say()}"
        )
    ratios = {work: many[work].p95 / few[work].p95 for work in WORKS}
    own = {work: many[work].processor_p95 / few[work].processor_p95 for work in WORKS}
    said = "; ".join(
        f"{work} {ratios[work]:.2f} × ({few[work].p95 * 1000:.0f} → {many[work].p95 * 1000:.0f} ms)"
        for work in WORKS
    )
    spent = "; ".join(
        f"{work} {own[work]:.2f} × ({few[work].processor_p95 * 1000:.1f} →"
        f" {many[work].processor_p95 * 1000:.1f} ms)"
        for work in WORKS
    )
    asked = "; ".join(f"{work} {pages[work].queries}" for work in WORKS)
    sizes = "; ".join(f"{work} {pages[work].size / 1024:.0f}" for work in WORKS)
    what = f"{members:,} members in scope"
    return [
        Result("crowd", f"queries of the costliest page, {what}",
               max(page.queries for page in pages.values()), 12, "queries", is_most=True,
               notes=(asked,)),
        Result("crowd", f"largest page before compression, {what}",
               max(page.size for page in pages.values()) / 1024, 200, "KB", is_most=True,
               notes=(sizes,)),
        Result("crowd", f"p95 by the clock of the worst page, {what}, against 300",
               max(ratios.values()), FLOOR, "×", is_most=True, notes=(said,)),
        Result("crowd", f"p95 by processor time of the worst page, {what}, against 300",
               max(own.values()), FLOOR, "×", is_most=True, notes=(spent,)),
    ]  # fmt: skip


if __name__ == "__main__":
    parser = options(__doc__)
    parser.add_argument("--serve", help="be one of the visitors (used by this file itself)")
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.serve)
    else:
        tell(measure(100_000, 8 if asked.quick else TURNS))
