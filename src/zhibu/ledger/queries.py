"""Reads of the ledger."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from zhibu.ledger.models import ChainHead, Entry, Seal


def entries_of(subject_id: UUID) -> QuerySet[Entry]:
    """What was done to one subject, the newest first."""
    return Entry.objects.filter(subject_id=subject_id).select_related("person").order_by("-at")


def seals_of(branch_id: UUID) -> QuerySet[Seal]:
    """The seals of a branch in their order, with their keys."""
    return (
        Seal.objects.filter(branch_id=branch_id)
        .select_related("key", "countersign_key")
        .order_by("sequence")
    )


def branches_due_for_sealing(month: datetime) -> Iterable[UUID]:
    """The branches with unsealed entries that have no seal since the beginning of that month."""
    last = Seal.objects.filter(branch_id=OuterRef("branch_id")).order_by("-sequence")
    due = ChainHead.objects.annotate(
        covered=Subquery(last.values("sequence")[:1]),
        covered_at=Subquery(last.values("sealed_at")[:1]),
    ).filter(Q(covered=None, sequence__gt=0) | Q(covered__lt=F("sequence"), covered_at__lt=month))
    # All at once: each is sealed in a transaction of its own while this list is walked.
    return list(due.values_list("branch_id", flat=True))


def count_unsealed(branch_id: UUID) -> int:
    """How many entries of the chain no seal covers yet."""
    head = ChainHead.objects.filter(pk=branch_id).first()
    last = Seal.objects.filter(branch_id=branch_id).order_by("-sequence").first()
    return (head.sequence if head else 0) - (last.sequence if last else 0)


def first_covering(seals: Sequence[Seal], sequence: int) -> Seal | None:
    """The first of the seals (in their order) that covers an entry: it gives the third time."""
    at = bisect_left(seals, sequence, key=lambda seal: seal.sequence)
    return seals[at] if at < len(seals) else None
