"""Annual tables, their lines, what changed in them, and the tallies over them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from zhibu.norms.models import NormVersion
from zhibu.org.models import Organization
from zhibu.people.keys import new_key
from zhibu.rules.norm import Activity, PracticeClass

CLASSES = [(c.value, c.value) for c in PracticeClass]
ACTIVITIES = [(a.value, a.value) for a in Activity]


class Plan(models.Model):
    """年度安排表: one branch, one year, made from one version of the norm."""

    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        ADOPTED = "adopted", "已通过"

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    branch = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="plans")
    year = models.PositiveSmallIntegerField("年度")
    norm = models.ForeignKey(NormVersion, on_delete=models.PROTECT, related_name="plans")
    state = models.CharField("状态", max_length=10, choices=State, default=State.DRAFT)
    is_provisional = models.BooleanField("节假日暂定", default=False)
    revision = models.PositiveIntegerField(default=1)
    drafted_at = models.DateTimeField("起草时间")
    adopted_at = models.DateTimeField("通过时间", null=True, blank=True)
    adopted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["branch", "year"], name="plan_one_a_year"),
            models.CheckConstraint(
                condition=Q(state="draft", adopted_at__isnull=True)
                | Q(state="adopted", adopted_at__isnull=False),
                name="plan_adopted_has_time",
            ),
            models.CheckConstraint(
                condition=Q(year__gte=1921, year__lte=2200), name="plan_year_sane"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year}年度安排表"


class PlanLine(models.Model):
    """安排: one line of the table. What state it is in is worked out, never stored."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="lines")
    branch = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    group = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    year = models.PositiveSmallIntegerField()
    practice_class = models.CharField("类别", max_length=1, choices=CLASSES)
    requirement = models.CharField(max_length=40, blank=True, default="")  # its code; none for X
    ordinal = models.PositiveSmallIntegerField(default=0)  # of the duty's window; 0 for X
    activity = models.CharField("活动", max_length=20, choices=ACTIVITIES)
    title = models.CharField("事项", max_length=200)
    topic = models.CharField("主题", max_length=500, blank=True, default="")
    form = models.CharField("形式", max_length=200, blank=True, default="")
    presenter = models.CharField("主持（主讲）", max_length=200, blank=True, default="")
    responsible = models.CharField("责任人", max_length=200, blank=True, default="")
    remark = models.CharField("备注", max_length=500, blank=True, default="")
    opens_on = models.DateField("可开展之日")
    planned_on = models.DateField("计划日期")
    due_on = models.DateField("应完成之日")
    event = models.UUIDField(null=True, blank=True)  # lines that are held together share it
    discharged_by = models.UUIDField(null=True, blank=True)  # the record
    happened_on = models.DateField(null=True, blank=True)
    filed_on = models.DateField(null=True, blank=True)
    waived_at = models.DateTimeField(null=True, blank=True)
    waived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    waive_reason = models.CharField("免除理由", max_length=500, blank=True, default="")

    class Meta:
        ordering = ["planned_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(practice_class="X", requirement="")
                | (Q(practice_class__in=["B", "T"]) & ~Q(requirement="")),
                name="line_class_fits_requirement",
            ),
            models.CheckConstraint(
                condition=Q(requirement="", ordinal=0) | (~Q(requirement="") & Q(ordinal__gte=1)),
                name="line_ordinal_of_duty",
            ),
            # A duty has one line; written twice because NULL never equals NULL.
            models.UniqueConstraint(
                fields=["plan", "requirement", "ordinal"],
                condition=Q(group__isnull=True) & ~Q(requirement=""),
                name="line_one_per_duty",
            ),
            models.UniqueConstraint(
                fields=["plan", "requirement", "group", "ordinal"],
                condition=Q(group__isnull=False) & ~Q(requirement=""),
                name="line_one_per_group_duty",
            ),
            models.CheckConstraint(condition=Q(due_on__gte=F("opens_on")), name="line_window"),
            models.CheckConstraint(
                condition=Q(discharged_by=None, happened_on=None, filed_on=None)
                | Q(discharged_by__isnull=False, happened_on__isnull=False, filed_on__isnull=False),
                name="line_discharged_whole",
            ),
            models.CheckConstraint(
                condition=Q(waived_at=None, waived_by=None, waive_reason="")
                | (Q(waived_at__isnull=False, waived_by__isnull=False) & ~Q(waive_reason="")),
                name="line_waived_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(discharged_by=None) | Q(waived_at=None),
                name="line_not_both_done_and_waived",
            ),
        ]
        indexes = [
            models.Index(fields=["branch", "year", "planned_on"], name="line_branch_year"),
            models.Index(
                fields=["discharged_by"],
                name="line_discharged_by",
                condition=Q(discharged_by__isnull=False),
            ),
            # What is still to be done, for the list of what is overdue below an organisation.
            models.Index(
                fields=["branch", "due_on"],
                name="line_to_do",
                condition=Q(discharged_by__isnull=True, waived_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.planned_on:%Y-%m-%d} {self.title}"


class LineChange(models.Model):
    """An amendment of an adopted table: what it was, what it is, why."""

    class Kind(models.TextChoices):
        ADD = "add", "增加"
        CHANGE = "change", "调整"
        REMOVE = "remove", "取消"
        WAIVE = "waive", "免除"
        RESTORE = "restore", "恢复"

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="changes")
    line_id = models.UUIDField()
    kind = models.CharField(max_length=10, choices=Kind)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField("理由", max_length=500)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        ordering = ["at", "id"]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="change_has_reason")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}：{self.reason}"


class TallyCounts(models.Model):
    """The four counts. Overdue is not among them: it is worked out from today's date."""

    total = models.IntegerField(default=0)
    done = models.IntegerField(default=0)  # in time
    late = models.IntegerField(default=0)  # done, after the due day
    waived = models.IntegerField(default=0)

    class Meta:
        abstract = True


class Tally(TallyCounts):
    """Lines of adopted tables at or below an organisation, by class and due day."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="tallies")
    year = models.PositiveSmallIntegerField()
    practice_class = models.CharField(max_length=1, choices=CLASSES)
    due_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "year", "practice_class", "due_on"], name="tally_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.practice_class} {self.due_on:%Y-%m-%d}：{self.total}"


class TallyDelta(TallyCounts):
    """What one write changed, until the worker folds it in. `path` is the branch's."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    path = models.CharField(max_length=64, db_index=True)
    year = models.PositiveSmallIntegerField()
    practice_class = models.CharField(max_length=1, choices=CLASSES)
    due_on = models.DateField()

    def __str__(self) -> str:
        return f"{self.practice_class} {self.due_on:%Y-%m-%d}：{self.total:+d}"


class Holiday(models.Model):
    """A day of the public calendar that an isolated office imported by file."""

    day = models.DateField(primary_key=True)
    name = models.CharField(max_length=40)
    is_working = models.BooleanField()  # True: 调休 working day; False: day off

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.name}"
