"""传达: texts that are sent down, whom they are for, whom they have reached.

A text never names its readers: it says for whom it is (`Audience` rows, role, kinds, fields), and
who that is follows from the roster and the tree of the day of issue. What a text has reached is in
its receipts and nowhere else; the tallies repeat them by level, and a reader adds what is not yet
folded in.

The tree changes, and a text does not follow: who was expected and who was reached stay at the path
that the branch had on the day of issue (a path is never given twice). Who may look at it follows
the tree of today. Members of a branch that was dissolved or merged since then still count where
they were, may still read and acknowledge, and are reminded as long as they belong to a branch.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When

from zhibu.org.models import Member, Organization
from zhibu.people.keys import new_key
from zhibu.rules.labels import labels_of
from zhibu.rules.reach import Mode, Readers


class TextQuerySet(models.QuerySet["Text"]):
    """Reads of texts."""

    def sent(self) -> Self:
        """Issued, whether recalled since or not."""
        return self.exclude(state=Text.State.DRAFT)

    def asking(self) -> Self:
        """Those that still ask to be read."""
        return self.filter(state=Text.State.ISSUED)


class Text(models.Model):
    """传达文件: one text as it stands now, a draft or the newest version of what was issued."""

    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        ISSUED = "issued", "已下发"
        RECALLED = "recalled", "已撤回"

    MODES: ClassVar = labels_of(Mode)
    READERS: ClassVar = labels_of(Readers)

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="texts")
    state = models.CharField("状态", max_length=10, choices=State, default=State.DRAFT)
    title = models.CharField("标题", max_length=200)
    body = models.TextField("正文", blank=True, default="")
    mode = models.CharField("传达方式", max_length=10, choices=MODES, default=Mode.AT_ONCE.value)
    readers = models.CharField(
        "传达对象", max_length=12, choices=READERS, default=Readers.MEMBERS.value
    )
    # Only in organisations of these kinds and fields; none: of every one.
    kinds = models.CharField("组织类型", max_length=100, blank=True, default="")  # ",branch,"
    fields = models.CharField("领域", max_length=100, blank=True, default="")
    reach_by = models.DateField("传达期限", null=True, blank=True)
    theme_id = models.UUIDField("专题", null=True, blank=True)
    version = models.PositiveSmallIntegerField(default=0)  # that asks to be read; 0: a draft
    revision = models.PositiveIntegerField(default=1)  # a writer must know the latest one
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    drafted_at = models.DateTimeField()
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    issued_at = models.DateTimeField("下发时间", null=True, blank=True)
    issued_on = models.DateField("下发日期", null=True, blank=True)
    path = models.CharField(max_length=64, blank=True, default="")  # of the issuer on that day
    recalled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    recalled_at = models.DateTimeField("撤回时间", null=True, blank=True)
    recall_reason = models.CharField("撤回理由", max_length=500, blank=True, default="")
    is_counted = models.BooleanField(default=False)  # the expected numbers are complete

    objects: ClassVar[TextQuerySet] = TextQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-issued_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state="draft", version=0, issued_at=None, issued_by=None, issued_on=None
                )
                | (
                    ~Q(state="draft")
                    & ~Q(path="")
                    & Q(
                        version__gte=1,
                        issued_at__isnull=False,
                        issued_by__isnull=False,
                        issued_on__isnull=False,
                    )
                ),
                name="text_issued_whole",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state="recalled", recalled_at__isnull=False, recalled_by__isnull=False)
                    & ~Q(recall_reason="")
                )
                | (~Q(state="recalled") & Q(recalled_at=None, recalled_by=None, recall_reason="")),
                name="text_recalled_with_reason",
            ),
            models.CheckConstraint(condition=~Q(title=""), name="text_has_title"),
            models.CheckConstraint(
                condition=Q(mode__in=["at_once", "by_level"])
                & Q(readers__in=["members", "committee", "secretaries"]),
                name="text_known_words",
            ),
            models.CheckConstraint(
                condition=Q(reach_by=None) | Q(issued_on=None) | Q(reach_by__gte=F("issued_on")),
                name="text_reach_after_issue",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-drafted_at"], name="text_of_organization"),
            models.Index(fields=["-issued_at", "-id"], name="text_newest"),
            models.Index(
                fields=["theme_id"], name="text_of_theme", condition=Q(theme_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_draft(self) -> bool:
        """Whether it is still being written."""
        return self.state == self.State.DRAFT

    @property
    def is_asking(self) -> bool:
        """Whether it still asks to be read."""
        return self.state == self.State.ISSUED

    @property
    def is_by_level(self) -> bool:
        """Whether each level sends it on before those below see it."""
        return self.mode == Mode.BY_LEVEL.value

    @property
    def only_kinds(self) -> tuple[str, ...]:
        """The kinds of organisation that it is for; none: all."""
        return tuple(filter(None, self.kinds.split(",")))

    @property
    def only_fields(self) -> tuple[str, ...]:
        """The fields that it is for; none: all."""
        return tuple(filter(None, self.fields.split(",")))

    @property
    def issue_day(self) -> date:
        """The day whose roster and tree say whom it is for. LookupError for a draft."""
        if self.issued_on is None:
            raise LookupError("not issued")
        return self.issued_on


class TextVersion(models.Model):
    """What a text said: version and, inside it, small corrections, from 0.

    A receipt is bound to the version: a correction keeps it, a new version asks again.
    """

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    text = models.ForeignKey(Text, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveSmallIntegerField("版本")
    correction = models.PositiveSmallIntegerField("更正", default=0)
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True, default="")
    files = models.JSONField(default=list)  # keys of the attachments that belong to it
    note = models.CharField("修改说明", max_length=500, blank=True, default="")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["text", "version", "correction"]
        constraints = [
            models.UniqueConstraint(
                fields=["text", "version", "correction"], name="text_version_once"
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="text_version_from_one"),
            models.CheckConstraint(
                condition=Q(version=1, correction=0) | ~Q(note=""), name="text_version_says_why"
            ),
        ]

    @property
    def is_correction(self) -> bool:
        """Whether it keeps the receipts of its version."""
        return self.correction > 0


class Audience(models.Model):
    """One organisation that a text is for, with all below it."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    text = models.ForeignKey(Text, on_delete=models.CASCADE, related_name="audiences")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    path = models.CharField(max_length=64)  # while a draft: today's; then that of the day of issue

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["text", "organization"], name="text_audience_once")
        ]
        indexes = [models.Index(fields=["path"], name="text_audience_path")]


