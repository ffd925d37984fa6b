"""The tallies of reach equal a count of the receipts, folded or not, whoever writes or is killed."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.handbook.test_concurrency import at_once
from tests.network.dissemination.scene import AT, HOUR, Town, work

from zhibu.handbook.followers import Filed
from zhibu.handbook.models import Record, RecordVersion
from zhibu.network.dissemination.models import Expected, Reached, Receipt, Text
from zhibu.network.dissemination.queries import coverages, coverages_of_texts, reach_at
from zhibu.network.dissemination.services import (
    acknowledge,
    amend_text,
    fold_reach,
    folding,
    follow_record,
    recall_text,
    record_visit,
    withdraw_visit,
)
from zhibu.network.dissemination.services.receipts import Reaching, reach_members
from zhibu.org.models import Member, Organization
from zhibu.org.services import Refused, begin_spell
from zhibu.rules.contents import Attendance, AttendanceStatus, Carried, RecordContent
from zhibu.rules.reach import Coverage


def check(text: Text) -> None:
    """What is read at every organisation is what a count over roster and receipts says."""
    for version in range(1, text.version + 1):
        for organization in Organization.objects.exclude(kind=Organization.Kind.GROUP):
            path = organization.path
            found = coverages(text, [path], version=version)[path]
            below = Member.objects.filter(memberships__branch__path__startswith=path).filter(
                memberships__branch__path__startswith=text.path
            )
            reached = Receipt.objects.filter(
                text=text, version=version, is_valid=True, path__startswith=path
            )
            assert found.reached == reached.count()
            assert found.by_meeting == reached.filter(how="meeting").count()
            assert found.by_visit == reached.filter(how="visit").count()
            if version == text.version:
                assert coverages_of_texts([text], organization) == {text.pk: found}
            assert found.expected == (below.distinct().count() if text.is_counted else 0)
            assert set(reached.values_list("member", flat=True)) <= set(
                below.values_list("pk", flat=True)
            )


class Play:
    """Does what a sequence of numbers says; records are stood in for by what they would tell."""

    def __init__(self, town: Town, text: Text, people: list[Any], records: list[Record]) -> None:
        self.town, self.text, self.people, self.records = town, text, people, records
        self.said: dict[UUID, RecordContent] = {}
        self.moment = AT + HOUR

    def step(self, what: str, number: int) -> None:
        self.moment += timedelta(minutes=1)
        with suppress(Refused):
            getattr(self, what)(number)
        self.text = Text.objects.get(pk=self.text.pk)
        check(self.text)

    def read(self, number: int) -> None:
        person = self.people[number % len(self.people)]
        acknowledge(text=self.text, version=self.text.version, by=person, at=self.moment)

    def meet(self, number: int) -> None:
        """One of two records is filed or corrected, with some of the branch present."""
        record = self.records[number % 2]
        members = self.town.members(self.town.cast.branch)
        began = self.moment.replace(tzinfo=None)
        content = RecordContent(
            began_at=began,
            ended_at=began,
            texts=(Carried(str(self.text.pk)),) if number % 5 else (),
            attendance=tuple(
                Attendance(
                    str(member.pk),
                    status=AttendanceStatus.LATE if (number >> at) & 1 else AttendanceStatus.LEAVE,
                )
                for at, member in enumerate(members)
            ),
        )
        self._tell(record, RecordVersion.Action.CORRECT, content)

    def void(self, number: int) -> None:
        self._tell(self.records[number % 2], RecordVersion.Action.VOID, RecordContent())

    def _tell(self, record: Record, action: str, content: RecordContent) -> None:
        version = RecordVersion(record=record, action=action, filed_at=self.moment)
        before = self.said.get(record.pk)
        self.said[record.pk] = content
        follow_record(Filed(record, version, content, before, self.town.cast.secretary))

    def amend(self, number: int) -> None:
        self.text = amend_text(
            text=self.text, revision=self.text.revision, title=self.text.title,
            body=f"第{number}稿，{self.moment}", note="改", is_new_version=bool(number % 2),
            by=self.town.cast.office, at=self.moment,
        )  # fmt: skip

    def visit(self, number: int) -> None:
        old, visitor = self.town.members(self.town.cast.branch)[7:9]
        if number % 2:
            record_visit(
                text=self.text, member=old, visitor=visitor, visited_on=self.moment.date(),
                by=self.town.cast.secretary, at=self.moment,
            )  # fmt: skip
        elif receipt := Receipt.objects.filter(how="visit", is_valid=True).first():
            withdraw_visit(
                receipt=receipt, reason="误", by=self.town.cast.secretary, at=self.moment
            )

    def fold(self, number: int) -> None:
        fold_reach(limit=1 + number % 4)

    def recall(self, number: int) -> None:
        if number % 8 == 0:
            recall_text(text=self.text, reason="误", by=self.town.cast.office, at=self.moment)


VERBS = ("read", "read", "meet", "meet", "void", "amend", "visit", "fold", "fold", "recall")


@pytest.mark.django_db
def test_any_sequence(town: Town) -> None:
    """Whatever is done in whatever order, at every level and for every version."""
    cast = town.cast
    people = [
        town.account(member)
        for branch in (cast.branch, cast.other_branch, cast.far_branch)
        for member in town.members(branch)
    ]
    old = town.members(cast.branch)[7]
    begin_spell(member=old, branch=cast.branch, kind="infirm", since=AT.date(), by=None, at=AT)
    text = town.issue(cast.committee)
    work()
    records = [
        Record.objects.create(branch=cast.branch, drafted_by=cast.secretary, drafted_at=AT)
        for _ in range(2)
    ]

    @settings(max_examples=15)
    @given(st.lists(st.tuples(st.sampled_from(VERBS), st.integers(0, 511)), max_size=12))
    def play(steps: list[tuple[str, int]]) -> None:
        with transaction.atomic():
            game = Play(town, Text.objects.get(pk=text.pk), people, records)
            for what, number in steps:
                game.step(what, number)
            while fold_reach():
                pass
            check(game.text)
            for row in Receipt.objects.all():
                assert row.is_folded
                assert row.counted_as == (row.how if row.is_valid else "")
            transaction.set_rollback(True)

    play()


def test_a_reader_of_the_numbers_asks_once(town: Town, django_assert_num_queries: Any) -> None:
    """One statement for a page of organisations, or of texts: a fold cannot come in between."""
    text, other = town.issue(), town.issue(town.cast.committee)
    work()
    town.read(text, town.members(town.cast.branch)[0])
    paths = [town.cast.committee.path, town.cast.far_committee.path, town.cast.branch.path]
    with django_assert_num_queries(1):
        found = coverages(text, paths)
    assert [one.expected for one in found.values()] == [12, 3, 9]
    with django_assert_num_queries(2) as asked:  # its places, and the numbers
        both = coverages_of_texts([text, other], town.cast.branch)
    assert both == {text.pk: Coverage(9, 1), other.pk: Coverage(9)}
    assert sum("dissemination_receipt" in one["sql"] for one in asked.captured_queries) == 1
    with django_assert_num_queries(1):
        assert coverages_of_texts([], town.cast.branch) == {}


def test_the_way_follows_the_receipt(town: Town) -> None:
    """What a meeting gave becomes their own reading, counted or not; a visit taken back goes."""
    cast = town.cast
    text = town.issue()
    work()
    member, other = town.members(cast.branch)[:2]
    rows = [
        Reaching(text.pk, one.pk, 1, cast.branch.path, Receipt.How.MEETING, AT, record=text.pk)
        for one in (member, other)
    ]
    reach_members(rows)
    for is_folded in (False, True):
        if is_folded:
            work()
        assert reach_at(text, cast.commission) == Coverage(15, 2, by_meeting=2)
    town.read(text, member)
    for is_folded in (False, True):
        if is_folded:
            work()
        found = reach_at(text, cast.commission)
        assert (found, found.by_reading) == (Coverage(15, 2, by_meeting=1), 1)
    Receipt.objects.filter(member=other).update(is_valid=False, is_folded=False)
    reach_members([replace(rows[1], how=Receipt.How.READ, record=None)])  # before any fold
    work()
    assert reach_at(text, cast.commission) == Coverage(15, 2)


def test_a_worker_killed_while_folding_has_done_nothing(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It dies between the totals and the marks: the next one folds all of it, once."""
    text = town.issue()
    work()
    for member in town.members(town.cast.branch)[:5]:
        town.read(text, member)
    upsert = folding._upsert

    def die(*arguments: Any) -> None:
        upsert(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(folding, "_upsert", die)
    with pytest.raises(KeyboardInterrupt):
        fold_reach()
    check(text_now(text))
    assert not Reached.objects.exists()
    monkeypatch.setattr(folding, "_upsert", upsert)
    assert fold_reach() == 5
    check(text_now(text))
    assert Reached.objects.get(path=town.cast.branch.path).number == 5


def text_now(text: Text) -> Text:
    return Text.objects.get(pk=text.pk)


def test_workers_fold_at_once_while_people_read(live_town: Town) -> None:
    """Nothing is counted twice and nothing is lost, and nobody waits in a circle."""
    town = live_town
    text = town.issue()
    work()
    branches = (town.cast.branch, town.cast.other_branch, town.cast.far_branch)
    members = [member for branch in branches for member in town.members(branch)]
    people = [town.account(member) for member in members]

    def readers(own: list[Any]) -> Any:
        def act() -> int:
            return sum(acknowledge(text=text, version=1, by=person, at=AT + HOUR) for person in own)

        return act

    def fold() -> int:
        return sum(fold_reach(limit=3) for _ in range(12))

    answers = at_once(readers(people[:8]), readers(people[5:]), fold, fold)
    assert all(isinstance(answer, int) for answer in answers), answers
    assert answers[0] + answers[1] == 15  # three were told twice, and are reached once
    check(text_now(text))
    while fold_reach():
        pass
    check(text_now(text))
    assert Reached.objects.get(path=town.cast.commission.path).number == 15


def test_expected_is_added_up_by_any_number_of_workers(live_town: Town) -> None:
    """Two workers that count at once count each branch once."""
    from zhibu.network.dissemination.services import run_jobs

    text = live_town.issue()
    answers = at_once(*[lambda: run_jobs(AT + HOUR)] * 3)
    assert all(isinstance(answer, int) for answer in answers), answers
    work()
    assert Expected.objects.get(path=live_town.cast.commission.path).number == 15
    check(text_now(text))
