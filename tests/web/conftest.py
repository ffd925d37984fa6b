"""The people that the pages are asked by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from tests.cast import Cast, make_cast

TODAY = date(2026, 3, 12)  # a Thursday in the middle of a working week


@pytest.fixture
def cast(db: Any, freeze: Callable[[date], None]) -> Cast:
    """The cast, on 12 March 2026."""
    freeze(TODAY)
    return make_cast()
