"""Changes of the tree: what was stays as it was, what follows follows by rule, nothing is half done."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import uuid4

import pytest
from django.db import connection, connections, transaction
from tests.plans.story import AT as EARLIER
from tests.plans.story import Cast, discharge_each, make_cast, tallied

from zhibu.handbook.books import bind_book
from zhibu.handbook.services import start_record
from zhibu.ledger.models import Entry
from zhibu.network.tree import services as tree
from zhibu.network.tree.outcomes import rehearse
from zhibu.org import paths
from zhibu.org.models import Grant, Membership, Organization, Place, Post
from zhibu.org.services import Refused, admit_member, found_organization, grant_role
from zhibu.people.roles import Role
from zhibu.plans.models import LineChange, Plan, PlanLine, TallyDelta
from zhibu.plans.services import (
    adopt_plan,
    begin_use,
    discharge_lines,
    draft_plan,
    fold_tallies,
    release_lines,
    waive_line,
)
from zhibu.rules.contents import RecordContent

YEAR = 2026
AT = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
MOVED = date(2026, 6, 10)


def found(
    cast: Cast, name: str, kind: str = "committee", parent: Organization | None = None
) -> Organization:
    return found_organization(
        kind=kind, name=name, short_name=name, parent=parent or cast.bureau,
        founded_on=date(2016, 1, 1), by=None, at=EARLIER,
    )  # fmt: skip


def fresh(organization: Organization) -> Organization:
    return Organization.objects.get(pk=organization.pk)


def counted(organization: Organization) -> Counter[tuple[str, date, str]]:
    """A plain count over the lines whose branch hung here on the line's due day."""
    found: Counter[tuple[str, date, str]] = Counter()
    own = set(Place.objects.filter(organization=organization).values_list("path", flat=True))
    for line in PlanLine.objects.filter(plan__state=Plan.State.ADOPTED, year=YEAR):
        places = list(Place.objects.filter(organization=line.branch_id).order_by("since"))
        path = ([p for p in places if p.since <= line.due_on] or places)[-1].path
        if not own & {path, *paths.ancestors(path)}:
            continue
        cell = (line.practice_class, line.due_on)
        found[(*cell, "total")] += 1
        if line.happened_on is not None:
            found[(*cell, "done" if line.happened_on <= line.due_on else "late")] += 1
        if line.waived_at is not None:
            found[(*cell, "waived")] += 1
    return found


def due(organization: Organization) -> set[date]:
    return {day for _, day, _ in tallied(organization)}


