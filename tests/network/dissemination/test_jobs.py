"""Announcing, counting and reminding: in chunks, nothing twice, nothing lost, to the right people."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from tests.handbook.test_concurrency import at_once
from tests.network.dissemination.scene import AT, DAY, HOUR, Town, work
from tests.survival.test_import_kill import environment

from zhibu.ledger.models import Entry
from zhibu.network.dissemination.models import Expected, Text, TextJob
from zhibu.network.dissemination.services import (
    RemindedToday,
    TextRefused,
    amend_text,
    forward_text,
    jobs,
    recall_text,
    remind,
    run_jobs,
)
from zhibu.network.notices.models import Notice
from zhibu.org.models import Member, Membership, Organization
from zhibu.org.services import transfer_member
from zhibu.people.models import Person
from zhibu.rules.reach import Mode


def everybody(town: Town) -> list[Person]:
    """An account for each of the fifteen members."""
    branches = (town.cast.branch, town.cast.other_branch, town.cast.far_branch)
    return [town.account(member) for branch in branches for member in town.members(branch)]


def told(text: Text, words: str = "") -> list[str]:
    """The names of those who have a notice of a text, each as often as they have one."""
    notices = Notice.objects.filter(subject=f"text:{text.pk}", title__contains=words)
    return sorted(notices.values_list("person__name", flat=True))


class TestAnnouncing:
    def test_once_to_each_with_an_account(self, town: Town) -> None:
        """Whoever has no account, or a closed one, is asked without a notice."""
        people = everybody(town)
        Person.objects.filter(pk=people[0].pk).update(is_active=False)
        text = town.issue()
        assert told(text) == []
        work()
        assert told(text) == sorted(person.name for person in people[1:])
        work()
        assert len(told(text)) == 14
        notice = Notice.objects.filter(subject=f"text:{text.pk}")[0]
        assert (notice.kind, notice.address) == ("text", f"/texts/{text.pk}/")

    def test_a_new_version_is_told_anew_and_a_correction_is_not(self, town: Town) -> None:
        """To all, also those who had read the old one."""
        everybody(town)
        text = town.issue()
        town.read(text, town.members(town.cast.branch)[0])
        work()
        assert len(told(text)) == 14
        amended = amend_text(
            text=text, revision=text.revision, title=text.title, body=text.body + "补", note="改",
            is_new_version=False, by=town.cast.office, at=AT + HOUR,
        )  # fmt: skip
        work()
        assert len(told(text)) == 14
        amend_text(
            text=amended, revision=amended.revision, title=text.title, body="重写", note="改",
            is_new_version=True, by=town.cast.office, at=AT + HOUR,
        )  # fmt: skip
        work()
        assert len(told(text, "新版本")) == 15

    def test_a_new_version_does_not_stop_the_handing_down(self, town: Town) -> None:
        """Made before any worker came: the level below is told that it is its turn all the same."""
        text = town.issue(mode=Mode.BY_LEVEL)
        amend_text(
            text=text, revision=text.revision, title=text.title, body="重写", note="改",
            is_new_version=True, by=town.cast.office, at=AT,
        )  # fmt: skip
        work()
        asked = Notice.objects.filter(title__startswith="请转发")
        below = {town.cast.committee.pk, town.cast.far_committee.pk}
        assert set(asked.values_list("organization", flat=True)) == below

    def test_notices_are_taken_back_in_chunks(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """However many were told: each transaction is short, and none is left."""
        for member in town.members(town.cast.branch)[:5]:
            town.account(member)
        text = town.issue()
        work()
        number = Notice.objects.filter(subject=f"text:{text.pk}").count()
        assert number >= 5
        recall_text(text=text, reason="误", by=town.cast.office, at=AT + HOUR)
        monkeypatch.setattr(jobs, "TAKEN", 2)
        assert run_jobs(AT + HOUR) == number // 2 + 1
        assert not Notice.objects.filter(subject=f"text:{text.pk}").exists()
        assert TextJob.objects.get(kind="take_back").done == number

    def test_what_was_recalled_before_is_not_announced(self, town: Town) -> None:
        """It is counted, and nobody hears of it."""
        everybody(town)
        text = town.issue()
        recall_text(text=text, reason="误", by=town.cast.office, at=AT + HOUR)
        work()
        assert told(text) == []
        assert Expected.objects.get(text=text, path=town.cast.commission.path).number == 15

    def test_raising_in_the_middle(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        """After the second of three branches was told: its chunk is undone, and done again."""
        monkeypatch.setattr(jobs, "CHUNK", 1)
        people = everybody(town)
        text = town.issue()
        whole, calls = jobs.tell, []

        def tell(**said: Any) -> int:
            number = whole(**said)
            calls.append(said["once"])
            if len(calls) == 2:
                raise KeyboardInterrupt
            return number

        monkeypatch.setattr(jobs, "tell", tell)
        with pytest.raises(KeyboardInterrupt):
            work()
        assert len(told(text)) == 9
        work()
        assert told(text) == sorted(person.name for person in people)

    def test_chunks_and_branches(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        """With chunks of any size each is told once."""
        everybody(town)
        for size in (1, 2, 3, 100):
            monkeypatch.setattr(jobs, "CHUNK", size)
            text = town.issue(mode=Mode.BY_LEVEL if size == 2 else Mode.AT_ONCE)
            if size == 2:
                for level in (town.cast.committee, town.cast.branch, town.cast.other_branch):
                    forward_text(
                        text=text, organization=level, words="", by=town.cast.office, at=AT + HOUR
                    )
            work()
            assert len(told(text, "新文件")) == (12 if size == 2 else 15)


# The worker as it is, that says when it has told the second branch and then waits to be killed.
WORKER = """
import time
from zhibu.ops.cli import set_up_django
set_up_django()
from zhibu.network.dissemination.services import jobs
from zhibu.web import clock
jobs.CHUNK, told, tell = 1, [], jobs.tell

