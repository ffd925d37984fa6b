"""Which column of a roster holds what: found by the names that offices use, in any order.

Only what the system stores is taken. What it does not store is named, so that nobody believes it was
kept; an identity number is recognised in order to be left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

Row = tuple[int, Sequence[Any]]

HEADING_WITHIN: Final = 40  # rows from the top in which the heading is looked for
MOST_COLUMNS: Final = 256


class RosterField(StrEnum):
    """What the roster of members holds, one column each."""

    KEY = "key"
    NAME = "name"
    SEX = "sex"
    BORN_ON = "born_on"
    CATEGORY = "category"
    JOINED_ON = "joined_on"
    FULL_ON = "full_on"
    BRANCH = "branch"
    GROUP = "group"
    SINCE = "since"
    OFFICE = "office"
    OFFICE_SINCE = "office_since"
    IS_LEADER = "is_leader"
    AWAY = "away"
    AWAY_SINCE = "away_since"
    INFIRM = "infirm"
    INFIRM_SINCE = "infirm_since"
    VOTELESS = "voteless"
    VOTELESS_SINCE = "voteless_since"


class TreeField(StrEnum):
    """What the list of organisations holds, one column each."""

    KEY = "key"
    CODE = "code"
    NAME = "name"
    SHORT_NAME = "short_name"
    KIND = "kind"
    FIELD = "field"
    PARENT = "parent"
    PARENT_CODE = "parent_code"
    LEVEL = "level"
    FOUNDED_ON = "founded_on"
    IS_PILOT = "is_pilot"
    THEME_DAY = "theme_day"


@dataclass(frozen=True, slots=True)
class OwnColumn:
    """A column that an organisation added to its roster (自设栏目), known by its name."""

    label: str

    @property
    def value(self) -> str:
        """As the fields are named elsewhere."""
        return f"{OWN}{self.label}"


OWN: Final = "own:"
AnyField = RosterField | TreeField | OwnColumn

# The first name is the one that we write; the others are recognised.
ROSTER_NAMES: Final[MappingOf[RosterField, tuple[str, ...]]] = {
    RosterField.NAME: ("姓名", "党员姓名", "名字", "成员姓名"),
    RosterField.SEX: ("性别",),
    RosterField.BORN_ON: ("出生日期", "出生年月", "出生年月日", "出生时间", "生日", "出生"),
    RosterField.CATEGORY: (
        "党员类别", "人员类别", "党员类型", "党员状态", "政治面貌", "类别", "党员身份",
        "正式或预备", "正式/预备", "是否正式党员", "是否预备党员",
    ),
    RosterField.JOINED_ON: (
        "入党时间", "入党日期", "入党年月", "加入党组织时间", "加入党组织日期", "加入中共时间",
        "加入中国共产党时间", "加入中国共产党日期", "加入中共党组织日期", "何时入党", "入党年月日",
        "成为预备党员时间", "成为预备党员日期", "接收为预备党员时间", "接收预备党员时间", "参加组织日期",
    ),
    RosterField.FULL_ON: (
        "转正时间", "转正日期", "转正年月", "预备党员转正时间", "转为正式党员时间",
        "转为正式党员日期", "成为正式党员时间", "成为正式党员日期", "转正年月日", "何时转正",
    ),
    RosterField.BRANCH: (
        "所在党支部", "党支部名称", "党支部", "所属党支部", "所属支部", "所在支部", "支部名称", "支部",
        "党组织名称", "所在党组织", "所属党组织", "组织关系所在党组织", "组织关系所在支部",
        "所在基层党组织", "所在党支部名称", "组织名称", "所在党支部全称", "组织关系所在党支部",
    ),
    RosterField.GROUP: ("党小组", "所在党小组", "所属党小组", "党小组名称", "小组", "所在小组"),
    RosterField.SINCE: (
        "转入日期", "转入时间", "进入支部日期", "进入支部时间", "进入当前党支部日期",
        "进入党支部时间", "进入党支部日期", "组织关系转入时间", "组织关系转入日期", "转入支部时间",
    ),
    RosterField.OFFICE: (
        "党内职务", "支部职务", "党支部职务", "党务职务", "党组织职务", "现任党内职务", "党内任职",
        "支委职务", "职务", "党内职务名称",
    ),
    RosterField.OFFICE_SINCE: ("任职日期", "任职时间", "党内任职时间", "党内任职日期", "任党内职务时间"),
    RosterField.IS_LEADER: ("党员领导干部", "是否党员领导干部", "领导干部", "是否领导干部"),
    RosterField.AWAY: ("流动党员", "是否流动党员", "流动外出", "是否流动", "是否为流动党员", "是否外出流动党员"),
    RosterField.AWAY_SINCE: ("流动开始日期", "流动起始日期", "外出日期", "流动时间", "外出时间", "外出流动时间"),
    RosterField.INFIRM: (
        "年老体弱", "是否年老体弱", "年老体弱或长期病休", "老弱病残", "年老体弱党员", "长期病休", "行动不便", "老病党员",
    ),
    RosterField.INFIRM_SINCE: ("年老体弱开始日期", "年老体弱或长期病休开始日期", "病休开始日期"),
    RosterField.VOTELESS: ("暂无表决权", "无表决权", "留党察看"),
    RosterField.VOTELESS_SINCE: ("暂无表决权开始日期", "留党察看开始日期", "留党察看开始时间"),
    RosterField.KEY: ("系统编号",),
}  # fmt: skip

TREE_NAMES: Final[MappingOf[TreeField, tuple[str, ...]]] = {
    TreeField.NAME: (
        "组织全称", "党组织全称", "党组织名称", "组织名称", "全称", "名称", "单位名称", "党支部名称", "党支部全称",
    ),
    TreeField.SHORT_NAME: ("简称", "党组织简称", "组织简称", "党支部简称"),
    TreeField.KIND: ("类型", "组织类别", "党组织类别", "党组织类型", "组织类型", "类别"),
    TreeField.FIELD: ("领域", "所属领域", "单位类别", "单位性质", "所在单位类别", "单位类型"),
    TreeField.PARENT: (
        "上级组织", "上级党组织", "上级党组织名称", "上级组织名称", "隶属党组织", "隶属", "上级", "所属党委",
        "所属上级党组织", "隶属关系", "上级党组织全称",
    ),
    TreeField.CODE: ("组织代码", "党组织代码", "党组织编码", "组织编码", "代码", "编码", "编号"),
    TreeField.PARENT_CODE: ("上级组织代码", "上级党组织代码", "上级代码", "上级编码", "上级党组织编码", "上级编号"),
    TreeField.LEVEL: ("层级", "级次", "组织层级", "级别"),
    TreeField.FOUNDED_ON: ("成立日期", "成立时间", "建立时间", "建立日期", "党组织成立时间", "批准成立日期", "党组织建立日期"),
    TreeField.IS_PILOT: ("试点单位", "是否试点", "试点", "是否试点单位"),
    TreeField.THEME_DAY: ("主题党日固定日", "主题党日", "固定党日", "主题党日时间"),
    TreeField.KEY: ("系统编号",),
}  # fmt: skip

NEVER_STORED: Final = (
    "身份证号", "身份证号码", "公民身份号码", "公民身份证号码", "身份证", "证件号码", "证件号", "身份号码",
    "公民身份证号", "居民身份证号码", "居民身份证号", "有效身份证件号码", "护照号", "护照号码",
)  # fmt: skip
NOT_STORED: Final = (
    "序号", "民族", "籍贯", "出生地", "学历", "学位", "全日制学历", "最高学历", "学历学位", "毕业院校", "专业",
    "联系电话", "手机", "手机号", "手机号码", "电话", "联系方式", "办公电话", "固定电话", "邮箱", "电子邮箱", "微信",
    "家庭住址", "住址", "现住址", "居住地", "户籍所在地", "户籍", "通讯地址", "工作单位", "单位", "工作单位及职务",
    "部门", "所在部门", "处室", "科室", "工作岗位", "岗位", "行政职务", "职称", "技术职称", "职级", "身份",
    "参加工作时间", "年龄", "党龄", "入党介绍人", "党籍状态", "是否为失联党员", "失联党员", "党费", "月缴党费",
    "党费标准", "工资", "婚姻状况", "家庭成员", "健康状况", "备注", "说明", "照片", "一线情况", "新社会阶层类型",
    "党员编号", "工号", "班级", "学号", "年级", "流出地", "流入地", "流动去向", "外出地点", "联系人", "书记", "书记姓名",
    "党员人数", "党员数", "人数", "党组织书记", "联络员", "通讯联系人", "届满日期", "换届时间", "问题与处理",
)  # fmt: skip
BROUGHT: Final = "其他自设栏目"
"""What members keep under columns that their branch does not have: written out, never read."""
ROSTER_TOLD: Final = ("组织关系经历", "曾任职务", "以往情形")
TREE_TOLD: Final = ("启用日期", "临近到期提前天数", "类别名称", "沿革", "届次")
"""What the full export tells besides, each changed on a page of its own: written out, never read."""
SILENT: Final = frozenset({"序号", "问题与处理", "原行号", BROUGHT, *ROSTER_TOLD, *TREE_TOLD})
"""Columns that nobody misses: nothing is said of them."""


class Leaving(StrEnum):
    """Why a column is left out."""

    NEVER_STORED = "never_stored"  # personal data that the system refuses to hold
    NOT_STORED = "not_stored"
    UNKNOWN = "unknown"
    TWICE = "twice"  # another column says the same and was taken


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is taken: which field, at which place (from 0), under which heading."""

    field: AnyField
    index: int
    heading: str