class TestMoving:
    def test_lines_count_where_the_branch_hung_on_their_due_day(
        self, cast: Cast, adopted: Plan
    ) -> None:
        """Under the old superior before the day, under the new one from it on; the own tally whole."""
        old, new = found(cast, "甲党委"), found(cast, "乙党委")
        tree.move(organization=cast.branch, parent=old, on=date(2026, 1, 1), by=cast.office, at=AT)
        whole = tallied(cast.branch)
        branch = fresh(cast.branch)
        tree.move(organization=branch, parent=new, on=MOVED, by=cast.office, at=AT)
        assert due(old) == {day for day in due(cast.branch) if day < MOVED}
        assert due(new) == {day for day in due(cast.branch) if day >= MOVED}
        assert tallied(fresh(cast.branch)) == whole == tallied(cast.bureau)
        while fold_tallies():
            pass
        for organization in (old, new, fresh(branch), cast.bureau):
            assert tallied(organization) == counted(organization)

    def test_a_late_record_counts_where_the_line_was_due(self, cast: Cast, adopted: Plan) -> None:
        """What was due before the move and is done after it still belongs to the old superior."""
        old, new = found(cast, "甲党委"), found(cast, "乙党委")
        tree.move(organization=cast.branch, parent=old, on=date(2026, 1, 1), by=cast.office, at=AT)
        tree.move(organization=fresh(cast.branch), parent=new, on=MOVED, by=cast.office, at=AT)
        line = PlanLine.objects.filter(branch=cast.branch, due_on__lt=MOVED).first()
        assert line is not None
        discharge_lines(
            lines=[line], record_id=uuid4(), happened_on=date(2026, 7, 1), by=cast.secretary,
            filed_on=date(2026, 7, 1),
        )  # fmt: skip
        assert (line.practice_class, line.due_on, "late") in tallied(old)
        assert not any(name == "late" for *_, name in tallied(new))

    def test_the_tree_of_then_is_kept(self, cast: Cast) -> None:
        """The places say where it was; all below it go along; no path is given twice."""
        new = found(cast, "乙党委")
        tree.move(organization=cast.branch, parent=new, on=MOVED, by=cast.office, at=AT)
        group = fresh(cast.group)
        assert group.path.startswith(fresh(cast.branch).path)
        assert fresh(cast.branch).path.startswith(new.path)
        for organization in (cast.branch, cast.group):
            was, now = Place.objects.filter(organization=organization).order_by("since")
            assert (was.until, now.since, now.until) == (MOVED - timedelta(days=1), MOVED, None)
            assert was.path == organization.path
            assert now.path == fresh(organization).path
        later = found(cast, "新支部", "branch")
        assert not Place.objects.filter(path=later.path).exclude(organization=later).exists()

    def test_who_sees_it_is_said(self, cast: Cast) -> None:
        """Those above the old place lose sight of it and those above the new one gain it."""
        old, new = found(cast, "甲党委"), found(cast, "乙党委")
        tree.move(organization=cast.branch, parent=old, on=date(2026, 1, 1), by=cast.office, at=AT)
        for person, organization in ((cast.office, old), (cast.secretary, new)):
            grant_role(
                person=person, role=Role.OFFICE, organization=organization, with_below=True,
                since=EARLIER, by=None, at=EARLIER,
            )  # fmt: skip
        outcome = tree.move(
            organization=fresh(cast.branch), parent=new, on=MOVED, by=cast.office, at=AT
        )
        assert [sight.person for sight in outcome.loses] == [cast.office]
        assert [sight.person for sight in outcome.gains] == [cast.secretary]

    @pytest.mark.parametrize(
        ("what", "where", "day", "said"),
        [
            ("branch", "bureau", MOVED, "已经隶属"),
            ("bureau", "new", MOVED, "下级组织之下"),
            ("new", "branch", MOVED, "下级组织之下|下不能设立"),
            ("group", "neighbour", MOVED, "党小组随所在支部"),
            ("branch", "new", date(2026, 11, 21), "还没有到"),
            ("branch", "new", date(2018, 3, 1), "须晚于"),
            ("branch", "ended", MOVED, "已撤销"),
        ],
    )
    def test_what_cannot_be_is_refused_and_nothing_changes(
        self, cast: Cast, what: str, where: str, day: date, said: str
    ) -> None:
        """Each impossible move says why, and leaves the tree as it was."""
        ended = found(cast, "已撤销党委")
        tree.dissolve(organization=ended, last_day=date(2020, 1, 1), by=cast.office, at=AT)
        by_name = {
            "branch": cast.branch, "bureau": cast.bureau, "group": cast.group, "ended": fresh(ended),
            "neighbour": cast.neighbour, "new": found(cast, "乙党委"),
        }  # fmt: skip
        before = list(Organization.objects.order_by("pk").values())
        with pytest.raises(Refused, match=said), transaction.atomic():
            tree.move(
                organization=by_name[what], parent=by_name[where], on=day, by=cast.office, at=AT
            )
        assert list(Organization.objects.order_by("pk").values()) == before

    def test_what_changed_below_since_is_not_guessed_at(self, cast: Cast) -> None:
        """A day before a later change below is refused, the day after it is taken."""
        middle, new = found(cast, "总支", "general_branch"), found(cast, "乙党委")
        branch = found(cast, "一支部", "branch", middle)
        tree.rename(
            organization=branch, name="二支部", short_name="二支部", on=MOVED, by=cast.office, at=AT
        )
        last = MOVED - timedelta(days=1)
        with pytest.raises(Refused, match="还有变动"), transaction.atomic():
            tree.move(organization=middle, parent=new, on=last, by=cast.office, at=AT)
        tree.move(organization=fresh(middle), parent=new, on=MOVED, by=cast.office, at=AT)
        assert fresh(branch).path.startswith(fresh(middle).path)

    def test_nothing_hangs_below_a_superior_before_it_was_there(self, cast: Cast) -> None:
        """A day before the superior's own last move is refused, the day of that move is taken."""
        above, new = found(cast, "甲党委"), found(cast, "乙总支", "general_branch")
        tree.move(organization=new, parent=above, on=MOVED, by=cast.office, at=AT)
        last, new = MOVED - timedelta(days=1), fresh(new)
        with pytest.raises(Refused, match="划转日期不能更早"), transaction.atomic():
            tree.move(organization=cast.branch, parent=new, on=last, by=cast.office, at=AT)
        tree.move(organization=cast.branch, parent=new, on=MOVED, by=cast.office, at=AT)
        assert fresh(cast.branch).parent == new

    def test_a_level_moves_with_its_branches(self, cast: Cast, adopted: Plan) -> None:
        """A committee that moves takes its branches' counts along, from the day on."""
        old, new = found(cast, "甲党委"), found(cast, "乙党委")
        middle = found(cast, "总支", "general_branch", old)
        tree.move(
            organization=cast.branch, parent=middle, on=date(2026, 1, 1), by=cast.office, at=AT
        )
        tree.move(organization=middle, parent=new, on=MOVED, by=cast.office, at=AT)
        for organization in (old, new, fresh(middle), fresh(cast.branch), cast.bureau):
            assert tallied(organization) == counted(organization), organization.name
        assert due(old)
        assert due(new)


