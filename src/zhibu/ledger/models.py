"""The ledger: a line for everything that was done; chains' heads, seals, public keys.

The ledger lies below the tree and the records, so it names them by their keys alone: what it says
outlives them.
"""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from zhibu.people.keys import new_key


class LedgerIsPermanentError(RuntimeError):
    """A line of the ledger is written once. It is neither changed nor deleted."""


class EntryQuerySet(models.QuerySet["Entry"]):
    """Reads of the ledger; there is no way to change it from here."""

    def update(self, **_kwargs: Any) -> NoReturn:
        """Refused."""
        raise LedgerIsPermanentError

    def delete(self) -> NoReturn:
        """Refused."""
        raise LedgerIsPermanentError

    def bulk_update(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refused."""
        raise LedgerIsPermanentError


class Entry(models.Model):
    """台账: one person did one thing to one subject at one moment. Written, never changed."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    at = models.DateTimeField(db_index=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    verb = models.CharField(max_length=40)
    organization_id = models.UUIDField(null=True)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.UUIDField(null=True)
    detail = models.JSONField(default=dict)

    objects: ClassVar[EntryQuerySet] = EntryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(fields=["organization_id", "at"], name="entry_organization_at"),
            models.Index(fields=["subject_id", "at"], name="entry_subject_at"),
            models.Index(fields=["-at", "-id"], name="entry_newest"),
        ]


class ChainHead(models.Model):
    """The last link of a branch's chain; the row that writers of one branch wait for."""

    branch_id = models.UUIDField(primary_key=True)
    sequence = models.PositiveIntegerField(default=0)
    link = models.CharField(max_length=64, default="")


class OrganizationKey(models.Model):
    """A public key of an organisation. Its private half never enters the database."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    organization_id = models.UUIDField()
    generation = models.PositiveSmallIntegerField(default=1)
    public_key = models.CharField(max_length=64)  # Ed25519, 32 bytes in hex
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "generation"], name="organization_key_unique"
            )
        ]


class Seal(models.Model):
    """封存: a signature over the head of a branch's chain; the level above may countersign it."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    branch_id = models.UUIDField()
    first = models.PositiveIntegerField()  # it covers the chain from here …
    sequence = models.PositiveIntegerField()  # … up to here
    link = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()
    signature = models.CharField(max_length=128)
    key = models.ForeignKey(OrganizationKey, on_delete=models.PROTECT, related_name="+")
    countersigned_at = models.DateTimeField(null=True, blank=True)
    countersignature = models.CharField(max_length=128, blank=True, default="")
    countersign_key = models.ForeignKey(
        OrganizationKey, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["branch_id", "sequence"], name="seal_once_per_head"),
            models.CheckConstraint(
                condition=Q(first__gte=1, sequence__gte=F("first")), name="seal_covers_something"
            ),
            models.CheckConstraint(
                condition=Q(
                    countersigned_at__isnull=True, countersignature="", countersign_key=None
                )
                | (
                    Q(countersigned_at__isnull=False, countersign_key__isnull=False)
                    & ~Q(countersignature="")
                ),
                name="seal_countersigned_whole",
            ),
        ]