@dataclass(frozen=True, slots=True)
class LeftColumn:
    """A column that is not taken, and why."""

    heading: str
    why: Leaving


@dataclass(frozen=True, slots=True)
class Mapping:
    """The heading of a sheet: `row` as Excel numbers it (the last row of the heading)."""

    row: int
    columns: tuple[Column, ...] = ()
    left: tuple[LeftColumn, ...] = ()

    @property
    def fields(self) -> frozenset[AnyField]:
        """The fields that the sheet says something of."""
        return frozenset(column.field for column in self.columns)

    def place(self, field: AnyField) -> int | None:
        """At which place the field stands; None when the sheet has no such column."""
        return next((column.index for column in self.columns if column.field is field), None)

    def heading(self, field: AnyField) -> str:
        """The heading under which the sheet has the field, or the name that we give it."""
        found = next((column.heading for column in self.columns if column.field is field), "")
        return found or label_of(field)


def label_of(field: AnyField) -> str:
    """The name of a field, as we write it above a column."""
    if isinstance(field, OwnColumn):
        return field.label
    return ROSTER_NAMES[field][0] if isinstance(field, RosterField) else TREE_NAMES[field][0]


_BRACKETS: Final = re.compile(r"[(\[{【〔].*?[)\]}】〕]")
_BLANKS: Final = re.compile(r"[\s*:：·.、,，_\-—/\\]+")


