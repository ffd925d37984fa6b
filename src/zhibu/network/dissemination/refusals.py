"""Why a verb of dissemination is refused. Each can be shown to people as it is."""

from __future__ import annotations

from collections.abc import Sequence

from zhibu.network.dissemination.models import Text
from zhibu.org.services import Refused
from zhibu.rules.verdicts import Severity, Verdict


class TextRefused(Refused):
    """The text is not in a state in which this can be done to it."""


class TextConflict(Refused):
    """Somebody else has changed the text since it was read. Nothing was overwritten.

    `text` is as it stands now; a writer who has seen it names its revision.
    """

    def __init__(self, text: Text) -> None:
        super().__init__("这份文件已被他人修改，您的修改尚未保存，请核对最新内容后再保存。")
        self.text = text


class TextIncomplete(Refused):
    """Something is missing or wrong. `verdicts` holds all that was found."""

    def __init__(self, verdicts: Sequence[Verdict], message: str = "") -> None:
        super().__init__(message or "文件还不完整，请按提示补充。")
        self.verdicts = tuple(verdicts)

    @property
    def errors(self) -> tuple[Verdict, ...]:
        """What stops it."""
        return tuple(v for v in self.verdicts if v.severity is Severity.ERROR)


class NotForYou(Refused):
    """The text is not for this person, or has not come down to them yet."""

    def __init__(self) -> None:
        super().__init__("这份文件的传达对象中没有您，不需要确认。")


class VersionGone(Refused):
    """An older version was shown; `version` is the one that asks now."""

    def __init__(self, version: int) -> None:
        super().__init__("文件已有新的版本，请阅读新版本后再确认。")
        self.version = version


class VisitRefused(Refused):
    """The visit does not count. `verdicts` say why."""

    def __init__(self, verdicts: Sequence[Verdict]) -> None:
        super().__init__("这次走访不能登记，请按提示修改。")
        self.verdicts = tuple(verdicts)


class RemindedToday(Refused):
    """They have been reminded on this day already."""

    def __init__(self) -> None:
        super().__init__("今天已经提醒过，一天之内不重复提醒。")