def file_path(instance: TextFile, filename: str) -> str:
    """Files lie under their own key: a name that somebody chose never becomes a path."""
    del filename
    return f"texts/{instance.id.hex[:2]}/{instance.id.hex}"


class TextFile(models.Model):
    """附件 of a text. One that an issued version names stays."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    text = models.ForeignKey(Text, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64)  # SHA-256 of the bytes
    file = models.FileField(upload_to=file_path, max_length=200)
    is_current = models.BooleanField(default=True)  # of the draft, or of what is in force
    is_issued = models.BooleanField(default=False)  # named by a version
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["added_at", "id"]


class Forward(models.Model):
    """转发: a level sent a text on to those right below it, with words of its own.

    It can only do so once it has the text itself, so one row says that all above have done it. A
    branch's meeting that carries the text sends it on too: `record` then, and it goes with it.
    """

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    text = models.ForeignKey(Text, on_delete=models.PROTECT, related_name="forwards")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    path = models.CharField(max_length=64)  # on the day of issue
    words = models.TextField("转发意见", blank=True, default="")
    record_id = models.UUIDField(null=True, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["path"]
        constraints = [models.UniqueConstraint(fields=["text", "path"], name="text_forwarded_once")]


# A column of its own, not a comparison of two: of it PostgreSQL knows how often it is true, and so
# that what is not folded is little.
UNFOLDED = Q(is_folded=False)
DELTA = Case(When(is_valid=True, then=Value(1)), default=Value(0)) - Case(
    When(counted_as="", then=Value(0)), default=Value(1)
)
"""What a receipt adds to the totals when it is folded in: 1, 0 or -1."""


class Receipt(models.Model):
    """回执: one version of a text reached one member, and how.

    `is_valid` is false when what reached them was taken back (a record was voided); `counted_as`
    says what the tallies hold of it: the way in which they count it, "" where they do not. Whoever
    writes clears `is_folded`, a worker folds those rows in: so the row is its own delta, and
    acknowledging writes one row that nobody else waits for.
    """

    class How(models.TextChoices):
        READ = "read", "本人阅读确认"
        MEETING = "meeting", "会议传达"
        VISIT = "visit", "上门传达"

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    # No constraint in the database: each acknowledgement would mark the one row of the text, which
    # a million others mark as well. A text that was issued is never deleted.
    text = models.ForeignKey(
        Text,
        on_delete=models.PROTECT,
        related_name="receipts",
        db_constraint=False,
        db_index=False,
    )
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="receipts", db_index=False
    )
    version = models.PositiveSmallIntegerField()
    path = models.CharField(max_length=64)  # where the member counts: on the day of issue
    how = models.CharField("方式", max_length=8, choices=How)
    at = models.DateTimeField("时间")
    record_id = models.UUIDField(null=True, blank=True)
    visited_on = models.DateField("走访日期", null=True, blank=True)
    visitor = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    is_valid = models.BooleanField(default=True)
    counted_as = models.CharField(max_length=8, blank=True, default="")
    is_folded = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "text", "version"], name="receipt_once_a_version"
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="receipt_of_version"),
            models.CheckConstraint(
                condition=Q(how="read", record_id=None, visited_on=None, visitor=None)
                | Q(how="meeting", record_id__isnull=False, visited_on=None, visitor=None)
                | Q(
                    how="visit",
                    record_id=None,
                    visited_on__isnull=False,
                    visitor__isnull=False,
                    recorded_by__isnull=False,
                ),
                name="receipt_says_how",
            ),
            models.CheckConstraint(
                condition=Q(visitor=None) | ~Q(visitor=F("member")), name="receipt_not_own_visit"
            ),
        ]
        indexes = [
            models.Index(
                fields=["record_id"],
                name="receipt_of_record",
                condition=Q(record_id__isnull=False),
            ),
            # What is not folded in; short while the worker runs.
            models.Index(
                fields=["text", "version", "path"],
                name="receipt_unfolded",
                condition=UNFOLDED,
            ),
        ]


class Carriage(models.Model):
    """A filed record of a branch that passes a text on."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    text = models.ForeignKey(Text, on_delete=models.PROTECT, related_name="carriages")
    branch = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    record_id = models.UUIDField()
    happened_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["record_id", "text"], name="carriage_once_a_record")
        ]
        indexes = [models.Index(fields=["text", "branch"], name="carriage_of_branch")]


