"""The people that the pages are asked by. Models load late: see tests/conftest.py."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cast import Cast

TODAY = date(2026, 3, 12)  # a Thursday in the middle of a working week


@pytest.fixture
def cast(db: Any, freeze: Callable[[date], None]) -> Cast:
    """The cast, on 12 March 2026."""
    from tests.cast import make_cast

    freeze(TODAY)
    return make_cast()
