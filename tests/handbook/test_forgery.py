"""What was never filed is told apart from what was changed: the ledger knows what was filed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from tests.handbook.history import make_history
from tests.handbook.scene import AT, Scene

from zhibu.handbook.models import Record, RecordVersion
from zhibu.handbook.verification import verify_database
from zhibu.handbook.versions import compose_version
from zhibu.ledger.models import ChainHead, Entry
from zhibu.ops.cli import run
from zhibu.rules.chains import FaultKind


def fault_of() -> tuple[FaultKind, int] | None:
    """Kind and place of what is wrong with the only branch."""
    (outcome,) = verify_database()
    return (outcome.fault.kind, outcome.fault.sequence) if outcome.fault else None


def forge(scene: Scene, place: int, **changes: Any) -> RecordVersion:
    """Store an entry that looks like one, with a record of its own, past every verb."""
    last = RecordVersion.objects.order_by("-sequence").first()
    assert last is not None
    by = scene.cast.secretary
    record = Record.objects.create(branch=scene.branch, draft={}, drafted_by=by, drafted_at=AT)
    made = compose_version(
        record_id=record.pk, branch_id=scene.branch.pk, sequence=place, previous=last.link,
        version=1, action=RecordVersion.Action.FILE, submission=uuid4(), filed_by_id=by.pk,
        filed_at=AT + timedelta(days=20), content=scene.content(**changes),
    )  # fmt: skip
    made.save(force_insert=True)
    Record.objects.filter(pk=record.pk).update(state="filed", draft=None, current=made)
    return made


def set_head(sequence: int, link: str) -> None:
    ChainHead.objects.update(sequence=sequence, link=link)


def a_copy_of_the_last_behind_it() -> RecordVersion:
    """A row like the last one under another key, its link the old one's: not what it says itself."""
    copy = RecordVersion.objects.order_by("-sequence")[0]
    copy.pk, copy.submission = uuid4(), uuid4()
    copy.sequence, copy.version, copy.action = copy.sequence + 1, copy.version + 1, "correct"
    RecordVersion.objects.bulk_create([copy])
    return copy


@pytest.mark.parametrize("is_head_moved", [False, True])
def test_a_copy_behind_the_end_was_inserted(scene: Scene, is_head_moved: bool) -> None:
    """Not 被改动: nobody changed anything that was filed, whether or not the head was moved along."""
    make_history(scene)
    copy = a_copy_of_the_last_behind_it()
    if is_head_moved:
        set_head(copy.sequence, copy.link)
    assert fault_of() == (FaultKind.INSERTED, 16)


def test_an_entry_far_behind_the_end_was_inserted(scene: Scene) -> None:
    """It is not that those between are missing."""
    make_history(scene)
    forged = forge(scene, 40)
    set_head(40, forged.link)
    assert fault_of() == (FaultKind.INSERTED, 40)


def test_one_whose_parts_do_not_even_fit_was_inserted(scene: Scene) -> None:
    """That its minutes are not what its digest says matters less than that nobody filed it."""
    make_history(scene)
    forged = forge(scene, 16)
    RecordVersion.objects.filter(pk=forged.pk).update(minutes='"另一番话"')
    assert fault_of() == (FaultKind.INSERTED, 16)


def test_a_perfect_forgery_behind_the_last_seal_was_inserted(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    """Parts, link, record and head all fit, as anybody can make them: the ledger has no line."""
    make_history(scene)
    forged = forge(scene, 16)
    set_head(16, forged.link)
    assert fault_of() == (FaultKind.INSERTED, 16)
    assert run(["verify"]) == 1
    said = capsys.readouterr().out
    assert "第16号记录是后来插入的，从未按规定归档。" in said
    assert forged.record_id.hex in said


def test_one_that_pushed_the_true_ones_on_was_inserted(scene: Scene) -> None:
    """At a place where another was filed, which now stands behind it: the false one is named."""
    make_history(scene)
    for row in RecordVersion.objects.filter(sequence__gte=7).order_by("-sequence"):
        RecordVersion.objects.filter(pk=row.pk).update(sequence=row.sequence + 1)
    forge(scene, 7)
    ChainHead.objects.update(sequence=16)
    assert fault_of() == (FaultKind.INSERTED, 7)


def test_a_head_that_was_set_back_accuses_nobody(scene: Scene) -> None:
    """The last entries were filed, the ledger knows them: the head is what is wrong."""
    make_history(scene)
    before = RecordVersion.objects.get(sequence=14)
    set_head(14, before.link)
    assert fault_of() == (FaultKind.HEAD, 15)


CHANGES: dict[str, Callable[[RecordVersion], dict[str, Any]]] = {
    "record": lambda _: {
        "record": RecordVersion.objects.get(sequence=1).record_id,
        "version": 9,
        "action": "correct",
    },
    "version": lambda _: {"version": 9, "action": "correct"},
    "link": lambda _: {"link": "ab" * 32},
    "happened_on": lambda row: {"happened_on": row.happened_on + timedelta(days=1)},
    "minutes": lambda _: {"minutes": '"另一番话"'},
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_last_entry_is_still_changed(scene: Scene, what: str) -> None:
    """Whatever of it was changed, it was filed: it is not said to be inserted."""
    make_history(scene)
    scene.file()
    last = RecordVersion.objects.get(sequence=16)
    RecordVersion.objects.filter(pk=last.pk).update(**CHANGES[what](last))
    assert fault_of() == (FaultKind.CHANGED, 16)


def forget_in_the_ledger(*places: int) -> None:
    """Lines of the ledger are gone, past its refusal to delete."""
    for key, detail in Entry.objects.filter(verb__endswith="_record").values_list("pk", "detail"):
        if detail.get("sequence") in places:
            column = Entry._meta.pk.get_db_prep_value(key, connection)
            with connection.cursor() as cursor:
                cursor.execute(f"DELETE FROM {Entry._meta.db_table} WHERE id = %s", [column])


@pytest.mark.parametrize("places", [(3,), tuple(range(1, 16))])
def test_a_ledger_that_lost_lines_is_said_to_have(scene: Scene, places: tuple[int, ...]) -> None:
    """Entries that others follow were filed: it is the ledger that lacks something."""
    make_history(scene)
    forget_in_the_ledger(*places)
    assert fault_of() == (FaultKind.LEDGER, places[0])


def test_without_a_ledger_a_changed_entry_is_changed(scene: Scene) -> None:
    """What is gone from the ledger proves nothing against an entry."""
    make_history(scene)
    forget_in_the_ledger(*range(1, 16))
    RecordVersion.objects.filter(sequence=15).update(link="ab" * 32)
    assert fault_of() == (FaultKind.CHANGED, 15)


def test_what_is_no_key_is_an_outcome(scene: Scene) -> None:
    """SQLite stores whatever somebody writes into a column: verifying goes on to the end."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL refuses what is no key")
    make_history(scene)
    with connection.constraint_checks_disabled(), connection.cursor() as cursor:
        table = RecordVersion._meta.db_table
        cursor.execute(f"UPDATE {table} SET branch_id = 'x' WHERE sequence = 15")
        outcomes = {one.branch: one.fault for one in verify_database()}
        assert run(["verify"]) == 1
        cursor.execute(
            f"UPDATE {table} SET branch_id = %s WHERE sequence = 15", [scene.branch.pk.hex]
        )
    assert set(outcomes) == {"x", scene.branch.pk.hex}
    assert None not in outcomes.values()
