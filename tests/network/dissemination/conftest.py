"""The scene, as fixtures. Models are loaded late: Django is set up after this file is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.network.dissemination.scene import Town


@pytest.fixture
def town(db: None, data_dir: Any) -> Town:
    from tests.network.dissemination.scene import make_town

    return make_town()


@pytest.fixture
def live_town(transactional_db: None, data_dir: Any) -> Town:
    """The same with real transactions, for several connections at once."""
    from tests.network.dissemination.scene import make_town

    return make_town()