def fold(text: object) -> str:
    """A heading without blanks, line ends, marks and what stands in brackets, for comparing."""
    plain = unicodedata.normalize("NFKC", str(text)) if isinstance(text, str) else ""
    return _BRACKETS.sub("", _BLANKS.sub("", plain)).lower()


def _by_name(names: MappingOf[Any, tuple[str, ...]]) -> dict[str, AnyField]:
    return {fold(name): field for field, all_names in names.items() for name in all_names}


_ROSTER: Final = _by_name(ROSTER_NAMES)
_TREE: Final = _by_name(TREE_NAMES)
_NEVER: Final = frozenset(map(fold, NEVER_STORED))
_NOT: Final = frozenset(map(fold, NOT_STORED))
_NEVER_PARTS: Final = ("身份证", "身份号码", "证件号")
# "姓名" and "全称" are the fields without which nothing is a roster.
_LEADING: Final = {False: RosterField.NAME, True: TreeField.NAME}


def likeness(rows: Sequence[Row], *, is_tree: bool = False, own: Collection[str] = ()) -> int:
    """How much the first rows of a sheet look like the table that is wanted; 0 for not at all."""
    found = find_heading(rows, is_tree=is_tree, own=own)
    return len(found.columns) if found is not None else 0


def find_heading(
    rows: Sequence[Row], *, is_tree: bool = False, own: Collection[str] = ()
) -> Mapping | None:
    """The heading among the first rows, below whatever titles there are; None when there is none.

    A heading in two rows (a title over several columns, their names below it) is taken as one.
    `own` are the names of columns that the organisation has added.
    """
    known: dict[str, AnyField] = {fold(label): OwnColumn(label) for label in own}
    # Our own names first: an added column does not take the place of 姓名.
    known.update(_TREE if is_tree else _ROSTER)
    # As it is written before as it is folded: two may differ in what stands in brackets alone.
    known |= {label: OwnColumn(label) for label in own if fold(label) not in _ROSTER}
    best: tuple[int, Mapping] | None = None
    looked_at = rows[:HEADING_WITHIN]
    for at, (number, cells) in enumerate(looked_at):
        choices = [(number, list(cells[:MOST_COLUMNS]))]
        if at + 1 < len(looked_at) and looked_at[at + 1][0] == number + 1:
            below = looked_at[at + 1][1]
            choices.append((number + 1, _join(cells[:MOST_COLUMNS], below[:MOST_COLUMNS], known)))
        for row, headings in choices:
            mapping = _map(row, headings, known)
            if _LEADING[is_tree] not in mapping.fields or len(mapping.columns) < 2:
                continue
            # A row that is named twice may be data; more columns are more certainly a heading.
            if best is None or len(mapping.columns) > best[0]:
                best = len(mapping.columns), mapping
    return best[1] if best else None


