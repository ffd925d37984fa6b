"""The tree, and the people in it. Everything that changes has its dates, so that last year stays."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from zhibu.org import paths
from zhibu.people.keys import new_key
from zhibu.people.roles import LABELS, Role
from zhibu.rules.standing import SOON_DAYS


def spans(since: str = "since", until: str = "until", *, name: str) -> models.CheckConstraint:
    """A span ends no earlier than it begins."""
    return models.CheckConstraint(
        condition=Q(**{f"{until}__isnull": True}) | Q(**{f"{until}__gte": F(since)}), name=name
    )


class OrganizationQuerySet(models.QuerySet["Organization"]):
    """Reads of the tree."""

    def under(self, *paths_: str) -> Self:
        """The organisations with these paths and all below them."""
        condition = Q(pk__in=[])
        for path in paths_:
            condition |= Q(path__gte=path, path__lt=paths.successor(path))
        return self.filter(condition)

    def branches(self) -> Self:
        """Only party branches."""
        return self.filter(kind=Organization.Kind.BRANCH)

    def standing_on(self, day: date) -> Self:
        """Those founded and not yet dissolved on that day."""
        return self.filter(founded_on__lte=day).filter(
            Q(dissolved_on__isnull=True) | Q(dissolved_on__gte=day)
        )


class Organization(models.Model):
    """党组织: one node of the tree, a group included."""

    class Kind(models.TextChoices):
        COMMISSION = "commission", "工作委员会"
        COMMITTEE = "committee", "党委"
        GENERAL_BRANCH = "general_branch", "党总支"
        BRANCH = "branch", "党支部"
        GROUP = "group", "党小组"

    class Field(models.TextChoices):
        ORGAN = "organ", "机关"
        INSTITUTION = "institution", "事业单位"
        ENTERPRISE = "enterprise", "企业"
        VILLAGE = "village", "村"
        COMMUNITY = "community", "社区"
        SCHOOL = "school", "学校"
        OTHER = "other", "其他"

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    kind = models.CharField("类型", max_length=20, choices=Kind)
    field = models.CharField("领域", max_length=20, choices=Field, default=Field.ORGAN)
    name = models.CharField("全称", max_length=200)
    short_name = models.CharField("简称", max_length=60)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    path = models.CharField(max_length=64, unique=True, editable=False)
    founded_on = models.DateField("成立日期")
    dissolved_on = models.DateField("撤销日期", null=True, blank=True)
    # What fell due before is not owed in the system; each branch holds its day.
    in_use_since = models.DateField("启用日期", null=True, blank=True)
    is_pilot = models.BooleanField("试点单位", default=False)
    theme_day = models.CharField("主题党日固定日", max_length=20, blank=True, default="")

    # What an organisation chooses for itself and those below that have not chosen otherwise; kept
    # on every row, so that no page has to look for it further up (`org.choices`).
    soon_days = models.PositiveSmallIntegerField("临近到期提前天数", default=SOON_DAYS)
    class_labels = models.JSONField("类别名称", default=dict, blank=True)  # {"B": "规定动作"}

    objects: ClassVar[OrganizationQuerySet] = OrganizationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["path"]
        constraints = [
            spans("founded_on", "dissolved_on", name="organization_span"),
            models.CheckConstraint(
                condition=Q(soon_days__gte=1, soon_days__lte=60), name="organization_soon_days"
            ),
            models.CheckConstraint(
                condition=~Q(kind="group") | Q(parent__isnull=False),
                name="organization_group_has_parent",
            ),
        ]
        indexes = [models.Index(fields=["parent", "path"], name="organization_children")]

    def __str__(self) -> str:
        return self.name


class PlaceQuerySet(models.QuerySet["Place"]):
    """Reads of the tree as it was."""

    def on(self, day: date) -> Self:
        """Those that held on that day."""
        return self.filter(since__lte=day).filter(Q(until__isnull=True) | Q(until__gte=day))

    def between(self, since: date, until: date) -> Self:
        """Those that held on at least one day of the span."""
        return self.filter(since__lte=until).filter(Q(until__isnull=True) | Q(until__gte=since))


class Place(models.Model):
    """沿革: where an organisation hung and what it was called, from a day to a day.

    The organisation's own row repeats the one that holds now, so that a question of scope stays one
    range of one column. A path is given once and never to another organisation.
    """

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="places")
    parent = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    path = models.CharField(max_length=64, db_index=True, editable=False)
    name = models.CharField("全称", max_length=200)
    short_name = models.CharField("简称", max_length=60)
    since = models.DateField("起始日期")
    until = models.DateField("截止日期", null=True, blank=True)

    objects: ClassVar[PlaceQuerySet] = PlaceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["organization_id", "since"]
        constraints = [
            spans(name="place_span"),
            models.UniqueConstraint(fields=["organization", "since"], name="place_one_a_day"),
            models.UniqueConstraint(
                fields=["organization"], condition=Q(until__isnull=True), name="place_one_open"
            ),
        ]
        indexes = [models.Index(fields=["parent", "since"], name="place_children")]

    def __str__(self) -> str:
        return f"{self.name}（{self.since:%Y-%m-%d}起）"

    def is_between(self, since: date, until: date) -> bool:
        """Whether it held on at least one day of the span."""
        return self.since <= until and (self.until is None or self.until >= since)


class OwnField(models.Model):
    """自设栏目: a field that an organisation adds to the records or the roster at and below it.

    What was written under it stays readable when it is no longer asked for.
    """

    class About(models.TextChoices):
        RECORD = "record", "活动记录"
        MEMBER = "member", "党员名册"

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="own_fields"
    )
    about = models.CharField("用于", max_length=10, choices=About)
    label = models.CharField("栏目名称", max_length=40)
    hint = models.CharField("填写说明", max_length=200, blank=True, default="")
    options = models.JSONField("可选内容", default=list, blank=True)  # texts; none: written freely
    is_required = models.BooleanField("必填", default=False)
    since = models.DateField("启用日期")
    until = models.DateField("停用日期", null=True, blank=True)

    class Meta:
        ordering = ["since", "id"]
        constraints = [
            spans(name="own_field_span"),
            models.CheckConstraint(condition=~Q(label=""), name="own_field_has_label"),
            models.UniqueConstraint(
                fields=["organization", "about", "label"],
                condition=Q(until__isnull=True),
                name="own_field_label_unique",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def key(self) -> str:
        """Under which a record or a member keeps what was written."""
        return f"own_{self.id.hex}"


class Term(models.Model):
    """届次: one term of office of a branch or a committee."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="terms")
    number = models.PositiveSmallIntegerField("第几届")
    began_on = models.DateField("开始日期")
    ends_on = models.DateField("届满日期")

    class Meta:
        ordering = ["organization", "number"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "number"], name="term_number_unique"),
            spans("began_on", "ends_on", name="term_span"),
        ]

    def __str__(self) -> str:
        return f"第{self.number}届"