class TestRenaming:
    def test_both_names_are_kept_with_their_days(self, cast: Cast) -> None:
        """The old name until the day before, the new one from the day."""
        tree.rename(
            organization=cast.branch, name="某局政治部党支部", short_name="政治部党支部", on=MOVED,
            by=cast.office, at=AT,
        )  # fmt: skip
        was, now = Place.objects.filter(organization=cast.branch).order_by("since")
        assert (was.name, now.name) == ("某局政工处党支部", "某局政治部党支部")
        assert was.until == MOVED - timedelta(days=1)
        assert fresh(cast.branch).name == now.name

    def test_the_same_name_is_no_change(self, cast: Cast) -> None:
        """Nothing is written for nothing."""
        with pytest.raises(Refused, match="没有变化"):
            tree.rename(
                organization=cast.branch, name=cast.branch.name, short_name=cast.branch.short_name,
                on=MOVED, by=cast.office, at=AT,
            )  # fmt: skip


class TestMerging:
    def test_members_go_over_and_the_rest_ends(self, cast: Cast, adopted: Plan) -> None:
        """Members transferred, posts, groups and grants ended, open lines lapsed, the past kept."""
        for role, organization in (
            (Role.SECRETARY, cast.branch), (Role.GROUP_LEADER, cast.group),
        ):  # fmt: skip
            grant_role(
                person=cast.secretary, role=role, organization=organization, since=EARLIER,
                by=None, at=EARLIER,
            )  # fmt: skip
        owed = PlanLine.objects.filter(branch=cast.branch, due_on__lt=MOVED - timedelta(days=1))
        before = owed.count()
        outcome = tree.merge(
            source=cast.branch, target=cast.neighbour, on=MOVED, by=cast.office, at=AT
        )
        assert len(outcome.transferred) == 4
        assert Membership.objects.filter(branch=cast.neighbour, until=None).count() == 4
        assert not Post.objects.filter(until=None).exists()
        assert not Grant.objects.filter(until=None).exists()
        assert fresh(cast.branch).dissolved_on == fresh(cast.group).dissolved_on == date(2026, 6, 9)
        assert {line.pk for line in outcome.lapsed} == set(
            PlanLine.objects.filter(branch=cast.branch, due_on__gt=date(2026, 6, 9)).values_list(
                "pk", flat=True
            )
        )
        assert owed.filter(waived_at=None).count() == before
        assert LineChange.objects.filter(kind="waive").count() == len(outcome.lapsed) > 0
        for organization in (cast.bureau, cast.branch, cast.neighbour):
            assert tallied(organization) == counted(organization)

    def test_the_rehearsal_says_the_same_and_leaves_nothing(
        self, cast: Cast, adopted: Plan
    ) -> None:
        """What is shown before is what happens after."""

        def act() -> tree.Outcome:
            return tree.merge(
                source=cast.branch, target=cast.neighbour, on=MOVED, by=cast.office, at=AT
            )

        entries, deltas = Entry.objects.count(), TallyDelta.objects.count()
        seen = rehearse(act)
        assert (Entry.objects.count(), TallyDelta.objects.count()) == (entries, deltas)
        assert fresh(cast.branch).dissolved_on is None
        done = act()
        assert seen.transferred == done.transferred
        assert [line.pk for line in seen.lapsed] == [line.pk for line in done.lapsed]
        assert [(d.branch, d.begins, d.ends) for d in seen.duties] == [
            (d.branch, d.begins, d.ends) for d in done.duties
        ]

    def test_committees_merge_with_their_branches(self, cast: Cast, adopted: Plan) -> None:
        """What lay below hangs under the other one from the day on."""
        old, new = found(cast, "甲党委"), found(cast, "乙党委")
        tree.move(organization=cast.branch, parent=old, on=date(2026, 1, 1), by=cast.office, at=AT)
        outcome = tree.merge(source=old, target=new, on=MOVED, by=cast.office, at=AT)
        assert outcome.moved == (cast.branch.name,)
        assert fresh(old).dissolved_on == MOVED - timedelta(days=1)
        for organization in (old, new, cast.bureau):
            assert tallied(organization) == counted(organization)

    def test_drafts_are_not_lost(self, cast: Cast) -> None:
        """A branch with a draft that was never filed does not end over it."""
        start_record(branch=cast.branch, draft=RecordContent(), by=cast.secretary, at=AT)
        with pytest.raises(Refused, match="1 份记录草稿"), transaction.atomic():
            tree.merge(source=cast.branch, target=cast.neighbour, on=MOVED, by=cast.office, at=AT)
        assert fresh(cast.branch).dissolved_on is None

    def test_a_member_who_came_later_names_himself(self, cast: Cast) -> None:
        """The refusal says who stands in the way."""
        admit_member(
            name="后来者", branch=cast.branch, joined_on=date(2010, 1, 1), since=date(2026, 7, 1),
            by=None, at=AT,
        )  # fmt: skip
        with pytest.raises(Refused, match="后来者"), transaction.atomic():
            tree.merge(source=cast.branch, target=cast.neighbour, on=MOVED, by=cast.office, at=AT)

    @pytest.mark.parametrize(("source", "target"), [("branch", "branch"), ("branch", "bureau")])
    def test_only_with_another_of_its_kind(self, cast: Cast, source: str, target: str) -> None:
        """A branch goes into a branch, and never into itself."""
        with pytest.raises(Refused), transaction.atomic():
            tree.merge(
                source=getattr(cast, source), target=getattr(cast, target), on=MOVED,
                by=cast.office, at=AT,
            )  # fmt: skip


