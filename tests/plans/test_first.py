"""The verbs of the annual table, one after another."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest

from tests.plans.story import AT, Cast
from zhibu.plans.models import LineChange, Plan
from zhibu.plans.queries import find_plan, lines_of, read_tallies
from zhibu.plans.services import *  # noqa: F403


def test_draft(draft: Plan, cast: Cast) -> None:
    lines = list(lines_of(draft))
    for l in lines: print(l, l.practice_class, l.due_on, l.event, l.group)
    assert len(lines) == 4 + 4 + 12 + 12
    print(read_tallies([cast.branch, cast.bureau], 2026))
