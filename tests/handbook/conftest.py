"""The scene, as fixtures. Models are loaded late: Django is set up after this file is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

if TYPE_CHECKING:
    from tests.handbook.scene import Scene


@pytest.fixture
def scene(db: None, data_dir: Any) -> Scene:
    from tests.handbook.scene import make_scene

    return make_scene()


@pytest.fixture
def live_scene(transactional_db: None, data_dir: Any) -> Scene:
    """The same with real transactions, for several connections at once."""
    from tests.handbook.scene import make_scene

    return make_scene()


@pytest.fixture
def key() -> UUID:
    return uuid4()