class TestSplitting:
    def test_some_members_found_a_branch(self, cast: Cast, adopted: Plan) -> None:
        """The new branch owes from the next whole month; the rest stay."""
        chosen = set(
            Membership.objects.filter(branch=cast.branch)
            .order_by("pk")
            .values_list("member", flat=True)[1:3]
        )
        outcome = tree.split(
            organization=cast.branch, name="某局新支部", short_name="新支部", on=MOVED,
            members=chosen, children=(), by=cast.office, at=AT,
        )  # fmt: skip
        made = outcome.result
        assert Membership.objects.filter(branch=made, until=None).count() == 2
        assert Membership.objects.filter(branch=cast.branch, until=None).count() == 2
        (began,) = [change for change in outcome.duties if change.branch.pk == made.pk]
        assert {duty.window.opens.month for duty in began.begins} >= {7}
        assert min(duty.window.opens for duty in began.begins) >= date(2026, 7, 1)

    def test_members_of_another_branch_are_refused(self, cast: Cast) -> None:
        """Nobody is moved who is not there."""
        with pytest.raises(Refused, match="刷新"), transaction.atomic():
            tree.split(
                organization=cast.branch, name="新", short_name="新", on=MOVED,
                members={uuid4()}, children=(), by=cast.office, at=AT,
            )  # fmt: skip
        assert not Organization.objects.filter(name="新").exists()

    def test_a_committee_gives_up_branches(self, cast: Cast, adopted: Plan) -> None:
        """A new committee beside the old one takes the chosen branches."""
        old = found(cast, "甲党委")
        for branch in (cast.branch, cast.neighbour):
            tree.move(organization=branch, parent=old, on=date(2026, 1, 1), by=cast.office, at=AT)
        outcome = tree.split(
            organization=old, name="丙党委", short_name="丙党委", on=MOVED, members=(),
            children={cast.branch.pk}, by=cast.office, at=AT,
        )  # fmt: skip
        assert fresh(cast.branch).parent_id == outcome.result.pk
        for organization in (old, outcome.result, cast.bureau):
            assert tallied(organization) == counted(organization)


