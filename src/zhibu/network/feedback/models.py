"""反映: what somebody says is wrong, the matter that an organisation makes of it, and its course.

Three rows, kept apart on purpose:

- a `Feedback` is what one person wrote. It is read by the organisation that it was addressed to and
  by nobody else (see `may_read` in queries); with a name it knows the person, without it knows
  nothing that leads to one.
- a `Case` is the matter in hand: who handles it, how it stands, and the office's own summary. It is
  joined `into` another or was sent up as the one `above`; whatever is decided on a case is decided
  for all that hang on it.
- a `Step` is what was done. It names organisations, never people, and quotes nobody who asked.

None of them knows a moment, only days, and their keys are random and not of the order of time: the
second at which something was sent, laid beside the sessions and the ledger, would name the sender.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from zhibu.org.models import Organization
from zhibu.rules import feedback as rules
from zhibu.rules.wording import labels_of

_LONGEST_TEXT = 2000
_OPEN = sorted(rules.OPEN)
_CONCLUDED = sorted(rules.CONCLUDED)


class CaseQuerySet(models.QuerySet["Case"]):
    """Reads of cases."""

    def in_hand(self) -> CaseQuerySet:
        """Those that wait for whoever handles them."""
        return self.filter(state__in=_OPEN, into=None)

    def standing(self) -> CaseQuerySet:
        """Those that stand by themselves: what is joined shows in the one that it was joined into."""
        return self.filter(into=None)


class Case(models.Model):
    """事项: a matter that an organisation handles."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="cases")
    about = models.CharField("关于", max_length=10, choices=labels_of(rules.About))
    pack = models.CharField("规范", max_length=80, blank=True, default="")
    code = models.CharField("规定", max_length=80, blank=True, default="")  # a requirement of it
    title = models.CharField(
        "规定名称", max_length=200, blank=True, default=""
    )  # of that requirement
    page = models.CharField("页面", max_length=40, blank=True, default="")  # first word of its name
    state = models.CharField("状态", max_length=10, choices=labels_of(rules.CaseState))
    summary = models.CharField("事项摘要", max_length=500, blank=True, default="")
    answer = models.CharField("答复", max_length=_LONGEST_TEXT, blank=True, default="")
    outcome = models.CharField("改进了什么", max_length=_LONGEST_TEXT, blank=True, default="")
    answered_by = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    opened_on = models.DateField("收到日期")
    waiting_since = models.DateField("到达现办理组织的日期")
    concluded_on = models.DateField("答复日期", null=True, blank=True)
    asked = models.PositiveIntegerField(
        "反映件数", default=0
    )  # its own, and of all that hang on it
    into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="joined"
    )
    above = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="sent"
    )

    objects: ClassVar[CaseQuerySet] = CaseQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["opened_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(into=None) | (Q(above=None) & ~Q(into=F("id"))),
                name="case_joined_or_sent",
            ),
            models.CheckConstraint(
                condition=~Q(state="sent_up") | Q(above__isnull=False) | Q(into__isnull=False),
                name="case_sent_somewhere",
            ),
            models.CheckConstraint(
                condition=Q(state__in=_CONCLUDED, concluded_on__isnull=False)
                | (~Q(state__in=_CONCLUDED) & Q(concluded_on=None, answer="", outcome="")),
                name="case_concluded_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=_CONCLUDED) | (~Q(answer="") & Q(answered_by__isnull=False)),
                name="case_concluded_says_what",
            ),
            models.CheckConstraint(
                condition=~Q(state="closed") | ~Q(outcome=""), name="case_closed_says_what"
            ),
            models.CheckConstraint(
                condition=Q(into__isnull=False)
                | ~Q(state__in=["sent_up", "closed"])
                | ~Q(summary=""),
                name="case_shown_has_summary",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "state", "opened_on"], name="case_desk"),
            models.Index(
                fields=["organization", "waiting_since"],
                name="case_waiting",
                condition=Q(state__in=_OPEN, into=None),
            ),
        ]

    def __str__(self) -> str:
        return self.summary or self.get_about_display()


class Feedback(models.Model):
    """反映: what one person wrote to one organisation, with or without a name.

    `digest` is that of the code of this sending: with it somebody without a name finds it again, and
    the same form sent twice stays one. `opened_to` is the level above that took it over because it
    had waited too long.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="feedback")
    addressed_to = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    opened_to = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    text = models.CharField("反映的问题", max_length=_LONGEST_TEXT)
    sent_on = models.DateField("反映日期")
    digest = models.CharField(max_length=64, unique=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="feedback",
    )
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # of whom the person speaks for; only with a name
    address = models.CharField("所在页面", max_length=300, blank=True, default="")
    reopened_on = models.DateField("要求继续办理的日期", null=True, blank=True)
    reopen_reason = models.CharField("理由", max_length=500, blank=True, default="")

    class Meta:
        ordering = ["-sent_on", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="feedback_says_what"),
            models.CheckConstraint(
                condition=Q(person__isnull=False) | Q(organization=None, address=""),
                name="feedback_without_name_is_without",
            ),
            models.CheckConstraint(
                condition=Q(reopened_on=None, reopen_reason="")
                | (Q(reopened_on__isnull=False) & ~Q(reopen_reason="")),
                name="feedback_reopened_whole",
            ),
        ]
        indexes = [models.Index(fields=["person", "-sent_on"], name="feedback_own")]

    def __str__(self) -> str:
        return self.text


class Step(models.Model):
    """经过: what was done with a case, by which organisation, on which day, in whose words.

    Whatever is done with a case is written to all that hang on it, so that each asker reads the
    steps of their own case and no other.
    """

    class Kind(models.TextChoices):
        ACCEPTED = "accepted", "已受理"
        JOINED = "joined", "与相同的事项合并办理"
        SPLIT = "split", "从合并的事项中分出，单独办理"
        MOVED = "moved", "移交"
        TAKEN = "taken", "提级办理"
        SENT_UP = "sent_up", "报上级"
        ANSWERED = "answered", "答复"
        REFUSED = "refused", "不予采纳"
        CLOSED = "closed", "办结"
        REOPENED = "reopened", "反映人要求继续办理"

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="steps")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    on = models.DateField()
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # who did it; nobody: an asker
    to = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    other = models.ForeignKey(
        Case, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # joined with, split from, sent up as
    text = models.CharField(max_length=_LONGEST_TEXT, blank=True, default="")

    class Meta:
        ordering = ["case_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["case", "number"], name="case_step_number"),
            models.CheckConstraint(
                condition=Q(kind="reopened", organization=None, text="")
                | (~Q(kind="reopened") & Q(organization__isnull=False)),
                name="case_step_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
