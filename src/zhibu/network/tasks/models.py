"""任务: what somebody is to carry out, out of a decision or given from above, and its trace."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from zhibu.handbook.models import Record
from zhibu.org.models import Member, Organization
from zhibu.people.keys import new_key


class Assignment(models.Model):
    """交办: a level gives one task to many organisations below it, out of a meeting of its own.

    `reached` is the path of the last organisation that has its task; whoever spreads the assignment
    goes on after it. `spread_at` is set when all have theirs.
    """

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="assignments"
    )
    title = models.CharField("任务", max_length=500)
    text = models.CharField("具体要求", max_length=5000, blank=True, default="")
    proof = models.CharField("以什么证明完成", max_length=500, blank=True, default="")
    due_on = models.DateField("期限")
    meeting = models.CharField("会议名称", max_length=200, blank=True, default="")
    met_on = models.DateField("会议日期", null=True, blank=True)
    kinds = models.JSONField(
        "交办给哪类组织", default=list
    )  # Organization.Kind; [] for chosen ones
    chosen = models.JSONField("交办给哪些组织", default=list)  # keys
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField("交办时间")
    reached = models.CharField(max_length=64, blank=True, default="", editable=False)
    spread_at = models.DateTimeField(null=True, blank=True)
    touched_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField("撤回理由", max_length=500, blank=True, default="")

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="assignment_has_title"),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by=None, reason="")
                | (Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~Q(reason="")),
                name="assignment_withdrawn_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-made_at"], name="assignment_list"),
            models.Index(
                fields=["touched_at"],
                name="assignment_spreading",
                condition=Q(spread_at=None, withdrawn_at=None),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Task(models.Model):
    """任务: of one organisation, out of a decision in a record or out of an assignment.

    How it stands today is worked out (`rules.tasks.judge_task`); stored is what was decided of it.
    """

    class State(models.TextChoices):
        OPEN = "open", "在办"
        CLOSED = "closed", "已办结"
        DROPPED = "dropped", "不再办理"

    class Ending(models.TextChoices):
        MEETING = "meeting", "会议议定"
        PAGE = "page", "直接办结"
        CORRECTION = "correction", "更正来源记录"
        VOID = "void", "来源记录作废"
        WITHDRAWAL = "withdrawal", "交办撤回"
        ORGANIZATION = "organization", "组织撤销"

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="tasks")
    title = models.CharField("任务", max_length=2000)
    owner = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, blank=True, related_name="tasks"
    )  # nobody: the organisation as a whole
    due_on = models.DateField("期限")
    proof = models.CharField("以什么证明完成", max_length=2000, blank=True, default="")
    record = models.ForeignKey(
        Record, on_delete=models.PROTECT, null=True, blank=True, related_name="tasks"
    )
    # The decision's number from 1; none when a correction took it out of the record.
    decision = models.PositiveSmallIntegerField(null=True, blank=True)
    assignment = models.ForeignKey(
        Assignment, on_delete=models.PROTECT, null=True, blank=True, related_name="tasks"
    )
    began_on = models.DateField("议定日期")  # of the meeting; an assignment's: the day it was given
    made_at = models.DateTimeField()
    state = models.CharField("状态", max_length=10, choices=State, default=State.OPEN)
    ended_on = models.DateField("办结日期", null=True, blank=True)
    ending = models.CharField(max_length=12, choices=Ending, blank=True, default="")
    ended_by_record = models.ForeignKey(
        Record, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    words = models.CharField("办理结果", max_length=2000, blank=True, default="")

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(record__isnull=False, assignment=None)
                | Q(record=None, decision=None, assignment__isnull=False),
                name="task_one_origin",
            ),
            models.CheckConstraint(
                condition=Q(state="open", ended_on=None, ending="", ended_by_record=None)
                | (Q(ended_on__isnull=False) & ~Q(state="open") & ~Q(ending="")),
                name="task_ended_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state="dropped") | ~Q(words=""), name="task_dropped_has_reason"
            ),
            models.UniqueConstraint(
                fields=["assignment", "organization"],
                condition=Q(assignment__isnull=False),
                name="task_one_of_assignment",
            ),
            models.UniqueConstraint(
                fields=["record", "decision"],
                condition=Q(record__isnull=False) & ~Q(ending__in=["correction", "void"]),
                name="task_one_of_decision",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "state", "due_on"], name="task_of_organization"),
            models.Index(
                fields=["owner", "due_on"], name="task_of_owner", condition=Q(state="open")
            ),
            models.Index(fields=["assignment", "state"], name="task_of_assignment"),
        ]

    def __str__(self) -> str:
        return self.title


class TaskStep(models.Model):
    """办理经过: one thing that was done with a task, when, by whom or in which meeting.

    A step with a record says what that record says: it follows the record's corrections.
    """

    class Kind(models.TextChoices):
        KEPT = "kept", "会议议定继续办理"
        CLOSED = "closed", "办结"
        DROPPED = "dropped", "不再办理"
        REOPENED = "reopened", "恢复办理"
        REPORTED = "reported", "办理人报告"
        CHANGED = "changed", "调整"
        CORRECTED = "corrected", "来源记录更正"

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField(max_length=10, choices=Kind)
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    record = models.ForeignKey(
        Record, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    words = models.CharField(max_length=2000, blank=True, default="")

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["task", "record"],
                condition=Q(record__isnull=False, kind__in=["kept", "closed", "dropped"]),
                name="task_step_one_of_record",
            )
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