class TestDissolving:
    def test_a_branch_with_members_stays(self, cast: Cast) -> None:
        """Members must be somewhere."""
        with pytest.raises(Refused, match="党员在册"), transaction.atomic():
            tree.dissolve(organization=cast.branch, last_day=MOVED, by=cast.office, at=AT)
        assert fresh(cast.group).dissolved_on is None

    def test_a_group_takes_only_its_own_lines_along(self, cast: Cast, adopted: Plan) -> None:
        """Lines of the group lapse; those of the branch stay owed."""
        Membership.objects.update(group=None)
        outcome = tree.dissolve(
            organization=cast.group, last_day=date(2026, 6, 30), by=cast.office, at=AT
        )
        assert outcome.lapsed
        assert {line.group_id for line in outcome.lapsed} == {cast.group.pk}


@pytest.mark.parametrize("seed", range(4))
def test_tallies_equal_a_count_whatever_moves(cast: Cast, seed: int) -> None:
    """Random moves, records, waivers and folds: every level counts what hung there on the due day."""
    rng = Random(seed)
    homes = [found(cast, name) for name in ("甲党委", "乙党委")]
    homes.append(found(cast, "总支", "general_branch", homes[0]))
    for branch in (cast.branch, cast.neighbour):
        plan = draft_plan(branch=branch, year=YEAR, by=cast.secretary, at=EARLIER)
        adopt_plan(plan=plan, revision=plan.revision, by=cast.secretary, at=EARLIER)
    day, records = date(2026, 1, 1), []
    everywhere = [cast.bureau, cast.branch, cast.neighbour, *homes]
    for step in range(40):
        day += timedelta(days=rng.randrange(12))
        line = rng.choice(list(PlanLine.objects.order_by("pk")))
        with suppress(Refused), transaction.atomic():
            match rng.randrange(6):
                case 0 | 1:
                    tree.move(
                        organization=fresh(rng.choice([cast.branch, cast.neighbour, homes[2]])),
                        parent=fresh(rng.choice([cast.bureau, *homes])), on=min(day, date(2026, 11, 20)),
                        by=cast.office, at=AT,
                    )  # fmt: skip
                case 2 | 3:
                    records.append(uuid4())
                    discharge_lines(
                        lines=[line], record_id=records[-1], happened_on=day, filed_on=day,
                        by=cast.secretary,
                    )  # fmt: skip
                case 4:
                    waive_line(line=line, reason="免", by=cast.office, at=AT)
                case 5:
                    if records:
                        release_lines(record_id=rng.choice(records), by=cast.secretary)
                    fold_tallies(limit=rng.randint(1, 9))
        if step % 8 == 7:
            for organization in everywhere:
                assert tallied(fresh(organization)) == counted(organization), (step, organization)
    while fold_tallies():
        pass
    for organization in everywhere:
        assert tallied(fresh(organization)) == counted(organization)