class Expected(models.Model):
    """应传达: how many a text is for at a path and below it."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    text = models.ForeignKey(Text, on_delete=models.CASCADE, related_name="+", db_index=False)
    path = models.CharField(max_length=64)
    number = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["text", "path"], name="expected_once")]


class Reached(models.Model):
    """已传达: how many of a version's receipts are folded in at a path and below it, and how.

    Of `number` so many were reached by a meeting or a visit, the others by their own reading.
    """

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    text = models.ForeignKey(Text, on_delete=models.CASCADE, related_name="+", db_index=False)
    version = models.PositiveSmallIntegerField()
    path = models.CharField(max_length=64)
    number = models.IntegerField(default=0)
    by_meeting = models.IntegerField(default=0)
    by_visit = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["text", "version", "path"], name="reached_once")
        ]


class TextJob(models.Model):
    """Something to be done for many after a text was issued: in chunks, each one transaction.

    `after` is the path up to which it is done. A worker that is killed in the middle has lost the
    chunk that it was at, and no more; the next one goes on from there.
    """

    class Kind(models.TextChoices):
        COUNT = "count", "统计应传达人数"
        ANNOUNCE = "announce", "通知"
        HAND_DOWN = "hand_down", "通知下级转发"
        REMIND = "remind", "提醒"
        TAKE_BACK = "take_back", "收回通知"

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    text = models.ForeignKey(Text, on_delete=models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=10, choices=Kind)
    version = models.PositiveSmallIntegerField()
    path = models.CharField(max_length=64, blank=True, default="")  # only at and below; "": all
    on = models.DateField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    made_at = models.DateTimeField()
    after = models.CharField(max_length=80, blank=True, default="")
    done = models.PositiveIntegerField(default=0)  # people counted or told
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            # Nobody is reminded twice on a day, whoever asks for it.
            models.UniqueConstraint(
                fields=["text", "kind", "version", "path", "on"], name="text_job_once_a_day"
            )
        ]
        indexes = [
            models.Index(
                fields=["made_at"], name="text_job_open", condition=Q(finished_at__isnull=True)
            )
        ]
