"""The worker does its chores when they are due, and outlives their failures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from zhibu.ops import cli
from zhibu.ops.worker import CHORES, Chore, Round
from zhibu.web import beats

NOW = datetime(2026, 3, 12, 2, 30, tzinfo=UTC)


@pytest.mark.django_db
def test_chores_are_done_when_due_and_not_before() -> None:
    """At the start, and then after each one's own pause."""
    done: list[str] = []
    quick = Chore("quick", timedelta(seconds=5), lambda: done.append("quick"))
    slow = Chore("slow", timedelta(hours=1), lambda: done.append("slow"))
    chores = Round((quick, slow))
    assert chores.do_due(NOW) == ["quick", "slow"]
    assert chores.do_due(NOW + timedelta(seconds=4)) == []
    assert chores.do_due(NOW + timedelta(seconds=5)) == ["quick"]
    assert chores.do_due(NOW + timedelta(hours=1)) == ["quick", "slow"]
    assert done == ["quick", "slow", "quick", "quick", "slow"]


@pytest.mark.django_db
def test_a_chore_that_fails_does_not_stop_the_others() -> None:
    """It is written down and tried again next time."""

    def fail() -> None:
        raise RuntimeError("no")

    done: list[str] = []
    chores = Round(
        (
            Chore("bad", timedelta(seconds=5), fail),
            Chore("good", timedelta(seconds=5), lambda: done.append("good")),
        )
    )
    assert chores.do_due(NOW) == ["good"]
    assert chores.do_due(NOW + timedelta(seconds=5)) == ["good"]


@pytest.mark.django_db(transaction=True)
def test_every_chore_of_the_program_works(data_dir: Path) -> None:
    """On an empty database none fails: each is really there."""
    assert Round().do_due(NOW) == [chore.name for chore in CHORES]
    assert beats.last_beat(data_dir, now=datetime.now(UTC)) is not None


@pytest.mark.django_db(transaction=True)
def test_once_ends_by_itself(data_dir: Path) -> None:
    """`zhibu worker --once` finishes what waits, for those who use a timer of their own."""
    assert cli.run(["worker", "--once"]) == 0
    assert list((data_dir / "beats").glob("*.json")) == []