def _join(upper: Sequence[Any], lower: Sequence[Any], known: MappingOf[str, AnyField]) -> list[Any]:
    """The names of the lower row where they are known, else those above them."""
    width = max(len(upper), len(lower))
    above = [*upper, *[""] * (width - len(upper))]
    below = [*lower, *[""] * (width - len(lower))]
    return [
        low if fold(low) in known or fold(low) in _NOT or _is_never(fold(low)) else high
        for high, low in zip(above, below, strict=True)
    ]


def _is_never(name: str) -> bool:
    return name in _NEVER or any(part in name for part in _NEVER_PARTS)


def _map(row: int, headings: Sequence[Any], known: MappingOf[str, AnyField]) -> Mapping:
    columns: list[Column] = []
    left: list[LeftColumn] = []
    taken: dict[AnyField, int] = {}
    for index, value in enumerate(headings):
        name = fold(value)
        shown = " ".join(str(value).split())[:40]
        field = known.get(shown) or known.get(name)
        if not name and field is None:
            continue
        if _is_never(name):
            left.append(LeftColumn(shown, Leaving.NEVER_STORED))
        elif field is not None and field not in taken:
            taken[field] = len(columns)
            columns.append(Column(field, index, shown))
        elif field is not None:
            at = taken[field]
            # 党内职务 before 职务, 党员类别 before 类别: the name that says more is taken.
            if len(name) > len(fold(columns[at].heading)):
                left.append(LeftColumn(columns[at].heading, Leaving.TWICE))
                columns[at] = Column(field, index, shown)
            else:
                left.append(LeftColumn(shown, Leaving.TWICE))
        elif shown not in SILENT:
            left.append(LeftColumn(shown, Leaving.NOT_STORED if name in _NOT else Leaving.UNKNOWN))
    return Mapping(row, tuple(columns), tuple(left))
