"""Two at once, on real connections: one wins, the other is told, nothing is half done."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.handbook.test_concurrency import at_once
from tests.network.dissemination.scene import AT, HOUR, Town, work

from zhibu.network.dissemination.models import Forward, Receipt, Text, TextJob, TextVersion
from zhibu.network.dissemination.queries import reach_at
from zhibu.network.dissemination.services import (
    TextConflict,
    TextRefused,
    acknowledge,
    amend_text,
    forward_text,
    issue_text,
    recall_text,
)
from zhibu.rules.reach import Coverage, Mode


def kinds(answers: list[Any]) -> Counter[str]:
    return Counter(type(answer).__name__ for answer in answers)


def test_issuing_at_once(live_town: Town) -> None:
    """One issue, one version, one of each job (mistake 3)."""
    text = live_town.draft()
    office = live_town.cast.office
    answers = at_once(
        *[lambda: issue_text(text=text, revision=text.revision, by=office, at=AT)] * 3
    )
    assert kinds(answers) == {"Text": 1, "TextRefused": 2}
    assert TextVersion.objects.count() == 1
    assert TextJob.objects.count() == 2


def test_amending_at_once(live_town: Town) -> None:
    """The second is told that somebody was quicker; nothing is overwritten."""
    text = live_town.issue()

    def amend(body: str) -> Any:
        return lambda: amend_text(
            text=text, revision=text.revision, title=text.title, body=body, note="改",
            is_new_version=True, by=live_town.cast.office, at=AT + HOUR,
        )  # fmt: skip

    answers = at_once(amend("甲的改动"), amend("乙的改动"))
    assert kinds(answers) == {"Text": 1, TextConflict.__name__: 1}
    now = Text.objects.get()
    assert (now.version, now.revision) == (2, 3)
    assert TextVersion.objects.get(version=2).body == now.body


def test_recalling_at_once(live_town: Town) -> None:
    """One reason stands."""
    text = live_town.issue()

    def recall(reason: str) -> Any:
        return lambda: recall_text(text=text, reason=reason, by=live_town.cast.office, at=AT + HOUR)

    answers = at_once(recall("甲"), recall("乙"))
    assert kinds(answers) == {"Text": 1, TextRefused.__name__: 1}
    assert TextJob.objects.filter(kind="take_back").count() == 1


def test_forwarding_at_once(live_town: Town) -> None:
    """Secretary and deputy both send it on: once."""
    text = live_town.issue(mode=Mode.BY_LEVEL)

    def forward(words: str) -> Any:
        return lambda: forward_text(
            text=text, organization=live_town.cast.committee, words=words,
            by=live_town.cast.office, at=AT + HOUR,
        )  # fmt: skip

    answers = at_once(forward("甲"), forward("乙"), forward("丙"))
    assert kinds(answers) == {"Forward": 1, TextRefused.__name__: 2}
    assert Forward.objects.count() == 1


def test_acknowledging_while_it_is_recalled_and_amended(live_town: Town) -> None:
    """Each reader either has a receipt of the version they saw, or is told why not."""
    town = live_town
    members = [*town.members(town.cast.branch), *town.members(town.cast.other_branch)]
    people = [town.account(member) for member in members]
    text = town.issue()

    def read(person: Any) -> Any:
        return lambda: acknowledge(text=text, version=text.version, by=person, at=AT + HOUR)

    def amend() -> Any:
        return amend_text(
            text=text, revision=text.revision, title=text.title, body="重写", note="改",
            is_new_version=True, by=town.cast.office, at=AT + HOUR,
        )  # fmt: skip

    def recall() -> Any:
        return recall_text(text=text, reason="误", by=town.cast.office, at=AT + HOUR)

    *answers, amended = at_once(*map(read, people[:6]), amend)
    assert isinstance(amended, Text)
    assert set(kinds(answers)) <= {"bool", "VersionGone"}
    first = sum(answer is True for answer in answers)
    assert Receipt.objects.filter(version=1).count() == first
    text = amended
    *answers, recalled = at_once(*map(read, people[6:]), recall)
    assert isinstance(recalled, Text)
    assert set(kinds(answers)) <= {"bool", "TextRefused"}
    second = sum(answer is True for answer in answers)
    assert Receipt.objects.filter(version=2).count() == second
    work()
    assert reach_at(Text.objects.get(), town.cast.commission) == Coverage(15, second)


def test_the_same_reader_twice_at_once(live_town: Town) -> None:
    """Two taps: one receipt."""
    text = live_town.issue()
    person = live_town.account(live_town.members(live_town.cast.branch)[4])
    answers = at_once(*[lambda: acknowledge(text=text, version=1, by=person, at=AT + HOUR)] * 4)
    assert Counter(answers) == {True: 1, False: 3}
    assert Receipt.objects.count() == 1
