"""Records: a free draft, then permanent versions in a chain."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from zhibu.ledger.models import OrganizationKey
from zhibu.org.models import Organization
from zhibu.people.keys import new_key


class Record(models.Model):
    """记录: the identity of a record, its state, and the draft that is being written.

    What was filed is in its versions and nowhere else.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        FILED = "filed", "已归档"
        VOIDED = "voided", "已作废"

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    branch = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="records")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    current = models.OneToOneField(
        "RecordVersion", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    draft = models.JSONField(null=True, blank=True)  # None when nothing is being written
    revision = models.PositiveIntegerField(default=0)  # of the draft; a writer must know it
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    drafted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="draft", current__isnull=True)
                | (~Q(state="draft") & Q(current__isnull=False)),
                name="record_filed_has_version",
            ),
        ]
        indexes = [models.Index(fields=["branch", "state", "drafted_at"], name="record_branch")]


class RecordVersion(models.Model):
    """One permanent version: the parts as they were filed, their digests and the link of the chain.

    Each part is stored as the canonical text (RFC 8785) that its digest is computed from. The few
    columns that lists are sorted and filtered by repeat what the parts say; `verify` compares them.
    """

    class Action(models.TextChoices):
        FILE = "file", "归档"
        CORRECT = "correct", "更正"
        VOID = "void", "作废"

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="versions")
    branch = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    sequence = models.PositiveIntegerField()  # in the branch's chain, from 1
    version = models.PositiveSmallIntegerField()  # of the record, from 1
    action = models.CharField(max_length=10, choices=Action)
    submission = models.UUIDField(unique=True)  # the form's own key: sent twice, filed once
    filed_at = models.DateTimeField()
    filed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    year = models.PositiveSmallIntegerField()
    happened_on = models.DateField()
    activities = models.CharField(max_length=200)  # "theme_day lesson"
    topic = models.CharField(max_length=500)

    head = models.TextField()  # what kind, when, for which lines, what it replaces and why
    particulars = models.TextField()  # topic, place, who presided and wrote, guests
    agenda = models.TextField()
    minutes = models.TextField()
    attendance = models.TextField()
    decisions = models.TextField()
    elements = models.TextField()
    attachments = models.TextField()  # names, sizes and digests; the bytes lie in Attachment
    salts = models.TextField()  # of the parts above in this order, hex, one space between
    digests = models.TextField()
    previous = models.CharField(max_length=64, blank=True)
    link = models.CharField(max_length=64)

    class Meta:
        ordering = ["branch", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["branch", "sequence"], name="version_in_chain"),
            models.UniqueConstraint(fields=["record", "version"], name="version_of_record"),
            models.CheckConstraint(
                condition=Q(sequence__gte=1, version__gte=1), name="version_counts_from_one"
            ),
            models.CheckConstraint(
                condition=Q(action="file", version=1) | (~Q(action="file") & Q(version__gt=1)),
                name="version_first_is_filing",
            ),
            models.CheckConstraint(
                condition=Q(sequence=1, previous="") | (Q(sequence__gt=1) & ~Q(previous="")),
                name="version_names_previous",
            ),
            models.CheckConstraint(condition=~Q(link=F("previous")), name="version_link_moves"),
        ]
        indexes = [
            models.Index(fields=["branch", "year", "happened_on"], name="version_branch_year")
        ]


def attachment_path(instance: Attachment, filename: str) -> str:
    """Files lie under their own key: a name that somebody chose never becomes a path."""
    del filename
    return f"attachments/{instance.id.hex[:2]}/{instance.id.hex}"


class Attachment(models.Model):
    """附件: a file of a record, in a draft or in a version."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64)  # SHA-256 of the bytes
    file = models.FileField(upload_to=attachment_path, max_length=200)
    in_draft = models.BooleanField(default=True)  # belongs to what is being written
    is_filed = models.BooleanField(default=False)  # named by a version: it stays
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )


class Redaction(models.Model):
    """依法遮盖: one part of one version was blacked out, by whom and why, signed by the branch."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    version = models.ForeignKey(RecordVersion, on_delete=models.PROTECT, related_name="redactions")
    part = models.CharField(max_length=20)
    reason = models.CharField("理由", max_length=500)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    signature = models.CharField(max_length=128)
    key = models.ForeignKey(OrganizationKey, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "part"], name="redaction_once_a_part"),
            models.CheckConstraint(condition=~Q(reason=""), name="redaction_has_reason"),
        ]
