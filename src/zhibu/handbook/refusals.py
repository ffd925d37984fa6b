"""Why a verb of the handbook is refused. Each can be shown to people as it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from zhibu.org.services import Refused
from zhibu.people.models import Person
from zhibu.rules.contents import RecordContent
from zhibu.rules.verdicts import Severity, Verdict


class RecordRefused(Refused):
    """The record is not in a state in which this can be done to it."""


class DraftConflict(Refused):
    """Somebody else has saved the draft since it was read. Nothing was overwritten.

    `draft` is what they wrote, `by` and `at` say who and when, `revision` is what a writer who has
    seen it must name.
    """

    def __init__(
        self, *, draft: RecordContent, by: Person | None, at: datetime, revision: int
    ) -> None:
        who = by.name if by else "他人"
        super().__init__(f"{who}已经修改并保存了这份草稿，您的修改尚未保存，请核对后再保存。")
        self.draft = draft
        self.by = by
        self.at = at
        self.revision = revision


class RecordMoved(Refused):
    """What is drawn from the roster, the table or the tasks is no longer what was shown."""

    def __init__(self) -> None:
        super().__init__("名册、安排表或任务刚刚又有变动，没有归档。")


class RecordIncomplete(Refused):
    """The record lacks what the norm asks for. `verdicts` holds all that was found."""

    def __init__(self, verdicts: Sequence[Verdict]) -> None:
        super().__init__("记录还不完整，不能归档，请按提示补充。")
        self.verdicts = tuple(verdicts)

    @property
    def errors(self) -> tuple[Verdict, ...]:
        """What stops filing."""
        return tuple(v for v in self.verdicts if v.severity is Severity.ERROR)


class AttachmentRefused(Refused):
    """The file cannot be taken; the message says why and what to do."""
