"""Keys, seals and the ledger: derived once, signed once, never rewritten."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhibu.ledger.canonical import canonical_moment, canonical_text
from zhibu.ledger.keys import (
    KeyMismatchError,
    MasterKeyError,
    derive_public_key,
    inspect_master,
    is_own_key,
    make_master,
    master_path,
    renew_master,
    retired_path,
    sign,
    signing_key,
)
from zhibu.ledger.models import ChainHead, Entry, LedgerIsPermanentError, OrganizationKey, Seal
from zhibu.ledger.seals import is_countersigned, is_seal_signed, seal_code, seal_facts
from zhibu.ledger.services import (
    CountersignRefusedError,
    NothingToSealError,
    countersign_seal,
    note,
    seal_branch,
    seal_due_branches,
)
from zhibu.ledger.signatures import is_signed
from zhibu.people.models import Person

AT = datetime(2026, 3, 31, 18, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


class Org:
    def __init__(self) -> None:
        self.id = uuid4()


@pytest.fixture
def branch(db: None, data_dir: Path) -> Org:
    org = Org()
    ChainHead.objects.create(branch_id=org.id, sequence=3, link="ab" * 32)
    return org


@pytest.fixture
def person(db: None) -> Person:
    return Person.objects.create(username="dangban", name="甲")


def test_the_master_is_made_once(data_dir: Path) -> None:
    """Many who need it first at once end with one secret, readable by its owner only."""
    path = master_path()
    threads = [threading.Thread(target=make_master, args=(path,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first = path.read_text(encoding="ascii")
    make_master(path)
    assert path.read_text(encoding="ascii") == first
    assert len(first) == 64
    assert path.stat().st_mode & 0o077 == 0 or path.drive
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_spoiled_master_is_told(data_dir: Path) -> None:
    """A file that is no secret is an error that names it, never a new secret."""
    master_path().write_text("not hex", encoding="ascii")
    with pytest.raises(MasterKeyError, match="signing-key"):
        derive_public_key(uuid4(), 1)


def test_keys_differ_by_organization_and_generation(branch: Org, data_dir: Path) -> None:
    """Nobody signs with another's key, and no generation with another's secret."""
    first, second = uuid4(), uuid4()
    keys = {derive_public_key(first, 1), derive_public_key(second, 1)}
    assert renew_master() == 2
    assert len(keys | {derive_public_key(first, 2)}) == 3
    assert derive_public_key(first, 1) in keys
    assert master_path(2).read_text(encoding="ascii") != master_path().read_text(encoding="ascii")


def test_another_master_is_refused_until_the_key_is_renewed(branch: Org) -> None:
    """A database that was moved without its secret says so instead of signing falsely."""
    make_master(master_path())
    row = OrganizationKey.objects.create(
        organization_id=branch.id, generation=1, public_key="0" * 64, created_at=AT
    )
    with pytest.raises(KeyMismatchError):
        signing_key(organization_id=branch.id, at=AT)
    assert isinstance(inspect_master(), KeyMismatchError)
    renew_master()
    renewed = signing_key(organization_id=branch.id, at=AT)
    assert renewed.generation == 2
    assert inspect_master() is None
    assert signing_key(organization_id=branch.id, at=AT) == renewed
    assert OrganizationKey.objects.get(generation=1) == row


def test_a_lost_master_is_never_made_anew_in_silence(branch: Org) -> None:
    """Signing stops and says what to do; what was sealed stays provable after the renewal."""
    seal_branch(branch=branch, by=None, at=AT)
    sealed = OrganizationKey.objects.get()
    was = (sealed.public_key, str(branch.id), 1)
    master_path().unlink()
    ChainHead.objects.filter(pk=branch.id).update(sequence=5, link="cd" * 32)
    with pytest.raises(MasterKeyError, match="keys renew"):
        seal_branch(branch=branch, by=None, at=AT)
    assert isinstance(inspect_master(), MasterKeyError)
    assert not master_path().exists()
    renew_master()
    assert seal_branch(branch=branch, by=None, at=AT).key.generation == 2
    assert is_own_key(*was)
    forged = OrganizationKey(public_key=derive_public_key(uuid4(), 2))
    assert not is_own_key(forged.public_key, str(branch.id), 1)
    assert not is_own_key(forged.public_key, str(branch.id), 2)
    assert not is_own_key(forged.public_key, str(branch.id), 3), "it has not begun"
    assert not is_own_key(forged.public_key, "x", 1), "nobody has this key"


def test_a_machine_without_keys_cannot_tell(branch: Org) -> None:
    """An auditor's copy of the database verifies signatures and chains; ownership is told elsewhere."""
    assert is_own_key("0" * 64, str(branch.id), 1)


