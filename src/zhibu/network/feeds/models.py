"""Addresses under which a calendar is read without signing in."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from zhibu.org.models import Organization
from zhibu.people.keys import new_key


class Feed(models.Model):
    """日历订阅: one person's own, or of a branch that they may see; only a digest of its secret is kept.

    What it shows is what the person may see on that day: it ends with the right or the account.
    """

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="feeds"
    )
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )  # none: the person's own
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField("建立时间")
    revoked_at = models.DateTimeField("停用时间", null=True, blank=True)
    used_on = models.DateField("最近读取", null=True, blank=True)

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at=None) | Q(revoked_at__gte=F("made_at")),
                name="feed_revoked_later",
            )
        ]
        indexes = [models.Index(fields=["person", "-made_at"], name="feed_of_person")]
