"""Notices to people, messages to the chat robots of an organisation, and how they get there."""

from __future__ import annotations

from typing import ClassVar, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from zhibu.org.models import Organization
from zhibu.org.reach import Hold, Reach
from zhibu.people.keys import new_key
from zhibu.people.roles import FROM_ABOVE, Verb
from zhibu.rules import notices as rules


class Kind(models.TextChoices):
    """What a notice is about."""

    TEXT = "text", "传达文件"
    REMINDER = "reminder", "催办提醒"
    FEEDBACK = "feedback", "意见反映"
    TASK = "task", "任务"
    DUE = "due", "临近到期"
    OVERDUE = "overdue", "逾期"
    REPORT = "report", "工作报告"
    SYSTEM = "system", "系统"


SAID_IN_CHATS: Final = (Kind.TEXT, Kind.DUE)
"""What the robots of an organisation say: nothing that concerns one person, nothing that is late."""


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Reads of notices."""

    def visible_to(self, reach: Reach) -> Self:
        """Those whose matter the person may still see."""
        alike: dict[tuple[bool, tuple[Hold, ...]], list[Verb]] = {}
        for verb in Verb:
            if holds := reach.with_verb(verb):
                alike.setdefault((verb in FROM_ABOVE, holds), []).append(verb)
        condition = Q(verb="")
        for verbs in alike.values():
            condition |= Q(verb__in=verbs) & reach.within(verbs[0], "organization__")
        return self.filter(condition)

    def unread(self) -> Self:
        """Those that were not opened yet."""
        return self.filter(read_at__isnull=True)


class Notice(models.Model):
    """通知: one thing that one person is told.

    `verb` is what the person must still be allowed on `organization` whenever it is shown or
    delivered; empty: nothing more than the account. `once` names the occasion: nobody is told twice
    of the same one. `subject` names the thing, for taking back what was told of it.
    """

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices"
    )
    kind = models.CharField("类别", max_length=10, choices=Kind)
    title = models.CharField("标题", max_length=200)
    address = models.CharField(max_length=300)  # a path inside the system
    # It goes with the organisation: a notice must not stand in the way of undoing an import.
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    verb = models.CharField(max_length=30, blank=True, default="")
    subject = models.CharField(max_length=80, blank=True, default="")
    once = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    is_spread = models.BooleanField(default=False)  # its deliveries have been written

    objects: ClassVar[NoticeQuerySet] = NoticeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["once", "person"], name="notice_once"),
            models.CheckConstraint(condition=~Q(title=""), name="notice_has_title"),
            models.CheckConstraint(
                condition=Q(address__startswith="/") & ~Q(address__startswith="//"),
                name="notice_address_inside",
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-made_at"], name="notice_of_person"),
            models.Index(
                fields=["person"], name="notice_unread", condition=Q(read_at__isnull=True)
            ),
            models.Index(fields=["id"], name="notice_to_spread", condition=Q(is_spread=False)),
            models.Index(fields=["subject"], name="notice_subject", condition=~Q(subject="")),
        ]

    def __str__(self) -> str:
        return self.title


class Message(models.Model):
    """群消息: one thing that the chat robots of one organisation say, once."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    # It goes with the organisation: a notice must not stand in the way of undoing an import.
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField("类别", max_length=10, choices=Kind)
    title = models.CharField("标题", max_length=200)
    address = models.CharField(max_length=300)
    subject = models.CharField(max_length=80, blank=True, default="")
    once = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    is_spread = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["once", "organization"], name="message_once"),
            models.CheckConstraint(condition=~Q(title=""), name="message_has_title"),
            models.CheckConstraint(
                condition=Q(address__startswith="/") & ~Q(address__startswith="//"),
                name="message_address_inside",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], name="message_to_spread", condition=Q(is_spread=False)),
            models.Index(fields=["subject"], name="message_subject", condition=~Q(subject="")),
        ]

    def __str__(self) -> str:
        return self.title


