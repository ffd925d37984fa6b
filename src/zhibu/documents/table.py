"""一表: the values of a 《党支部学习活动年度安排表》 and its columns as such tables circulate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

TITLE: Final = "党支部学习活动年度安排表"


@dataclass(frozen=True, slots=True)
class TableLine:
    """One line of the table. Every string is worded by the caller; empty is allowed.

    `key` is the id of the plan line, "" for a line that does not exist yet; `period` says the
    month or quarter ("3月"、"第一季度"); `state` says how the line stands ("已完成"), `why` why.
    """

    key: str
    period: str
    planned_on: date | None
    practice_class: str  # B、T、X
    activity: str  # 会议（活动）类别
    topic: str = ""
    form: str = ""
    attendees: str = ""  # 参加范围
    presenter: str = ""  # 主持、主讲
    responsible: str = ""
    state: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class AnnualTable:
    """The table of one branch and year.

    `classes` are the labels of the classes in their order, e.g. (("B", "必做"), …); `notes` are
    printed below the table; `plan`, `revision` and `norm` identify what the table was made from,
    so that an edited copy can be matched when it comes back.
    """

    branch: str
    year: int
    lines: tuple[TableLine, ...]
    classes: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    status: str = ""  # 草案、已通过 …
    plan: str = ""
    revision: int = 0
    norm: str = ""
    title: str = TITLE

    def heading(self) -> str:
        """The line under the title: branch and year."""
        return f"{self.branch}　{self.year}年度" + (f"（{self.status}）" if self.status else "")

    def legend(self) -> str:
        """What the letters mean, or "" when no labels were given."""
        return "类别：" + "，".join(f"{k}—{v}" for k, v in self.classes) if self.classes else ""
