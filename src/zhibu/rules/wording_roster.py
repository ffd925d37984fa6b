"""Rule id, title and sentence of every rule about files that are imported."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from zhibu.rules.phrases import say_date, say_value
from zhibu.rules.roster_columns import OWN, Leaving, RosterField, TreeField, label_of
from zhibu.rules.roster_faults import ANOTHER, MEND, SAME, YEAR_LATER, Fault, Question
from zhibu.rules.roster_values import OFFICE_WORDS

ROSTER_TABLE: tuple[tuple[str, str, str], ...] = (
    ("ROSTER-01", "未填姓名", "没有填写姓名。请补填；如不是党员信息，请删去这一行。"),
    (
        "ROSTER-02",
        "姓名过长",
        "姓名有{length}个字，最多{most}个字。请检查是否把其他内容填进了姓名栏。",
    ),
    ("ROSTER-03", "姓名中有数字或符号", "姓名“{text}”中有数字或符号。请核对；确实如此的不必改。"),
    ("ROSTER-04", "未填入党时间", "没有填写入党时间。请补填，如“2012-07-01”。"),
    ("ROSTER-05", "无法识别的日期", "“{text}”不是日期。请改为“2012-07-01”或“2012.07”的样式。"),
    ("ROSTER-06", "日期只有年份", "“{text}”只有年份。请补上月份，如“2012.07”。"),
    ("ROSTER-07", "不存在的日期", "“{text}”这一天不存在。请核对年、月、日。"),
    ("ROSTER-08", "年份不是四位", "“{text}”的年份不是四位数。请写全年份，如“2012.07”。"),
    (
        "ROSTER-09",
        "月份有两种可能",
        "“{text}”可能是1月，也可能是10月（表格软件会略去末尾的零）。请改为“2012-01”或“2012-10”的样式。",
    ),
    (
        "ROSTER-10",
        "只有年月",
        "有{count}行（第{first}行起）只有年月，按当月1日登记。知道具体日期的可以补上。",
    ),
    ("ROSTER-11", "日期晚于今天", "{day}还没有到。请核对。"),
    ("ROSTER-12", "日期过早", "“{text}”过早，不可能是这一项的日期。请核对年份。"),
    ("ROSTER-13", "出生晚于入党", "出生日期{born}不早于入党时间{joined}。请核对这两栏。"),
    (
        "ROSTER-14",
        "入党时不满十八周岁",
        "按出生日期{born}计算，入党时（{joined}）不满十八周岁。请核对这两栏。",
    ),
    (
        "ROSTER-15",
        "早年入党时不满十八周岁",
        "按出生日期{born}计算，入党时（{joined}）不满十八周岁。早年有此情形，请核对；确实如此的不必改。",
    ),
    ("ROSTER-16", "转正早于入党", "转正时间{full}早于入党时间{joined}。请核对这两栏。"),
    (
        "ROSTER-17",
        "预备期不是一年",
        "从{joined}入党到{full}转正，不是一年左右。请核对；延长预备期等情形不必改。",
    ),
    ("ROSTER-18", "无法识别的性别", "“{text}”不是性别。请填“男”或“女”。"),
    ("ROSTER-19", "无法识别的党员类别", "“{text}”不是党员类别。请填“正式党员”或“预备党员”。"),
    (
        "ROSTER-20",
        "预备党员填了转正时间",
        "填的是预备党员，又填了转正时间{day}。已转正的请改为“正式党员”，未转正的请清空转正时间。",
    ),
    ("ROSTER-21", "正式党员未填转正时间", "没有填写转正时间。请补填，如“2013-07-01”。"),
    ("ROSTER-22", "未填所在党支部", "没有填写所在党支部。请补填党支部全称或简称。"),
    (
        "ROSTER-23",
        "没有这个党支部",
        "本组织及下级没有名为“{text}”的党支部。{nearest}请核对名称；新的党支部请先设立。",
    ),
    ("ROSTER-24", "党支部名称不唯一", "名为“{text}”的党支部不止一个（{names}）。请写全称。"),
    ("ROSTER-25", "没有这个党小组", "{place}没有名为“{text}”的党小组，现有：{names}。请核对名称。"),
    (
        "ROSTER-26",
        "未列入的职务",
        "“{text}”不是党支部的职务，不予登记。上级党组织、群团组织的职务和行政职务不必填写。",
    ),
    ("ROSTER-27", "党小组长未填党小组", "填了党小组长，没有填写所在党小组。请补填。"),
    ("ROSTER-28", "两名书记", "{place}在第{row}行已有书记。一个党支部只有一名书记，请核对。"),
    (
        "ROSTER-29",
        "书记换人",
        "{place}现任书记是{name}，导入后由本行的同志接任，原任职务同时免去。请核对。",
    ),
    ("ROSTER-30", "不是“是”或“否”", "“{text}”无法识别。请填“是”或“否”。"),
    (
        "ROSTER-32",
        "系统编号不对",
        "系统编号在本组织及下级查不到。系统编号由导出的文件带来，不要改动；新增的行请留空。",
    ),
    (
        "ROSTER-33",
        "已经转正",
        "填的是预备党员，而名册上已于{day}转正，保持不变。请核对。",
    ),
    ("ROSTER-34", "转入早于入党", "转入日期{day}早于入党时间{joined}。请核对这两栏。"),
    (
        "ROSTER-35",
        "公式没有结果",
        "单元格是公式，文件里没有存下计算结果。请用表格软件打开并保存后重新上传，或者粘贴为数值。",
    ),
    (
        "ROSTER-36",
        "可能已在其他党组织名册中",
        "系统中另有{name}，入党时间相同，组织关系在其他党组织。若是同一人，请由原党组织办理转出，不要重复登记。",
    ),
    (
        "ROSTER-39",
        "转正时间按入党满一年登记",
        "有{count}名正式党员（第{first}行起）没有转正时间，按入党满一年登记；1969年4月至1977年8月入党的，当时没有预备期，按入党当日登记。请核对。",
    ),
    ("ROSTER-40", "缺少必要的列", "表中没有“{column}”一列。请补上这一列，或者下载模板填写。"),
    (
        "ROSTER-41",
        "没有找到表头",
        "没有找到表头。表头应在前四十行之内，至少有{columns}两列。请检查是否选错文件，或者下载模板填写。",
    ),
    (
        "ROSTER-42",
        "党支部没有划分党小组",
        "{place}没有划分党小组，填的是“{text}”。请先设立党小组，或者清空这一格。",
    ),
    (
        "ROSTER-43",
        "系统编号重复",
        "系统编号与第{row}行相同。一人一行，请删去重复的行；新增的行请清空系统编号。",
    ),
    ("ROSTER-44", "没有可导入的行", "表头下面没有党员信息。请检查是否选错文件或工作表。"),
    (
        "ROSTER-45",
        "此前有变动",
        "名册上已有{day}起的登记，不能再从{since}起改动。请核对日期，或者把起算日期改晚。",
    ),
    (
        "ROSTER-46",
        "没有这个自设栏目",
        "这个党支部没有“{column}”栏目。请清空这一格，或者先设立栏目。",
    ),
    ("ROSTER-47", "不在可选内容之列", "“{text}”不是“{column}”的可选内容。请填{names}之一。"),
    ("ROSTER-48", "内容过长", "“{column}”的内容过长，最多五百字。请缩短。"),
    (
        "ROSTER-49",
        "缺少必填的自设栏目",
        "“{column}”是必填的栏目，新增的党员须填写。请补上；确实不需要的，请设立栏目的组织停用它。",
    ),
    (
        "ROSTER-51",
        "同名的人",
        "{place}已有{name}（{born}出生，{joined}入党）。是不是同一个人？",
    ),
    (
        "ROSTER-52",
        "在另一个党支部",
        "{name}（{born}出生，{joined}入党）现在{place}。是同一个人，转入{target}吗？",
    ),
    ("ROSTER-53", "文件中重复", "第{row}行也是{name}，出生日期和入党时间都相同。是不是同一个人？"),
    (
        "ROSTER-54",
        "正式党员没有转正时间",
        "有{count}名正式党员（第{first}行起）没有转正时间，怎样登记？",
    ),
)
TREE_TABLE: tuple[tuple[str, str, str], ...] = (
    ("FOUND-01", "未填组织名称", "没有填写组织全称。请补填；如不是党组织信息，请删去这一行。"),
    ("FOUND-02", "组织名称过长", "名称有{length}个字，最多{most}个字。请缩短。"),
    ("FOUND-03", "无法识别的组织类型", "“{text}”不是组织类型。请填{names}之一。"),
    ("FOUND-04", "看不出组织类型", "没有填写类型，从名称也看不出来。请填{names}之一。"),
    ("FOUND-05", "无法识别的领域", "“{text}”不是领域。请填{names}之一。"),
    (
        "FOUND-06",
        "没有这个上级组织",
        "文件和系统中都没有名为“{text}”的上级组织。{nearest}请核对名称。",
    ),
    (
        "FOUND-07",
        "上级组织不唯一",
        "名为“{text}”的组织不止一个。请写全称，或者用组织代码指明上级。",
    ),
    ("FOUND-08", "上下级循环", "“{name}”的上级最终又是它自己。请核对上级组织这一栏。"),
    (
        "FOUND-09",
        "上级不能有这类下级",
        "{parent}（{above}）下面不能设立{below}。请核对类型和上级组织。",
    ),
    ("FOUND-10", "成立早于上级", "成立日期{day}早于上级组织的成立日期{above}。请核对。"),
    ("FOUND-11", "组织重复", "与第{row}行重复：名称和上级都相同。请删去一行。"),
    ("FOUND-12", "未填成立日期", "没有填写成立日期，按{day}登记。知道的请补上。"),
    (
        "FOUND-13",
        "上级与系统不同",
        "“{name}”在系统中的上级是{place}。调整隶属关系请在组织页面办理，这里保持不变。",
    ),
    ("FOUND-14", "类型与系统不同", "“{name}”在系统中是{kind}。类型不能通过导入改动，请核对。"),
    (
        "FOUND-15",
        "层级不连续",
        "这一行是第{level}级，前面没有第{above}级的组织。请核对层级和次序。",
    ),
    ("FOUND-16", "组织代码重复", "组织代码与第{row}行相同。请核对。"),
    ("FOUND-17", "没有这个组织代码", "文件中没有代码为“{text}”的组织。请核对上级组织代码。"),
    ("FOUND-18", "未填上级组织", "没有填写上级组织，列在{place}下。"),
    ("FOUND-19", "无法识别的固定日", "“{text}”无法识别。请写成“每月5日”或“每月第二个星期五”。"),
    ("FOUND-20", "没有可导入的组织", "表头下面没有党组织信息。请检查是否选错文件或工作表。"),
    ("FOUND-21", "层级无法识别", "“{text}”不是层级。请填数字，如1、2、3。"),
    (
        "FOUND-22",
        "系统编号有误",
        "系统编号在本组织及下级查不到。系统编号由导出的文件带来，不要改动；新增的行请留空。",
    ),
    (
        "FOUND-23",
        "成立日期与系统不同",
        "“{name}”在系统中的成立日期是{day}。成立日期不能通过导入改动，这里保持不变，请核对。",
    ),
    (
        "FOUND-24",
        "本组织的名称由上级修改",
        "“{name}”是导入所在的组织，其名称和试点标记由上级党组织修改。请改回与系统一致，或请上级办理。",
    ),
)

RULES: Mapping[str, tuple[str, str]] = {
    rule: (title, template) for rule, title, template in (*ROSTER_TABLE, *TREE_TABLE)
}

OPTIONS: Mapping[str, str] = {
    SAME: "是同一个人",
    ANOTHER: "是另一个人",
    YEAR_LATER: "按入党满一年登记",
    MEND: "退回补填",
}
_TRANSFER = {SAME: "是，办理转接", ANOTHER: "不是，另一个人"}

LEAVING: Mapping[Leaving, str] = {
    Leaving.NEVER_STORED: "属于不应收集的个人信息，没有读入，也不会保存",
    Leaving.NOT_STORED: "本系统不登记这一项，没有读入",
    Leaving.UNKNOWN: "不认识这一列，没有读入",
    Leaving.TWICE: "与另一列含义相同，没有读入",
}


class _Worded(dict[str, str]):
    """Facts in words, made as the template asks for them; a missing one is left out."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        super().__init__()
        self._facts = facts

    def __missing__(self, key: str) -> str:
        value = self._facts.get(key)
        if key == "nearest":
            return f"相近的有：{'、'.join(value)}。" if value else ""
        if key == "names":
            return "、".join(value or self._facts.get("nearest") or ())
        if key in {"born", "joined"} and value is None:
            return "时间不详"
        return say_value(value)


def say_fault(fault: Fault) -> str:
    """The sentence of a fault. KeyError for a rule that has no words."""
    return RULES[fault.rule][1].format_map(_Worded(fault.facts))


def say_question(question: Question) -> str:
    """The question in words."""
    return RULES[question.rule][1].format_map(_Worded(question.facts))


def say_option(question: Question, option: str) -> str:
    """One answer in words."""
    words = _TRANSFER if question.rule == "ROSTER-52" else OPTIONS
    return words[option]


def say_field(name: str, *, is_tree: bool = False) -> str:
    """The heading of a field by its name; "" for none."""
    if not name or name.startswith(OWN):
        return name.removeprefix(OWN)
    return label_of(TreeField(name) if is_tree else RosterField(name))


_SEX = {"m": "男", "f": "女"}


def say_entry(name: str, value: Any) -> str:
    """A kept or imported value of a field as people read it."""
    if value is None or value == "":
        return "（空）"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, date):
        return say_date(value)
    if name == "sex":
        return _SEX.get(str(value), str(value))
    if name == "office_since":
        return "、".join(map(say_date, value))
    if name == "office":
        return "、".join(OFFICE_WORDS.get(one, one) for one in value) or "无"
    return str(value)
