"""Tallies always equal a count over the lines, folded or not, whoever writes and whoever is killed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, timedelta
from random import Random
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from tests.handbook.test_concurrency import PATIENCE
from tests.plans.story import AT, Cast, discharge_each, make_cast, tallied

from zhibu.ledger.models import Entry
from zhibu.org.models import Organization
from zhibu.org.services import Refused
from zhibu.people.models import Person
from zhibu.plans.models import Plan, PlanLine, Tally, TallyDelta
from zhibu.plans.queries import read_tallies
from zhibu.plans.services import (
    add_line,
    adopt_plan,
    begin_use,
    discharge_lines,
    draft_plan,
    edit_line,
    fold_tallies,
    release_lines,
    remove_line,
    restore_line,
    take_up,
    waive_line,
)
from zhibu.plans.services import tallies as tallies_module

YEAR = 2026


def counted(organization: Organization) -> Counter[tuple[str, date, str]]:
    """What a plain count over the lines says."""
    found: Counter[tuple[str, date, str]] = Counter()
    lines = PlanLine.objects.filter(
        plan__state=Plan.State.ADOPTED, branch__path__startswith=organization.path, year=YEAR
    )
    for line in lines.select_related("branch"):
        since = line.branch.in_use_since
        is_open = line.happened_on is None and line.waived_at is None
        if is_open and since is not None and line.due_on < since:
            continue  # 启用前
        cell = (line.practice_class, line.due_on)
        found[(*cell, "total")] += 1
        if line.happened_on is not None:
            found[(*cell, "done" if line.happened_on <= line.due_on else "late")] += 1
        if line.waived_at is not None:
            found[(*cell, "waived")] += 1
    return found


def check(cast: Cast) -> None:
    for organization in (cast.bureau, cast.branch, cast.neighbour):
        assert tallied(organization) == counted(organization)


class Player:
    """Plays random verbs on two tables."""

    def __init__(self, cast: Cast, rng: Random) -> None:
        self.cast, self.rng = cast, rng
        self.plans = [
            draft_plan(branch=branch, year=YEAR, by=cast.secretary, at=AT)
            for branch in (cast.branch, cast.neighbour)
        ]
        self.records: list[object] = []

    def step(self) -> None:
        verbs: list[Callable[[Plan, int], object]] = [
            self.adopt, self.edit, self.add, self.remove, self.waive, self.restore, self.discharge,
            self.discharge, self.release, self.take, self.fold, self.begin,
        ]  # fmt: skip
        plan = Plan.objects.get(pk=self.rng.choice(self.plans).pk)
        with suppress(Refused):
            self.rng.choice(verbs)(plan, plan.revision)

    def line(self, plan: Plan, **filters: object) -> PlanLine:
        lines = list(plan.lines.filter(**filters).order_by("pk"))
        if not lines:
            raise Refused("none")
        return self.rng.choice(lines)

    def adopt(self, plan: Plan, revision: int) -> None:
        adopt_plan(plan=plan, revision=revision, by=self.cast.secretary, at=AT)

    def edit(self, plan: Plan, revision: int) -> None:
        day = date(YEAR, 1, 1) + timedelta(days=self.rng.randrange(365))
        edit_line(
            line=self.line(plan), revision=revision, changes={"planned_on": day},
            by=self.cast.secretary, at=AT, reason="调整",
        )  # fmt: skip

    def add(self, plan: Plan, revision: int) -> None:
        day = date(YEAR, self.rng.randint(1, 12), 9)
        add_line(
            plan=plan, revision=revision, by=self.cast.secretary, at=AT, reason="新增",
            values={"title": "读书会", "activity": "study", "planned_on": day},
        )  # fmt: skip

    def remove(self, plan: Plan, revision: int) -> None:
        line = self.line(plan)
        remove_line(line=line, revision=revision, by=self.cast.secretary, at=AT, reason="取消")

    def waive(self, plan: Plan, revision: int) -> None:
        del revision
        waive_line(line=self.line(plan), reason="任务冲突", by=self.cast.office, at=AT)

    def restore(self, plan: Plan, revision: int) -> None:
        del revision
        line = self.line(plan, waived_at__isnull=False)
        restore_line(line=line, reason="恢复", by=self.cast.office, at=AT)

    def discharge(self, plan: Plan, revision: int) -> None:
        del revision
        lines = {self.line(plan, discharged_by=None) for _ in range(2)}
        record = uuid4()
        day = date(YEAR, 1, 1) + timedelta(days=self.rng.randrange(365))
        discharge_lines(
            lines=lines, record_id=record, happened_on=day, filed_on=day, by=self.cast.secretary
        )
        self.records.append(record)

    def release(self, plan: Plan, revision: int) -> None:
        del plan, revision
        if self.records:
            release_lines(record_id=self.rng.choice(self.records), by=self.cast.secretary)  # type: ignore[arg-type]

    def take(self, plan: Plan, revision: int) -> None:
        take_up(
            plan=plan, requirement="D5", revision=revision, by=self.cast.secretary, at=AT,
            reason="推荐",
        )  # fmt: skip

    def begin(self, plan: Plan, revision: int) -> None:
        del revision
        organization = self.rng.choice([self.cast.bureau, plan.branch])
        since = date(YEAR, self.rng.randint(1, 12), 15) if self.rng.random() < 0.8 else None
        begin_use(organization=organization, since=since, by=self.cast.office, at=AT)

    def fold(self, plan: Plan, revision: int) -> None:
        del plan, revision
        fold_tallies(limit=self.rng.randint(1, 7))


@pytest.mark.parametrize("seed", range(6))
def test_tallies_equal_a_count_after_any_verbs(cast: Cast, seed: int) -> None:
    """Whatever verbs are done in whatever order, folded or not, the tallies are the count."""
    player = Player(cast, Random(seed))
    for number in range(60):
        player.step()
        if number % 10 == 9:
            check(cast)
    while fold_tallies():
        pass
    assert not TallyDelta.objects.exists()
    check(cast)


def test_reading_takes_two_queries_for_any_number(cast: Cast, adopted: Plan) -> None:
    """The counts in one statement, so that nothing is counted twice while the worker folds."""
    for organizations in ([cast.bureau], [cast.bureau, cast.branch, cast.neighbour, cast.group]):
        with CaptureQueriesContext(connection) as queries:
            read_tallies(organizations, YEAR)
        assert len(queries) == 2


def test_nothing_to_read() -> None:
    """No organisations, no query, no counts."""
    assert read_tallies([], YEAR) == {}


def test_a_worker_killed_half_way_has_done_nothing(
    cast: Cast, adopted: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that dies after adding and before taking away counts nothing twice."""
    real = tallies_module.add_to_tallies

    def die(cells: object) -> None:
        real(cells)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(tallies_module, "add_to_tallies", die)
    with pytest.raises(KeyboardInterrupt):
        fold_tallies()
    assert not Tally.objects.exists()
    check(cast)
    monkeypatch.undo()
    assert fold_tallies() > 0
    check(cast)