def test_a_spoiled_list_of_retired_keys_is_told(branch: Org) -> None:
    """It names the file instead of taking every old seal for forged."""
    seal_branch(branch=branch, by=None, at=AT)
    renew_master()
    master_path().unlink()
    retired_path(1).write_text("[]", encoding="ascii")
    with pytest.raises(MasterKeyError, match="retired-keys-1"):
        is_own_key("0" * 64, str(branch.id), 1)


@pytest.mark.parametrize("junk", ["", "00", "zz" * 64, "AB" * 64, "é", "0" * 128])
def test_junk_is_not_signed(branch: Org, junk: str) -> None:
    """No junk raises; capitals of a good signature are junk too."""
    key = signing_key(organization_id=branch.id, at=AT)
    good = sign(key, b"message")
    assert is_signed(key.public_key, b"message", good)
    assert not is_signed(key.public_key, b"message", junk)
    assert not is_signed(junk, b"message", good)
    assert not is_signed(key.public_key, b"message", good.upper())
    assert not is_signed(key.public_key, b"massage", good)


def test_a_head_is_sealed_once(branch: Org, person: Person) -> None:
    """The same head gives the same seal; the next one covers what came since."""
    first = seal_branch(branch=branch, by=person, at=AT)
    assert seal_branch(branch=branch, by=person, at=AT + timedelta(hours=1)) == first
    ChainHead.objects.filter(pk=branch.id).update(sequence=5, link="cd" * 32)
    second = seal_branch(branch=branch, by=person, at=AT + timedelta(hours=2))
    assert [(s.first, s.sequence) for s in (first, second)] == [(1, 3), (4, 5)]
    assert Entry.objects.filter(verb="seal_branch").count() == 2
    stored = Seal.objects.select_related("key", "countersign_key").get(pk=second.pk)
    assert is_seal_signed(seal_facts(stored))
    assert len(seal_code(stored.signature)) == 19


def test_an_empty_chain_cannot_be_sealed(db: None, data_dir: Path) -> None:
    """There is nothing to sign."""
    with pytest.raises(NothingToSealError):
        seal_branch(branch=Org(), by=None, at=AT)


def test_only_one_level_above_countersigns(branch: Org, person: Person) -> None:
    """Once more by the same is nothing; another, or the branch itself, is refused."""
    seal = seal_branch(branch=branch, by=person, at=AT)
    above = Org()
    signed = countersign_seal(seal=seal, organization=above, by=person, at=AT)
    again = countersign_seal(seal=seal, organization=above, by=person, at=AT + timedelta(days=1))
    assert again.countersignature == signed.countersignature
    assert is_countersigned(seal_facts(again))
    for other in (Org(), branch):
        with pytest.raises(CountersignRefusedError):
            countersign_seal(seal=seal, organization=other, by=person, at=AT)


def test_the_monthly_job_seals_what_is_due_and_only_that(branch: Org) -> None:
    """Once a month for a branch with new entries, however often it runs; not one without any."""
    ChainHead.objects.create(branch_id=uuid4())
    assert seal_due_branches(AT) == 1
    assert seal_due_branches(AT) == 0
    ChainHead.objects.filter(pk=branch.id).update(sequence=4, link="ef" * 32)
    assert seal_due_branches(AT) == 0
    assert seal_due_branches(AT + timedelta(days=1)) == 1
    assert seal_due_branches(AT + timedelta(days=40)) == 0


def test_the_ledger_has_no_way_back(person: Person) -> None:
    """Lines are neither changed nor deleted in bulk, whoever asks."""
    note(by=person, verb="test", organization_id=None, subject=person, at=AT)
    for change in (
        lambda: Entry.objects.all().delete(),
        lambda: Entry.objects.update(verb="other"),
        lambda: Entry.objects.bulk_update(list(Entry.objects.all()), ["verb"]),
    ):
        with pytest.raises(LedgerIsPermanentError):
            change()
    entry = Entry.objects.get()
    assert (entry.subject_kind, entry.subject_id, entry.person) == ("person", person.id, person)


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(JSON)
def test_canonical_text_reads_back(value: Any) -> None:
    """The same value has one text, whatever the order of its keys."""
    import json

    text = canonical_text(value)
    assert json.loads(text) == value
    assert canonical_text(json.loads(text)) == text


def test_moments_are_told_in_utc() -> None:
    """To the microsecond, and never without a time zone."""
    assert canonical_moment(AT) == "2026-03-31T10:00:00.000000Z"
    with pytest.raises(ValueError, match="zone"):
        canonical_moment(datetime(2026, 3, 31))