@pytest.fixture
def few_values() -> Iterator[None]:
    """SQLite takes 1,000 values in a statement, no more than Django counts on; elsewhere 32,766."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    kind = sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER
    before = connection.connection.setlimit(kind, 1000)
    yield
    connection.connection.setlimit(kind, before)


def test_more_may_move_than_a_statement_takes_values(cast: Cast, few_values: None) -> None:
    """Whatever lies below comes along, with its history, however much it is."""
    whole, new = found(cast, "大党委"), found(cast, "乙党委")
    founded_on = date(2016, 1, 1)
    below = [
        Organization(
            kind="branch", name=f"支部{n}", short_name=f"支部{n}", parent=whole,
            path=whole.path + paths.segment(n), founded_on=founded_on,
        )
        for n in range(1, 1101)
    ]  # fmt: skip
    Organization.objects.bulk_create(below)
    Place.objects.bulk_create(
        Place(
            organization=one, parent=whole, path=one.path, name=one.name,
            short_name=one.short_name, since=founded_on,
        )
        for one in below
    )  # fmt: skip
    moved = tree.move(organization=whole, parent=new, on=MOVED, by=cast.office, at=AT).result
    assert Organization.objects.under(moved.path).count() == 1101
    places = Place.objects.filter(parent=whole)
    assert places.filter(until=None, since=MOVED, path__startswith=moved.path).count() == 1100
    assert (
        places.filter(until=MOVED - timedelta(days=1), path__startswith=whole.path).count() == 1100
    )


@pytest.mark.django_db(transaction=True)
def test_a_move_between_writers_counts_every_line_once() -> None:
    """Three who discharge while the branch moves to and fro: what is left is the count."""
    cast = make_cast()
    homes = [found(cast, "甲党委"), found(cast, "乙党委")]
    plan = draft_plan(branch=cast.branch, year=YEAR, by=cast.secretary, at=EARLIER)
    adopt_plan(plan=plan, revision=plan.revision, by=cast.secretary, at=EARLIER)
    lines = list(plan.lines.values_list("pk", flat=True))

    def discharge(part: int) -> None:
        discharge_each(lines[part::3], cast.secretary, date(YEAR, 6, 1))

    def wander() -> None:
        try:
            for turn in range(8):
                tree.move(
                    organization=fresh(cast.branch), parent=homes[turn % 2],
                    on=date(YEAR, 2 + turn, 1), by=cast.office, at=AT,
                )  # fmt: skip
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(discharge, part) for part in range(3)] + [pool.submit(wander)]
        for job in jobs:
            job.result()
    assert Place.objects.filter(organization=cast.branch).count() == 9
    for organization in (*homes, cast.bureau, cast.branch):
        assert tallied(fresh(organization)) == counted(organization)
    while fold_tallies():
        pass
    for organization in (*homes, cast.bureau, cast.branch):
        assert tallied(fresh(organization)) == counted(organization)


def test_the_book_of_a_year_bears_the_names_of_that_year(cast: Cast, adopted: Plan) -> None:
    """What was renamed and moved this year stays as it was in last year's book."""
    new = found(cast, "乙党委")
    tree.rename(
        organization=cast.branch, name="某局政治部党支部", short_name="政治部党支部", on=MOVED,
        by=cast.office, at=AT,
    )  # fmt: skip
    tree.move(organization=cast.branch, parent=new, on=date(2026, 7, 1), by=cast.office, at=AT)
    branch = fresh(cast.branch)
    before, after = (bind_book(branch, year, today=date(2026, 11, 20)) for year in (2025, 2026))
    assert (before.branch, before.parent) == ("某局政工处党支部", cast.bureau.name)
    assert (after.branch, after.parent) == ("某局政治部党支部", "乙党委")
    for book in (before, after):
        said = {fact.label: fact.value for fact in book.facts}
        assert (said["党支部名称"], said["上级党组织"]) == (book.branch, book.parent)


def test_the_book_of_a_branch_that_ended_has_its_last_roster(cast: Cast, adopted: Plan) -> None:
    """Members who went over are still in the book of the year in which they went."""
    tree.merge(source=cast.branch, target=cast.neighbour, on=MOVED, by=cast.office, at=AT)
    book = bind_book(fresh(cast.branch), 2026, today=date(2026, 11, 20))
    assert len(book.roster) == 4


def test_a_day_of_first_use_counts_where_the_branch_hung_then(cast: Cast, adopted: Plan) -> None:
    """Lines from before the move leave the old superior's tally, not the new one's."""
    old, new = found(cast, "甲党委"), found(cast, "乙党委")
    tree.move(organization=cast.branch, parent=old, on=date(2026, 1, 1), by=cast.office, at=AT)
    tree.move(organization=fresh(cast.branch), parent=new, on=MOVED, by=cast.office, at=AT)
    later = due(new)
    begin_use(organization=fresh(cast.branch), since=MOVED, by=cast.office, at=AT)
    assert due(old) == set()
    assert due(new) == later
    while fold_tallies():
        pass
    assert due(old) == set()
    assert due(new) == later
