"""`verify` finds what was changed behind our back, and nothing where nothing was changed."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models import Model
from tests.handbook.history import make_history
from tests.handbook.scene import Scene

from zhibu.handbook.models import Attachment, RecordVersion
from zhibu.handbook.verification import verify_database
from zhibu.ledger.models import Seal
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


@pytest.mark.parametrize("table", [RecordVersion, Seal, Attachment])
def test_a_moment_has_one_spelling(scene: Scene, table: type[Model]) -> None:
    """Another sign between day and time reads the same to people, and no page can show it."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL keeps moments, not their spelling")
    make_history(scene)
    columns = {RecordVersion: "filed_at", Seal: "sealed_at", Attachment: "added_at"}
    column, name = columns[table], table._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {name} SET {column} = replace({column}, ' ', 'x')")
    (outcome,) = verify_database()
    assert outcome.fault is not None


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
