"""Norm packs as they were loaded. A published version never changes."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from zhibu.org.models import Organization, spans
from zhibu.people.keys import new_key


class NormVersion(models.Model):
    """规范: one version of one pack, with the text of its file."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    pack = models.CharField("规范", max_length=60)
    version = models.CharField("版本", max_length=40)
    title = models.CharField("名称", max_length=200)
    extends = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    in_force_from = models.DateField("施行日期")
    in_force_until = models.DateField("失效日期", null=True, blank=True)
    source = models.TextField()
    digest = models.CharField(max_length=64)
    loaded_at = models.DateTimeField()

    class Meta:
        ordering = ["pack", "in_force_from", "version"]
        constraints = [
            models.UniqueConstraint(fields=["pack", "version"], name="norm_version_unique"),
            spans("in_force_from", "in_force_until", name="norm_version_span"),
        ]

    def __str__(self) -> str:
        return f"{self.title}（{self.version}）"


class NormChoice(models.Model):
    """Which pack binds an organisation and all below it, from a day on; the nearest one counts."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="norm_choices"
    )
    pack = models.CharField(max_length=60)
    since = models.DateField("启用日期")
    until = models.DateField("停用日期", null=True, blank=True)

    class Meta:
        constraints = [
            spans(name="norm_choice_span"),
            models.UniqueConstraint(
                fields=["organization"],
                condition=Q(until__isnull=True),
                name="norm_choice_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pack}（{self.since:%Y-%m-%d} 起）"
