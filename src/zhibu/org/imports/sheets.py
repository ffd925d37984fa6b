"""The files that go out: templates, full exports, the marked file of faulty rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final

from django.utils import timezone

from zhibu.documents.roster_writing import (
    MarkedRow,
    SheetColumn,
    write_marked,
    write_roster,
    write_template,
)
from zhibu.org.imports.histories import member_histories, organization_histories
from zhibu.org.imports.judging import judge
from zhibu.org.imports.known import known_members, known_organizations, known_places, own_labels
from zhibu.org.imports.report import fault_text
from zhibu.org.models import Organization, RosterImport
from zhibu.rules.roster_columns import (
    BROUGHT,
    ROSTER_TOLD,
    TREE_TOLD,
    RosterField,
    TreeField,
    label_of,
)
from zhibu.rules.roster_export import (
    DAYS,
    ROSTER_COLUMNS,
    TREE_COLUMNS,
    member_cells,
    organization_cells,
)
from zhibu.rules.roster_tree import FIELD_NAMES, KIND_NAMES
from zhibu.rules.roster_values import OFFICE_WORDS
from zhibu.rules.verdicts import Severity
from zhibu.rules.wording_roster import say_question

F = RosterField
T = TreeField
YES: Final = ("是", "否")
_BEGAN: Final = "从哪一天起，如2024-03-01；不填按起算日期登记。"
_KEY_NOTE: Final = "由导出的文件带来，用来认出同一条信息；新增的行留空，不要改动。"
_MEMBER_NOTES: Final[dict[RosterField, tuple[str, tuple[str, ...]]]] = {
    F.NAME: ("姓名。", ("张三", "阿依努尔·吐尔逊")),
    F.SEX: ("男或女。", ("男",)),
    F.BORN_ON: ("年月日，只知道年月的写年月。", ("1985-03-02", "1985.03", "1985年3月")),
    F.CATEGORY: ("正式党员或预备党员。", ("正式党员",)),
    F.JOINED_ON: ("支部党员大会通过接收为预备党员的日期。", ("2012-07-01", "2012.07")),
    F.FULL_ON: ("支部党员大会通过转为正式党员的日期；预备党员不填。", ("2013-07-01",)),
    F.BRANCH: ("党支部全称或简称，须已在系统中设立。导入本支部名册时可以不填。", ("第一党支部",)),
    F.GROUP: ("党小组名称；不在任何党小组的填“无”，不填表示不改动。", ("第一党小组", "无")),
    F.SINCE: ("转入本支部的日期；不填按起算日期登记。", ("2020-09-01",)),
    F.OFFICE: (
        f"可填{'、'.join(OFFICE_WORDS.values())}，兼任的用顿号隔开；不任职的填“无”，不填表示不改动。",
        ("书记", "副书记、组织委员", "无"),
    ),
    F.OFFICE_SINCE: ("任职日期；几个职务日期不同的，按职务次序用顿号隔开。", ("2024-05-10",)),
    F.IS_LEADER: ("是不是党员领导干部。", YES),
    F.AWAY: ("是不是流动党员（连续六个月以上不能参加支部活动）。", YES),
    F.INFIRM: ("是不是年老体弱或长期病休、参加活动不作硬性要求。", YES),
    F.VOTELESS: ("是不是在留党察看等暂无表决权期间。", YES),
    F.AWAY_SINCE: (_BEGAN, ()),
    F.INFIRM_SINCE: (_BEGAN, ()),
    F.VOTELESS_SINCE: (_BEGAN, ()),
    F.KEY: (_KEY_NOTE, ()),
}  # fmt: skip
_ORGANIZATION_NOTES: Final[dict[TreeField, tuple[str, tuple[str, ...]]]] = {
    T.NAME: ("党组织全称。", ("某某局机关第一党支部",)),
    T.SHORT_NAME: ("简称，用于页面；不填同全称。", ("第一党支部",)),
    T.KIND: ("组织类型；名称以“党支部”等结尾的可以不填。", ("党支部",)),
    T.FIELD: ("所在领域；不填为机关。", ("机关",)),
    T.PARENT: ("上级党组织全称，可以是本文件中的，也可以是系统中已有的。", ("某某局直属机关党委",)),
    T.CODE: ("本文件内的代码，用来指明上级；有重名的组织时填写。", ("101",)),
    T.PARENT_CODE: ("上级组织在本文件中的代码。", ("1",)),
    T.FOUNDED_ON: ("批准成立的日期；不填按起算日期登记。", ("2015-01-01",)),
    T.IS_PILOT: ("是不是试点单位。", YES),
    T.THEME_DAY: ("主题党日固定在哪一天。", ("每月15日", "每月第二个星期五")),
    T.KEY: (_KEY_NOTE, ()),
}  # fmt: skip
_CHOICES: Final[dict[RosterField | TreeField, tuple[str, ...]]] = {
    F.SEX: ("男", "女"),
    F.CATEGORY: ("正式党员", "预备党员"),
    **dict.fromkeys((F.IS_LEADER, F.AWAY, F.INFIRM, F.VOTELESS, T.IS_PILOT), YES),
    T.KIND: tuple(KIND_NAMES.values()),
    T.FIELD: tuple(FIELD_NAMES.values()),
}
_NEEDED: Final = frozenset({F.NAME, F.JOINED_ON, T.NAME})
_WIDE: Final = {
    F.BRANCH: 28,
    F.OFFICE: 18,
    F.KEY: 38,
    T.PARENT: 34,
    T.SHORT_NAME: 18,
    T.THEME_DAY: 20,
}
_NAME_WIDTHS: Final = {RosterField: 13, TreeField: 34}  # both fields are the text "name"
_ROSTER_NOTES: Final = (
    "一人一行，表头不要改动；列的次序可以调整，不需要的列可以删去。红色表头的列必填。",
    "不需要填写身份证号、民族、学历、家庭成员等，填了也不会读入。",
    "空着的格表示不改动已有的登记；文件中没有的党员不受影响。",
)
_TREE_NOTES: Final = (
    "一个党组织一行，上级和下级的先后次序不限。红色表头的列必填。",
    "空着的格表示不改动已有的登记；文件中没有的组织不受影响。撤销、划转请在组织页面办理。",
)


def _columns(fields: Sequence[RosterField | TreeField]) -> list[SheetColumn]:
    found = []
    for one in fields:
        # A member's name and an organisation's are the same text to a dictionary.
        note, examples = (
            _MEMBER_NOTES[one] if isinstance(one, RosterField) else _ORGANIZATION_NOTES[one]
        )
        is_name = one in {F.NAME, T.NAME}
        found.append(
            SheetColumn(
                label_of(one),
                note,
                _CHOICES.get(one, ()),
                is_day=one in DAYS,
                is_needed=one in _NEEDED,
                width=_NAME_WIDTHS[type(one)] if is_name else _WIDE.get(one, 13),
                examples=examples,
            )
        )
    return found


def _own_columns(labels: Sequence[str]) -> list[SheetColumn]:
    return [SheetColumn(label, "本组织的自设栏目。", width=18) for label in labels]


def _told_columns(labels: Sequence[str]) -> list[SheetColumn]:
    return [SheetColumn(label, "供查阅，导入时不读。", width=24) for label in labels]


def template_xlsx(kind: str, organization: Organization | None = None) -> bytes:
    """The table to fill in: headings, lists to choose from, notes with examples.

    With an organisation, the columns that it and the levels above it added stand at the end.
    """
    if kind == RosterImport.Kind.MEMBERS:
        fields = tuple(one for one in ROSTER_COLUMNS if one is not F.KEY)
        own = () if organization is None else own_labels(organization)
        return write_template("党员花名册", [*_columns(fields), *_own_columns(own)], _ROSTER_NOTES)
    tree = tuple(one for one in TREE_COLUMNS if one is not T.KEY)
    return write_template("党组织名册", _columns(tree), _TREE_NOTES)


def roster_xlsx(organization: Organization, *, on: date) -> bytes:
    """Every field of everybody who belongs here or below now; the file imports cleanly again.

    `on` is today: who has become a full member by then is written as one.
    """
    places = known_places(organization)
    full_names = _branch_names(organization)
    own = own_labels(organization)
    members = known_members(organization, on)
    has_brought = any(one.brought for one in members)
    told = member_histories(organization)
    nothing = ("",) * len(ROSTER_TOLD)

    def rows() -> Iterator[list[Any]]:
        for one in members:
            branch, group = full_names.get(one.branch, ""), places.name(one.group)
            cells = member_cells(
                one, branch=branch, group=group, today=on, own=own, has_brought=has_brought
            )
            yield [*cells, *told.get(one.key, nothing)]

    columns = [*_columns(ROSTER_COLUMNS), *_own_columns(own)]
    if has_brought:
        columns.append(SheetColumn(BROUGHT, "在原支部填写的内容，导入时不读。", width=24))
    columns += _told_columns(ROSTER_TOLD)
    return write_roster("党员花名册", columns, rows())


def _branch_names(organization: Organization) -> dict[str, str]:
    """Full names by key; branches that share one cannot be told apart by it, nor need to be."""
    branches = Organization.objects.under(organization.path).branches()
    return {str(key): name for key, name in branches.values_list("id", "name")}


def organizations_xlsx(organization: Organization, *, on: date) -> bytes:  # noqa: ARG001 - both exports are asked alike
    """Every field of the organisation and all that stand below it now; imports cleanly again."""
    known = known_organizations(organization)
    names = {one.key: one.name for one in known}
    codes = {one.key: str(number) for number, one in enumerate(known, 1)}
    told = organization_histories(organization)
    rows = [
        [
            *organization_cells(
                one,
                code=codes[one.key],
                parent=names.get(one.parent, ""),
                parent_code=codes.get(one.parent, ""),
            ),
            *told[one.key],
        ]
        for one in known
    ]
    columns = [*_columns(TREE_COLUMNS), *_told_columns(TREE_TOLD)]
    return write_roster("党组织名册", columns, rows)


def marked_xlsx(held: RosterImport) -> bytes:
    """The rows with faults or open questions: cells coloured, what to do in the last column."""
    is_tree = held.kind == RosterImport.Kind.ORGANIZATIONS
    found = judge(held, today=timezone.localdate(held.touched_at))
    columns = found.cells.headings.columns
    place = {column.field.value: at for at, column in enumerate(columns)}
    heading = {column.field.value: column.heading for column in columns}
    wrong: dict[int, set[int]] = defaultdict(set)
    doubtful: dict[int, set[int]] = defaultdict(set)
    words: dict[int, list[str]] = defaultdict(list)
    for fault in found.judgement.faults:
        if not fault.row or fault.severity is Severity.NOTE:
            continue
        marks = wrong if fault.severity is Severity.ERROR else doubtful
        if fault.field in place:
            marks[fault.row].add(place[fault.field])
        name = heading.get(fault.field, "")
        words[fault.row].append(
            f"{name}：{fault_text(fault, is_tree=is_tree)}"
            if name
            else fault_text(fault, is_tree=is_tree)
        )
    for question in found.open_questions:
        if question.row:
            words[question.row].append(say_question(question))
            doubtful[question.row].add(place.get("name", 0))
    rows = [
        MarkedRow(
            number,
            cells,
            frozenset(wrong[number]),
            "\n".join(words[number]),
            frozenset(doubtful[number]),
        )
        for number, cells in found.cells.rows
        if number in words
    ]
    return write_marked("需要处理的行", [column.heading for column in columns], rows)
