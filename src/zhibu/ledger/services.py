"""Verbs of the ledger: a line for everything that is done; seals over the chains."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone

from zhibu.ledger.keys import sign, signing_key
from zhibu.ledger.models import ChainHead, Entry, Seal
from zhibu.ledger.queries import branches_due_for_sealing
from zhibu.ledger.seals import countersign_message, seal_facts, seal_message
from zhibu.people.keys import new_key
from zhibu.people.models import Person


class Keyed(Protocol):
    """An organisation as far as the ledger knows it: by its key."""

    @property
    def id(self) -> UUID:
        """The key."""
        ...


class NothingToSealError(ValueError):
    """该党支部还没有归档的记录，无可封存。"""


class CountersignRefusedError(ValueError):
    """该封存不能加签。"""


def note(
    *,
    by: Person | None,
    verb: str,
    organization_id: UUID | None,
    subject: models.Model | None,
    detail: Mapping[str, Any] | None = None,
    at: datetime,
) -> Entry:
    """Write one line of the ledger. `by` is None for what the system does by itself."""
    return Entry.objects.create(
        at=at,
        person=by,
        verb=verb,
        organization_id=organization_id,
        subject_kind="" if subject is None else str(subject._meta.model_name),
        subject_id=None if subject is None else subject.pk,
        detail=dict(detail or {}),
    )


def lock_head(branch_id: UUID) -> ChainHead:
    """The head of a branch's chain, held until the transaction ends: here its writers queue."""
    heads = ChainHead.objects.select_for_update()
    head = heads.filter(pk=branch_id).first()
    if head is None:
        ChainHead.objects.bulk_create([ChainHead(branch_id=branch_id)], ignore_conflicts=True)
        head = heads.get(pk=branch_id)
    return head


@transaction.atomic
def seal_branch(*, branch: Keyed, by: Person | None, at: datetime) -> Seal:
    """Sign the head of the branch's chain. The same head again gives the seal that is there.

    `seal.first` to `seal.sequence` are the entries that it is the first to cover. Raises
    NothingToSealError while the chain is empty.
    """
    head = lock_head(branch.id)
    if not head.sequence:
        raise NothingToSealError(NothingToSealError.__doc__)
    last = (
        Seal.objects.filter(branch_id=branch.id)
        .select_related("key", "countersign_key")
        .order_by("-sequence")
        .first()
    )
    if last is not None and last.sequence == head.sequence:
        return last
    key = signing_key(organization_id=branch.id, at=at)
    seal = Seal(
        id=new_key(),
        branch_id=branch.id,
        first=last.sequence + 1 if last else 1,
        sequence=head.sequence,
        link=head.link,
        sealed_at=at,
        key=key,
    )
    seal.signature = sign(key, seal_message(seal_facts(seal)))
    seal.save(force_insert=True)
    note(
        by=by,
        verb="seal_branch",
        organization_id=branch.id,
        subject=seal,
        detail={"first": seal.first, "sequence": seal.sequence, "link": seal.link},
        at=at,
    )
    return seal


@transaction.atomic
def countersign_seal(*, seal: Seal, organization: Keyed, by: Person, at: datetime) -> Seal:
    """The level above confirms a seal. Once more by the same organisation changes nothing.

    That the organisation stands above the branch is for the caller to see. Raises
    CountersignRefusedError for the branch itself and when another level has countersigned.
    """
    # Without what it leads to: for who had to wait, PostgreSQL joins what the row led to before.
    seal = Seal.objects.select_for_update().get(pk=seal.pk)
    if organization.id == seal.branch_id:
        raise CountersignRefusedError("封存须由上级党组织加签，党支部不能为自己加签。")
    if seal.countersign_key is not None:
        if seal.countersign_key.organization_id == organization.id:
            return seal
        raise CountersignRefusedError("这次封存已由另一上级党组织加签。")
    key = signing_key(organization_id=organization.id, at=at)
    seal.countersigned_at = at
    seal.countersign_key = key
    seal.countersignature = sign(key, countersign_message(seal_facts(seal)))
    seal.save(update_fields=["countersigned_at", "countersign_key", "countersignature"])
    note(
        by=by,
        verb="countersign_seal",
        organization_id=seal.branch_id,
        subject=seal,
        detail={"sequence": seal.sequence, "organization": str(organization.id)},
        at=at,
    )
    return seal


class _Branch:
    """A branch known by its key alone."""

    def __init__(self, key: UUID) -> None:
        self._key = key

    @property
    def id(self) -> UUID:
        return self._key


def seal_due_branches(at: datetime) -> int:
    """Seal each branch that has entries without a seal and was not sealed in this month.

    The monthly job; it may run at any time and as often as one likes. Each branch is a transaction
    of its own. Gives the number of new seals.
    """
    local = timezone.localtime(at)
    month = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    count = 0
    for branch_id in branches_due_for_sealing(month):
        seal_branch(branch=_Branch(branch_id), by=None, at=at)
        count += 1
    return count