class Channel(models.Model):
    """渠道: a mail address or a chat robot, of a person or of an organisation.

    `target` is a secret where it is a robot's address: it is never shown again, nor written into
    the ledger or the log. `busy_until` is the lease of the worker that is delivering to it.
    """

    class Tool(models.TextChoices):
        MAIL = "mail", "邮件"
        WECOM = "wecom", "企业微信群机器人"
        DINGTALK = "dingtalk", "钉钉群机器人"
        FEISHU = "feishu", "飞书群机器人"
        OTHER = "other", "其他聊天工具"

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="channels",
    )
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="channels"
    )
    tool = models.CharField("方式", max_length=10, choices=Tool)
    label = models.CharField("名称", max_length=60, blank=True, default="")
    target = models.CharField("地址", max_length=600)
    host = models.CharField(max_length=253)  # who is asked: see Outage; all mail has one
    kinds = models.JSONField("类别", default=list, blank=True)  # of Kind; none: all
    is_on = models.BooleanField("启用", default=True)
    verified_at = models.DateTimeField(null=True, blank=True)  # null: nothing is sent there
    code_at = models.DateTimeField(
        null=True, blank=True
    )  # a code was asked for; it follows from it
    code_sent_at = models.DateTimeField(null=True, blank=True)
    code_tries = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField()
    busy_until = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)  # the administrator was told of it
    last_error = models.CharField(max_length=200, blank=True, default="")
    last_sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["made_at", "id"]
        indexes = [
            models.Index(
                fields=["code_at"],
                name="channel_code_to_send",
                condition=Q(code_at__isnull=False, code_sent_at__isnull=True),
            ),
            models.Index(
                fields=["failing_since"],
                name="channel_failing",
                condition=Q(failing_since__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(person__isnull=False, organization__isnull=True)
                | Q(person__isnull=True, organization__isnull=False),
                name="channel_of_one",
            ),
            models.CheckConstraint(
                condition=~Q(tool="mail") | Q(person__isnull=False), name="channel_mail_of_person"
            ),
            models.UniqueConstraint(
                fields=["person"], condition=Q(tool="mail"), name="channel_one_mail"
            ),
            models.CheckConstraint(condition=~Q(target=""), name="channel_has_target"),
            models.CheckConstraint(
                condition=Q(told_at__isnull=True) | Q(failing_since__isnull=False),
                name="channel_told_of_failure",
            ),
        ]

    def __str__(self) -> str:
        return self.label or self.get_tool_display()


class Delivery(models.Model):
    """投递: a notice or a message on its way through one channel.

    Those of one `parcel` go together, in one mail or one chat message, also when it is tried again:
    the parcel's key is in the Message-ID. `SENDING` without a lease on the channel is what a worker
    left that died: whether it arrived is not known, and it is sent once more.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "等待发送"
        SENDING = "sending", "正在发送"
        SENT = "sent", "已发送"
        FAILED = "failed", "未成功，将再试"
        GIVEN_UP = "given_up", "已停止尝试"
        WITHHELD = "withheld", "不再需要发送"

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    notice = models.ForeignKey(
        Notice, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries"
    )
    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries"
    )
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField("状态", max_length=10, choices=State, default=State.WAITING)
    parcel = models.UUIDField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    is_doubtful = models.BooleanField(default=False)  # an earlier try may have arrived
    made_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True, blank=True)  # null: nothing more to do
    tried_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(notice__isnull=False, message__isnull=True)
                | Q(notice__isnull=True, message__isnull=False),
                name="delivery_of_one",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "sending", "failed"], next_at__isnull=False)
                | Q(state__in=["sent", "given_up", "withheld"], next_at__isnull=True),
                name="delivery_open_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["sending", "sent", "failed"]) | Q(parcel__isnull=False),
                name="delivery_tried_in_parcel",
            ),
            models.UniqueConstraint(fields=["notice", "channel"], name="delivery_notice_once"),
            models.UniqueConstraint(fields=["message", "channel"], name="delivery_message_once"),
        ]
        indexes = [
            models.Index(
                fields=["next_at"], name="delivery_due", condition=Q(next_at__isnull=False)
            ),
            models.Index(
                fields=["channel", "next_at"],
                name="delivery_open_of_channel",
                condition=Q(next_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.made_at:%Y-%m-%d}"


class Outage(models.Model):
    """A mail server or the host of a chat tool does not answer: until `pause_until` nobody asks it.

    One row a host, gone with the first success; so the administrator is told once.
    """

    host = models.CharField(primary_key=True, max_length=253)
    since = models.DateTimeField()
    pause_until = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=1)
    last_error = models.CharField(max_length=200)
    told_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.host


class Preference(models.Model):
    """通知时间: when a person wants to be told outside the system; without a row the usual ones."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="notice_preference",
    )
    quiet_from = models.PositiveSmallIntegerField("免打扰开始", default=rules.QUIET_FROM)
    quiet_until = models.PositiveSmallIntegerField("免打扰结束", default=rules.QUIET_UNTIL)
    digest_hour = models.PositiveSmallIntegerField("每日汇总", null=True, blank=True)
    days_off = models.BooleanField("休息日也发", default=False)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from__lte=23, quiet_until__lte=23), name="preference_hours"
            ),
            models.CheckConstraint(
                condition=Q(digest_hour__isnull=True) | Q(digest_hour__lte=23),
                name="preference_digest_hour",
            ),
            # The hour of the digest lies outside the quiet hours, or the digest would never go.
            models.CheckConstraint(
                condition=Q(digest_hour__isnull=True)
                | Q(quiet_from=F("quiet_until"))
                | Q(
                    quiet_from__lt=F("quiet_until"),
                    digest_hour__lt=F("quiet_from"),
                )
                | Q(
                    quiet_from__lt=F("quiet_until"),
                    digest_hour__gte=F("quiet_until"),
                )
                | Q(
                    quiet_from__gt=F("quiet_until"),
                    digest_hour__gte=F("quiet_until"),
                    digest_hour__lt=F("quiet_from"),
                ),
                name="preference_digest_not_quiet",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quiet_from}–{self.quiet_until}"


class ReminderRound(models.Model):
    """提醒: the round over all branches on one working day, and how far it has come."""

    day = models.DateField(primary_key=True)
    since = models.DateField(null=True, blank=True)  # the round before
    after = models.CharField(max_length=64, blank=True, default="")  # path of the last branch done
    began_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(since__isnull=True) | Q(since__lt=F("day")), name="round_after_another"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}"
