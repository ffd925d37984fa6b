"""Themes and campaigns over a time and a part of the tree, and what carries them."""

from __future__ import annotations

from datetime import date
from functools import reduce
from operator import or_
from typing import ClassVar, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from zhibu.handbook.models import Record
from zhibu.org import paths
from zhibu.org.models import Organization, spans
from zhibu.people.keys import new_key
from zhibu.plans.models import PlanLine
from zhibu.rules.themes import ThemeSpan

KINDS: Final = tuple(
    choice for choice in Organization.Kind.choices if choice[0] != Organization.Kind.GROUP
)


class ThemeQuerySet(models.QuerySet["Theme"]):
    """Reads of themes."""

    def for_organization(self, organization: Organization) -> Self:
        """Those that are meant for this organisation: its own, and from the levels above."""
        above = (*paths.ancestors(organization.path), organization.path)
        kind = organization.kind
        if kind == Organization.Kind.GROUP:  # a group works as part of its branch
            kind = Organization.Kind.BRANCH
        return self.filter(organization__path__in=above).filter(
            Q(kinds="") | Q(kinds__contains=f",{kind},") | Q(organization=organization.pk)
        )

    def seen_by(self, organization: Organization) -> Self:
        """Those that its people see: the ones that are meant for it or for some of those below it."""
        if organization.kind in {Organization.Kind.BRANCH, Organization.Kind.GROUP}:
            return self.for_organization(organization)
        above = (*paths.ancestors(organization.path), organization.path)
        return self.filter(organization__path__in=above)

    def running_on(self, day: date) -> Self:
        """Those that run on that day."""
        return self.filter(
            Q(until__isnull=True) | Q(until__gte=day),
            Q(ended_on__isnull=True) | Q(ended_on__gte=day),
            since__lte=day,
        )


class Theme(models.Model):
    """专题: what an organisation asks of itself and of those below, from a day to a day or on and on.

    `kinds` are the kinds of organisation that it is meant for, as ",branch,committee,"; all for "".
    """

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="themes")
    title = models.CharField("专题名称", max_length=100)
    text = models.TextField("工作要求", max_length=5000)
    since = models.DateField("开始日期")
    until = models.DateField("结束日期", null=True, blank=True)
    kinds = models.CharField("适用组织", max_length=100, blank=True, default="")
    ended_on = models.DateField("提前结束日期", null=True, blank=True)
    end_reason = models.CharField("结束理由", max_length=500, blank=True, default="")
    revision = models.PositiveIntegerField(default=1)
    begun_at = models.DateTimeField()
    begun_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    objects: ClassVar[ThemeQuerySet] = ThemeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-since", "-id"]
        constraints = [
            spans(name="theme_span"),
            models.CheckConstraint(condition=~Q(title=""), name="theme_has_title"),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True, end_reason="")
                | (Q(ended_on__isnull=False) & ~Q(end_reason="")),
                name="theme_ended_with_reason",
            ),
            models.UniqueConstraint(
                fields=["organization", "title", "since"], name="theme_once_a_day"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def span(self) -> ThemeSpan:
        """When it runs."""
        return ThemeSpan(self.since, self.until, self.ended_on)

    @property
    def kind_list(self) -> tuple[str, ...]:
        """The kinds that it is meant for; empty for all."""
        return tuple(kind for kind in self.kinds.split(",") if kind)


class Carrying(models.Model):
    """One thing that serves a theme: a line of a table, a record that says so, or a text sent down.

    A line's days and its record are read from the line, so that they cannot disagree; a record and
    a text bring their day. `organization` is whose thing it is.
    """

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    theme = models.ForeignKey(Theme, on_delete=models.PROTECT, related_name="carryings")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    day = models.DateField(null=True, blank=True)
    line = models.ForeignKey(
        PlanLine, on_delete=models.CASCADE, null=True, blank=True, related_name="carryings"
    )
    record = models.ForeignKey(
        Record, on_delete=models.PROTECT, null=True, blank=True, related_name="carryings"
    )
    text_id = models.UUIDField(null=True, blank=True)  # of a room above

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=reduce(
                    or_,
                    (
                        Q(line__isnull=False, record=None, text_id=None, day=None),
                        Q(line=None, record__isnull=False, text_id=None, day__isnull=False),
                        Q(line=None, record=None, text_id__isnull=False, day__isnull=False),
                    ),
                ),
                name="carrying_of_one_thing",
            ),
            models.UniqueConstraint(
                fields=["line", "theme"],
                condition=Q(line__isnull=False),
                name="carrying_line_once",
            ),
            models.UniqueConstraint(
                fields=["record", "theme"],
                condition=Q(record__isnull=False),
                name="carrying_record_once",
            ),
            models.UniqueConstraint(
                fields=["text_id", "theme"],
                condition=Q(text_id__isnull=False),
                name="carrying_text_once",
            ),
        ]
        indexes = [models.Index(fields=["theme", "organization", "day"], name="carrying_course")]

    def __str__(self) -> str:
        return f"{self.theme_id} {self.day or ''}"