def slowly(**said):
    number = tell(**said)
    told.append(said["once"])
    if len(told) == 2:
        print("told", flush=True)
        time.sleep(300)
    return number

jobs.tell = slowly
while jobs.run_jobs(clock.now()):
    pass
"""


def test_a_worker_killed_in_the_middle_of_a_publication(live_town: Town, data_dir: Path) -> None:
    """Nothing half done, nothing twice, nothing lost."""
    town = live_town
    people = everybody(town)
    text = town.issue()
    connection.close()
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER], env=environment(data_dir), stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    assert "told" in worker.stdout.readline()
    assert len(told(text)) == 9  # the first branch; the second is not seen by anybody
    worker.kill()
    worker.wait(30)
    assert len(told(text)) == 9
    assert TextJob.objects.filter(finished_at=None).exists()
    work()
    assert told(text) == sorted(person.name for person in people)
    assert Expected.objects.get(path=town.cast.commission.path).number == 15
    assert Expected.objects.get(path=town.cast.branch.path).number == 9


def test_workers_at_once_tell_each_once(live_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three workers, three texts."""
    monkeypatch.setattr(jobs, "CHUNK", 1)
    everybody(live_town)
    texts = [live_town.issue() for _ in range(3)]
    answers = at_once(*[lambda: run_jobs(AT + HOUR)] * 3)
    assert all(isinstance(answer, int) for answer in answers), answers
    work()
    for text in texts:
        assert len(told(text)) == len(set(told(text))) == 15


class TestReminding:
    def remind(self, town: Town, text: Text, at: Organization, days: int = 1) -> int:
        return remind(text=text, organization=at, by=town.cast.office, at=AT + days * DAY)

    def test_those_not_reached_and_no_others(self, town: Town) -> None:
        """Not those who have read it, nor those who left, nor those elsewhere."""
        everybody(town)
        text = town.issue()
        work()
        reader, gone, *others = town.members(town.cast.branch)
        town.read(text, reader)
        on = (AT + DAY).date()
        transfer_member(member=gone, branch=town.cast.far_branch, on=on, by=None, at=AT + DAY)
        assert self.remind(town, text, town.cast.branch, days=2) == 7
        assert told(text, "请阅读") == []
        work(AT + 2 * DAY)
        assert told(text, "请阅读") == sorted(member.name for member in others)
        entry = Entry.objects.get(verb="remind_text")
        assert entry.organization_id == town.cast.branch.pk

    def test_not_twice_within_a_day(self, town: Town) -> None:
        """Neither by the branch again, nor twice by two levels; the next day again."""
        everybody(town)
        text = town.issue()
        work()
        assert self.remind(town, text, town.cast.branch) == 9
        with pytest.raises(RemindedToday):
            self.remind(town, text, town.cast.branch)
        work(AT + DAY)
        assert self.remind(town, text, town.cast.committee) == 12
        work(AT + DAY)
        assert len(told(text, "请阅读")) == len(set(told(text, "请阅读"))) == 12
        with pytest.raises(RemindedToday):  # the level above has done it
            self.remind(town, text, town.cast.other_branch)
        assert self.remind(town, text, town.cast.branch, days=2) == 9

    def test_only_who_may_still_see_it(self, town: Town) -> None:
        """What was recalled, read or replaced before their turn came is left out (mistake 7)."""
        everybody(town)
        text = town.issue()
        work()
        assert self.remind(town, text, town.cast.branch) == 9
        town.read(text, town.members(town.cast.branch)[0])
        work(AT + DAY)
        assert len(told(text, "请阅读")) == 8
        self.remind(town, text, town.cast.other_branch)
        recall_text(text=text, reason="误", by=town.cast.office, at=AT + DAY)
        work(AT + DAY)
        assert told(text) == []
        with pytest.raises(TextRefused):
            self.remind(town, text, town.cast.commission)

    def test_nobody_to_remind(self, town: Town) -> None:
        """Of members without accounts none; no job is left behind, and one may ask again."""
        Member.objects.update(person=None)
        text = town.issue()
        work()
        assert self.remind(town, text, town.cast.branch) == 0
        assert not TextJob.objects.filter(kind="remind").exists()
        draft = town.draft()
        with pytest.raises(TextRefused):
            self.remind(town, draft, town.cast.branch)

    def test_what_has_not_come_down_is_not_asked_for(self, town: Town) -> None:
        """Level by level: members of a branch that did not send it on cannot see it."""
        everybody(town)
        text = town.issue(mode=Mode.BY_LEVEL)
        assert self.remind(town, text, town.cast.commission) == 0
        for level in (town.cast.committee, town.cast.branch):
            forward_text(text=text, organization=level, words="", by=town.cast.office, at=AT + HOUR)
        assert self.remind(town, text, town.cast.commission) == 9

    def test_two_at_once(self, live_town: Town) -> None:
        """One of them reminds, the other is told so."""
        everybody(live_town)
        text = live_town.issue()
        work()
        answers = at_once(*[lambda: self.remind(live_town, text, live_town.cast.branch)] * 2)
        assert sorted(type(answer).__name__ for answer in answers) == ["RemindedToday", "int"]
        work(AT + DAY)
        assert (
            len(told(text, "请阅读"))
            == Membership.objects.filter(branch=live_town.cast.branch).count()
        )
