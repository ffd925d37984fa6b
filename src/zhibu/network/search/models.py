"""The index: under which numbers something is found, and where it hangs. It holds no text."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

from django.db import models
from django.db.models import Q

from zhibu.network.search.fields import TermsField
from zhibu.org.models import Organization
from zhibu.people.keys import new_key

DAY: Final = 1 << 41
"""So many numbers of entries are of one day; the last day there is still fits eight bytes."""


class SearchEntry(models.Model):
    """检索条目: one record or text that can be found.

    `number` grows with the day on which it happened, so that the newest first is the order of keys.
    What is shown of a find is read from the thing itself: a part that was blacked out cannot show.
    """

    class Kind(models.TextChoices):
        RECORD = "record", "记录"
        TEXT = "text", "传达"

    number = models.BigIntegerField(primary_key=True)
    kind = models.CharField(max_length=10, choices=Kind)
    subject = models.UUIDField(unique=True)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    source = models.UUIDField()  # the version that it was indexed from
    is_talk = models.BooleanField(default=False)  # 谈心谈话: not for everybody in the branch
    terms = TermsField()

    class Meta:
        indexes = [
            models.Index(fields=["source"], name="search_text_source", condition=Q(kind="text"))
        ]


class SearchNote(models.Model):
    """待编入: something changed and is to be indexed anew. Written with the change, one row each."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    kind = models.CharField(max_length=10, choices=SearchEntry.Kind)
    subject = models.UUIDField()


class SearchPlace(models.Model):
    """The path under which what hangs on an organisation was indexed: it may have moved since."""

    organization = models.OneToOneField(
        Organization, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    path = models.CharField(max_length=64)


def first_number(day: date) -> int:
    """The least number of that day."""
    return day.toordinal() * DAY


def number_of(day: date, subject: UUID) -> int:
    """Where something of that day stands; by its key, so that it is the same each time."""
    return first_number(day) + subject.int % DAY
