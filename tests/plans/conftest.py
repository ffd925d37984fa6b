"""The cast, their draft and their adopted table. Models load late: see tests/conftest.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plans.story import Cast

    from zhibu.plans.models import Plan


@pytest.fixture
def cast(db: None) -> Cast:
    from tests.plans.story import make_cast

    return make_cast()


@pytest.fixture
def draft(cast: Cast) -> Plan:
    from tests.plans.story import AT

    from zhibu.plans.services import draft_plan

    return draft_plan(branch=cast.branch, year=2026, by=cast.secretary, at=AT)


@pytest.fixture
def adopted(cast: Cast, draft: Plan) -> Plan:
    from tests.plans.story import AT

    from zhibu.plans.services import adopt_plan

    return adopt_plan(plan=draft, revision=draft.revision, by=cast.secretary, at=AT)
