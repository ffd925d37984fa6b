"""`verify` finds what was changed behind our back, and nothing where nothing was changed."""

from __future__ import annotations

import pytest
from tests.handbook.history import make_history
from tests.handbook.scene import Scene

from zhibu.handbook.models import RecordVersion
from zhibu.handbook.verification import verify_database
from zhibu.rules.chains import FaultKind


def test_an_untouched_history_verifies(scene: Scene) -> None:
    """Filings, corrections, voids, redactions, seals and files: all is as it was filed."""
    versions = make_history(scene)
    (outcome,) = verify_database(has_bytes=True)
    assert outcome.fault is None
    assert (outcome.versions, outcome.seals, outcome.redacted) == (len(versions), 2, 2)


def test_nothing_to_verify(scene: Scene) -> None:
    """An empty database is in order."""
    assert list(verify_database()) == []


def test_helpers_find_what_one_process_finds(
    live_scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each batch in a process of its own, with the same database, keys and files: same outcomes."""
    make_history(live_scene)
    branches = [live_scene.branch.id.hex, live_scene.cast.other_branch.id.hex]
    monkeypatch.setattr("zhibu.handbook.verification.BATCH", 1)
    alone = list(verify_database(branches=branches, has_bytes=True))
    assert list(verify_database(branches=branches, has_bytes=True, processes=2)) == alone
    assert [outcome.fault for outcome in alone] == [None, None]
    RecordVersion.objects.filter(sequence=3).update(minutes="另一番话")
    found = [one.fault for one in verify_database(branches=branches, processes=2) if one.fault]
    assert [(fault.kind, fault.sequence) for fault in found] == [(FaultKind.CHANGED, 3)]