class Member(models.Model):
    """党员: a person on the roster. Only what the work needs is kept."""

    class Sex(models.TextChoices):
        MALE = "m", "男"
        FEMALE = "f", "女"

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    person = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="member",
    )
    name = models.CharField("姓名", max_length=200)
    sex = models.CharField("性别", max_length=1, choices=Sex, blank=True, default="")
    born_on = models.DateField("出生年月", null=True, blank=True)
    joined_on = models.DateField("入党时间")
    full_on = models.DateField("转正时间", null=True, blank=True)
    is_leader = models.BooleanField("党员领导干部", default=False)
    own = models.JSONField("自设栏目", default=dict, blank=True)  # {OwnField.key: text}

    class Meta:
        constraints = [spans("joined_on", "full_on", name="member_joined_before_full")]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A member belongs to a branch, and to a group of it, from a day to a day."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="memberships")
    branch = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="memberships")
    group = models.ForeignKey(
        Organization,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="group_memberships",
    )
    since = models.DateField("转入日期")
    until = models.DateField("转出日期", null=True, blank=True)

    class Meta:
        constraints = [
            spans(name="membership_span"),
            models.UniqueConstraint(
                fields=["member"], condition=Q(until__isnull=True), name="membership_one_open"
            ),
        ]
        indexes = [
            models.Index(fields=["branch", "since"], name="membership_branch_since"),
            # Who left since a day is looked for among all who ever belonged.
            models.Index(
                fields=["until"], name="membership_ended", condition=Q(until__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} {self.since}"


class MemberSpell(models.Model):
    """A time during which something special holds for a member."""

    class Kind(models.TextChoices):
        AWAY = "away", "流动外出"
        INFIRM = "infirm", "年老体弱或长期病休"
        VOTELESS = "voteless", "暂无表决权"

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="spells")
    kind = models.CharField("情形", max_length=10, choices=Kind)
    since = models.DateField("开始日期")
    until = models.DateField("结束日期", null=True, blank=True)

    class Meta:
        constraints = [spans(name="member_spell_span")]

    def __str__(self) -> str:
        return self.get_kind_display()


class Activist(models.Model):
    """入党积极分子: who is being prepared for admission by a branch, from a day to a day.

    The name and the dates alone: they say for which months the branch owes its examination.
    """

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    branch = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="activists")
    name = models.CharField("姓名", max_length=200)
    since = models.DateField("确定日期")
    until = models.DateField("结束日期", null=True, blank=True)

    class Meta:
        constraints = [
            spans(name="activist_span"),
            models.CheckConstraint(condition=~Q(name=""), name="activist_has_name"),
        ]
        indexes = [models.Index(fields=["branch", "since"], name="activist_branch_since")]

    def __str__(self) -> str:
        return self.name


