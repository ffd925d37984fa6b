"""Two tabs and the worker's own moment send the same thing at once, on real connections."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from tests.cast import Cast, make_cast
from tests.handbook.test_concurrency import at_once
from tests.web.record_story import make_table
from tests.web.test_mobile import send

from zhibu.handbook.models import Record, RecordVersion
from zhibu.ledger.models import Entry
from zhibu.people.keys import new_key

pytestmark = pytest.mark.usefixtures("data_dir")


@pytest.fixture
def cast(transactional_db: None, freeze: Callable[[date], None]) -> Cast:
    freeze(date(2026, 3, 12))
    return make_cast()


def test_sent_by_several_at_once_it_is_filed_once(cast: Cast) -> None:
    """Everybody is told that it is filed; there is one record, one version, one line of the ledger."""
    make_table(cast)
    key = new_key()

    def sending() -> Any:
        return send(cast, cast.secretary, key)

    told = at_once(sending, sending, sending)
    assert [one["state"] for one in told] == ["filed"] * 3, told
    assert Record.objects.count() == RecordVersion.objects.count() == 1
    assert Entry.objects.filter(verb="file_record").count() == 1
