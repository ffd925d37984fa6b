"""`verify` finds what was changed behind our back, and nothing where nothing was changed."""

from __future__ import annotations

from tests.handbook.history import make_history
from tests.handbook.scene import Scene

from zhibu.handbook.verification import verify_database


def test_an_untouched_history_verifies(scene: Scene) -> None:
    """Filings, corrections, voids, redactions, seals and files: all is as it was filed."""
    versions = make_history(scene)
    (outcome,) = verify_database(has_bytes=True)
    assert outcome.fault is None
    assert (outcome.versions, outcome.seals, outcome.redacted) == (len(versions), 2, 2)


def test_nothing_to_verify(scene: Scene) -> None:
    """An empty database is in order."""
    assert list(verify_database()) == []
