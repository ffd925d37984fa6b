"""一表: the values of a 《党支部学习活动年度安排表》 and its columns as such tables circulate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

TITLE: Final = "党支部学习活动年度安排表"

# Column of the sheet → the names under which people write it; the first is the one we write.
COLUMNS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("number", ("序号", "编号")),
    ("period", ("月份", "时段", "季度")),
    ("planned_on", ("时间", "日期", "计划时间", "活动时间", "拟定时间")),
    ("practice_class", ("类别", "BTX类别", "体系类别")),
    ("activity", ("会议（活动）类别", "会议类别", "活动类别", "会议或活动类别")),
    ("topic", ("主题内容", "主题", "内容", "活动内容", "会议内容")),
    ("form", ("形式", "活动形式", "方式")),
    ("attendees", ("参加范围", "参加人员", "参会范围", "参加对象")),
    ("presenter", ("主持/主讲", "主持（主讲）", "主持人", "主讲人", "主持", "主讲")),
    ("responsible", ("责任人", "负责人", "责任部门")),
    ("state", ("完成情况", "落实情况")),
    ("remark", ("备注", "说明")),
)
KEY_COLUMN: Final = "安排编号"
MARK_SHEET: Final = "zhibu"


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
