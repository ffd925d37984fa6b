"""月度工作报告: the office's own words on a month, and each version that was issued."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import Q

from zhibu.org.models import Organization
from zhibu.people.keys import new_key
from zhibu.rules.reporting_values import MonthReport, read_report


class Report(models.Model):
    """月报: one organisation, one month. What it says is worked out until it is issued.

    `words` are what the office adds, by section; `latest` is the newest version that was issued.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "尚未上报"
        ISSUED = "issued", "已上报"
        RECEIVED = "received", "上级已签收"

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="reports")
    year = models.PositiveSmallIntegerField("年度")
    month = models.PositiveSmallIntegerField("月份")
    state = models.CharField("状态", max_length=10, choices=State, default=State.DRAFT)
    words = models.JSONField("补充内容", default=dict, blank=True)  # {Part: text}
    revision = models.PositiveIntegerField(default=0)  # of the words; a writer must know it
    latest = models.OneToOneField(
        "ReportVersion", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-year", "-month"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "year", "month"], name="report_one_a_month"
            ),
            models.CheckConstraint(
                condition=Q(month__gte=1, month__lte=12, year__gte=1949, year__lte=2200),
                name="report_month_sane",
            ),
            models.CheckConstraint(
                condition=Q(state="draft", latest=None)
                | (~Q(state="draft") & Q(latest__isnull=False)),
                name="report_issued_has_version",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year}年{self.month}月工作报告"

    @property
    def first_day(self) -> date:
        """The month, as its first day."""
        return date(self.year, self.month, 1)


class ReportVersion(models.Model):
    """One version that was issued: its text as it was worked out then. It never changes."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveSmallIntegerField("版次")
    content = models.JSONField()
    words = models.JSONField(default=dict, blank=True)
    issued_at = models.DateTimeField("上报时间")
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    received_at = models.DateTimeField("签收时间", null=True, blank=True)
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["report", "version"]
        constraints = [
            models.UniqueConstraint(fields=["report", "version"], name="report_version_once"),
            models.CheckConstraint(condition=Q(version__gte=1), name="report_version_from_one"),
            models.CheckConstraint(
                condition=Q(received_at=None, received_by=None)
                | Q(received_at__isnull=False, received_by__isnull=False),
                name="report_received_whole",
            ),
        ]
        indexes = [models.Index(fields=["issued_at"], name="report_version_newest")]

    def __str__(self) -> str:
        return f"第{self.version}版"

    @property
    def report_text(self) -> MonthReport:
        """What it says."""
        return read_report(self.content)