@pytest.mark.django_db(transaction=True)
def test_the_first_day_changes_while_others_write() -> None:
    """Two who discharge and one who moves the first day of use to and fro: no line is miscounted."""
    cast = make_cast()
    plan = draft_plan(branch=cast.branch, year=YEAR, by=cast.secretary, at=AT)
    adopt_plan(plan=plan, revision=1, by=cast.secretary, at=AT)
    lines = list(plan.lines.values_list("pk", flat=True))

    def discharge(part: int) -> None:
        discharge_each(lines[part::2], cast.secretary, date(YEAR, 3, 1))

    def begin(_: int) -> None:
        try:
            for turn in range(12):
                organization = (cast.bureau, cast.branch)[turn % 2]
                since = (None, date(YEAR, 6, 15), date(YEAR, 10, 1))[turn % 3]
                begin_use(organization=organization, since=since, by=cast.office, at=AT)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        jobs = [pool.submit(discharge, part) for part in range(2)] + [pool.submit(begin, 0)]
        for job in jobs:
            job.result()
    check(cast)


@pytest.mark.django_db(transaction=True)
def test_writers_and_workers_at_once() -> None:
    """Four who discharge and two who fold: what is left is the count (threads, real commits)."""
    cast = make_cast()
    plan = draft_plan(branch=cast.branch, year=YEAR, by=cast.secretary, at=AT)
    adopt_plan(plan=plan, revision=1, by=cast.secretary, at=AT)
    lines = list(plan.lines.values_list("pk", flat=True))

    def discharge(part: int) -> None:
        discharge_each(lines[part::4], cast.secretary, date(YEAR, 6, 1))

    def fold(_: int) -> None:
        try:
            for _turn in range(25):
                fold_tallies(limit=3)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        jobs = [pool.submit(discharge, part) for part in range(4)]
        jobs += [pool.submit(fold, worker) for worker in range(2)]
        for job in jobs:
            job.result()
    check(cast)
    while fold_tallies():
        pass
    check(cast)
    assert sum(count.total for count in read_tallies([cast.bureau], YEAR)[cast.bureau.id]) == len(
        lines
    )


@pytest.mark.django_db(transaction=True)
def test_two_people_adopt_one_table_at_once() -> None:
    """One adopts, the other is told; every line counts once and the ledger has one line."""
    cast = make_cast()
    plan = draft_plan(branch=cast.branch, year=YEAR, by=cast.secretary, at=AT)
    start = Barrier(2)

    def adopt(person: Person) -> str:
        try:
            start.wait(PATIENCE)
            adopt_plan(plan=plan, revision=1, by=person, at=AT)
        except Refused as refusal:
            return str(refusal)
        finally:
            connections.close_all()
        return ""

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(adopt, (cast.secretary, cast.office)))
    assert answers[0] == ""
    assert answers[1]
    assert Entry.objects.filter(verb="adopt_plan").count() == 1
    check(cast)