class CorrectionRequest(models.Model):
    """更正申请: a member says what is wrong in what is kept about them, and gets an answer."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="corrections")
    text = models.CharField("需要更正的内容", max_length=1000)
    asked_at = models.DateTimeField()
    answer = models.CharField("答复", max_length=1000, blank=True, default="")
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="correction_says_what"),
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by=None, answer="")
                | (Q(answered_at__isnull=False, answered_by__isnull=False) & ~Q(answer="")),
                name="correction_answered_whole",
            ),
        ]
        indexes = [
            models.Index(
                fields=["member"], name="correction_open", condition=Q(answered_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return self.text


class Post(models.Model):
    """任职: a member holds an office in an organisation from a day to a day."""

    class Office(models.TextChoices):
        SECRETARY = "secretary", "书记"
        DEPUTY_SECRETARY = "deputy_secretary", "副书记"
        ORGANIZATION = "organization", "组织委员"
        PUBLICITY = "publicity", "宣传委员"
        DISCIPLINE = "discipline", "纪检委员"
        COMMITTEE_MEMBER = "committee_member", "委员"
        GROUP_LEADER = "group_leader", "党小组长"

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="posts")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="posts")
    office = models.CharField("职务", max_length=20, choices=Office)
    since = models.DateField("任职日期")
    until = models.DateField("免职日期", null=True, blank=True)

    class Meta:
        constraints = [
            spans(name="post_span"),
            models.UniqueConstraint(
                fields=["organization"],
                condition=Q(until__isnull=True, office="secretary"),
                name="post_one_secretary",
            ),
        ]

    def __str__(self) -> str:
        return self.get_office_display()

    @property
    def title(self) -> str:
        """政工处党支部书记, 第一党小组组长: the office with the organisation before it."""
        word = self.get_office_display()
        if self.office == self.Office.GROUP_LEADER and self.organization.short_name.endswith(
            "党小组"
        ):
            word = "组长"
        return f"{self.organization.short_name}{word}"


class Grant(models.Model):
    """授权: a person holds a role on an organisation, with or without what lies below."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="grants"
    )
    role = models.CharField("角色", max_length=20, choices=[(r.value, LABELS[r]) for r in Role])
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="grants")
    with_below = models.BooleanField("含下级", default=False)
    since = models.DateTimeField("开始时间")
    until = models.DateTimeField("结束时间", null=True, blank=True)

    class Meta:
        constraints = [
            spans(name="grant_span"),
            models.UniqueConstraint(
                fields=["person", "role", "organization"],
                condition=Q(until__isnull=True),
                name="grant_one_open",
            ),
        ]

    def __str__(self) -> str:
        return self.get_role_display()


class RosterImport(models.Model):
    """名册导入: a file of members or organisations on its way into the tree.

    `content` is the file as it came, until it is read; `cells` what the system stores of it (no
    identity numbers, no other columns), until it is applied. `made` is the journal that undoing
    goes by.
    """

    class Kind(models.TextChoices):
        MEMBERS = "members", "党员花名册"
        ORGANIZATIONS = "organizations", "党组织名册"

    class State(models.TextChoices):
        WAITING = "waiting", "等待核对"
        JUDGING = "judging", "正在核对"
        REFUSED = "refused", "文件无法读取"
        FAULTY = "faulty", "有差错"
        ASKING = "asking", "有待确认"
        READY = "ready", "可以导入"
        APPLYING = "applying", "正在导入"
        APPLIED = "applied", "已导入"
        UNDONE = "undone", "已撤销"
        DISCARDED = "discarded", "已放弃"

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="roster_imports"
    )
    kind = models.CharField("内容", max_length=20, choices=Kind)
    file_name = models.CharField("文件", max_length=200)
    effective_on = models.DateField("起算日期")
    state = models.CharField("状态", max_length=10, choices=State, default=State.WAITING)
    message = models.TextField(blank=True, default="")
    phase = models.CharField(max_length=20, blank=True, default="")
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    made_at = models.DateTimeField()
    touched_at = models.DateTimeField()
    applied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    applied_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    undone_at = models.DateTimeField(null=True)
    content = models.BinaryField(null=True)
    cells = models.BinaryField(null=True)
    decisions = models.JSONField(default=dict)
    report = models.JSONField(default=dict)
    digest = models.CharField(max_length=64, blank=True, default="")
    made = models.BinaryField(null=True)

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=["applied", "undone"]) | Q(applied_at__isnull=False),
                name="roster_import_applied_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="undone") | Q(undone_at__isnull=False),
                name="roster_import_undone_when",
            ),
        ]
        indexes = [models.Index(fields=["organization", "made_at"], name="roster_import_newest")]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_running(self) -> bool:
        """Whether a job is at it: the page looks again in a moment."""
        return self.state in {self.State.WAITING, self.State.JUDGING, self.State.APPLYING}

    @property
    def may_confirm(self) -> bool:
        """Whether it may be taken in as it was shown."""
        return self.state == self.State.READY

    @property
    def may_decide(self) -> bool:
        """Whether its questions may be answered, again too."""
        return self.state in {self.State.ASKING, self.State.READY, self.State.FAULTY}

    @property
    def may_undo(self) -> bool:
        """Whether undoing may be tried."""
        return self.state == self.State.APPLIED
