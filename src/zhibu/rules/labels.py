"""The Chinese words for every enumeration of the core, and for a record's own fields."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from zhibu.rules.contents import AttendanceStatus, DecisionKind, FollowUpState
from zhibu.rules.feedback import About, Act, CaseState
from zhibu.rules.norm import (
    Activity,
    Attendees,
    Basis,
    Field,
    Happening,
    OrganizationKind,
    Per,
    PracticeClass,
    Unit,
)
from zhibu.rules.reach import Mode, Readers
from zhibu.rules.responsibilities import Fulfilment
from zhibu.rules.standing import State
from zhibu.rules.tasks import TaskStanding, TaskState
from zhibu.rules.themes import ThemeState
from zhibu.rules.verdicts import Certainty, Severity

_WORDS: tuple[tuple[StrEnum, str], ...] = (
    (PracticeClass.B, "B（必做）"),
    (PracticeClass.T, "T（推荐）"),
    (PracticeClass.X, "X（自选）"),
    (Activity.MEMBERS_MEETING, "支部党员大会"),
    (Activity.COMMITTEE_MEETING, "支部委员会会议"),
    (Activity.GROUP_MEETING, "党小组会"),
    (Activity.LESSON, "党课"),
    (Activity.THEME_DAY, "主题党日"),
    (Activity.ORGANIZATION_LIFE, "组织生活会"),
    (Activity.APPRAISAL, "民主评议党员"),
    (Activity.TALK, "谈心谈话"),
    (Activity.STUDY, "集中学习培训"),
    (Activity.ELECTION, "换届选举"),
    (Activity.DUES, "党费收缴"),
    (Activity.REPORT, "计划总结报告"),
    (Activity.PUBLICITY, "党务公开"),
    (Activity.ADMISSION, "发展党员"),
    (Activity.CARE, "关怀帮扶"),
    (Activity.OTHER, "其他活动"),
    (OrganizationKind.COMMISSION, "工作委员会"),
    (OrganizationKind.COMMITTEE, "党委"),
    (OrganizationKind.GENERAL_BRANCH, "党总支"),
    (OrganizationKind.BRANCH, "党支部"),
    (OrganizationKind.GROUP, "党小组"),
    (Field.ORGAN, "机关"),
    (Field.INSTITUTION, "事业单位"),
    (Field.ENTERPRISE, "企业"),
    (Field.VILLAGE, "村"),
    (Field.COMMUNITY, "社区"),
    (Field.SCHOOL, "学校"),
    (Field.OTHER, "其他领域"),
    (Unit.MONTH, "月"),
    (Unit.QUARTER, "季度"),
    (Unit.HALF, "半年"),
    (Unit.YEAR, "年"),
    (Unit.TERM, "届"),
    (Unit.EVENT, "有关情形发生时"),
    (Happening.TERM_END, "任期届满"),
    (Happening.APPLICATION, "收到入党申请书"),
    (Happening.VACANCY, "委员出缺"),
    (Happening.TEXT_RECEIVED, "收到传达任务"),
    (Happening.PROBATION_END, "预备期满"),
    (Happening.TRANSFER, "组织关系变动"),
    (Happening.OTHER, "有关情形发生"),
    (Per.BRANCH, "每个党支部"),
    (Per.GROUP, "每个党小组"),
    (Attendees.MEMBERS, "全体党员"),
    (Attendees.FULL_MEMBERS, "正式党员"),
    (Attendees.COMMITTEE, "支部委员"),
    (Attendees.GROUP, "本组党员"),
    (Attendees.PAIR, "谈话双方"),
    (Attendees.SECRETARY, "党支部书记"),
    (Attendees.NONE, "不需召开会议"),
    (Basis.EXPECTED, "应到人数"),
    (Basis.PRESENT, "实到人数"),
    (Basis.VOTERS_EXPECTED, "应到会有表决权人数"),
    (Basis.VOTERS_PRESENT, "实到会有表决权人数"),
    (Basis.COMMITTEE, "支部委员人数"),
    (AttendanceStatus.PRESENT, "到会"),
    (AttendanceStatus.LATE, "迟到"),
    (AttendanceStatus.LEAVE, "请假"),
    (AttendanceStatus.ABSENT, "缺席"),
    (DecisionKind.ORDINARY, "一般决议"),
    (DecisionKind.ADMISSION, "接收预备党员"),
    (DecisionKind.CONVERSION, "预备党员转正"),
    (DecisionKind.ELECTION, "选举"),
    (DecisionKind.DISCIPLINE, "处分处置"),
    (DecisionKind.RATING, "民主测评"),
    (State.UPCOMING, "未到时间"),
    (State.OPEN, "可以开展"),
    (State.DUE_SOON, "即将到期"),
    (State.DONE, "已完成"),
    (State.DONE_LATE, "逾期完成"),
    (State.OVERDUE, "逾期未完成"),
    (State.WAIVED, "已免除"),
    (State.BEFORE_USE, "启用前"),
    (ThemeState.UPCOMING, "尚未开始"),
    (ThemeState.RUNNING, "正在开展"),
    (ThemeState.ENDED, "已经结束"),
    (FollowUpState.OPEN, "继续办理"),
    (FollowUpState.CLOSED, "已办结"),
    (FollowUpState.DROPPED, "不再办理"),
    (TaskState.OPEN, "在办"),
    (TaskState.CLOSED, "已办结"),
    (TaskState.DROPPED, "不再办理"),
    (TaskStanding.GOING, "在办"),
    (TaskStanding.DUE_SOON, "临近期限"),
    (TaskStanding.OVERDUE, "逾期未办结"),
    (TaskStanding.CLOSED, "已办结"),
    (TaskStanding.CLOSED_LATE, "逾期办结"),
    (TaskStanding.DROPPED, "不再办理"),
    (About.NORM, "规（工作规范）"),
    (About.TABLE, "表（年度安排表）"),
    (About.HANDBOOK, "册（工作手册）"),
    (About.NETWORK, "网（系统使用）"),
    (CaseState.RECEIVED, "待受理"),
    (CaseState.ACCEPTED, "办理中"),
    (CaseState.SENT_UP, "已报上级"),
    (CaseState.ANSWERED, "已答复"),
    (CaseState.REFUSED, "不予采纳"),
    (CaseState.CLOSED, "已办结"),
    (Act.ACCEPT, "受理"),
    (Act.REFUSE, "不予采纳"),
    (Act.JOIN, "合并"),
    (Act.SPLIT, "拆分"),
    (Act.MOVE, "移交"),
    (Act.TAKE, "提级办理"),
    (Act.SEND_UP, "上报"),
    (Act.ANSWER, "答复"),
    (Act.CLOSE, "办结"),
    (Act.REOPEN, "要求继续办理"),
    (Mode.AT_ONCE, "直接传达"),
    (Mode.BY_LEVEL, "逐级传达"),
    (Readers.MEMBERS, "全体党员"),
    (Readers.COMMITTEE, "委员"),
    (Readers.SECRETARIES, "书记"),
    (Severity.ERROR, "必须改正"),
    (Severity.WARNING, "请注意"),
    (Severity.NOTE, "说明"),
    (Certainty.SEEN, "已核对原文"),
    (Certainty.SECONDARY, "据转引资料"),
    (Certainty.UNVERIFIED, "未核实"),
    (Fulfilment.MET, "已落实"),
    (Fulfilment.UNDER_WAY, "正在落实"),
    (Fulfilment.NOT_YET, "尚未落实"),
    (Fulfilment.IDLE, "暂无此项"),
    (Fulfilment.UNKNOWN, "看不出"),
    (Fulfilment.OWN, "由本人自行掌握"),
)

FIELD_LABELS: Mapping[str, str] = {
    "activities": "活动类别",
    "topic": "议题（主题）",
    "began_at": "开始时间",
    "ended_at": "结束时间",
    "place": "地点",
    "presider": "主持人",
    "recorder": "记录人",
    "agenda": "议程",
    "minutes": "会议内容",
    "guests": "列席人员",
    "attendance": "参会情况",
    "decisions": "决议",
    "elements": "专项内容",
    "attachments": "附件",
    "lines": "对应安排",
    "group": "党小组",
    "follow_ups": "上次议定事项",
    "texts": "传达文件",
    "themes": "所属专题",
}
"""What a record's own fields are called on a form and in the book."""

# Members of two StrEnums may equal each other ("other", "committee"), so the words are kept by kind
# and value, never by the member alone.
_BY_KIND: dict[type[StrEnum], dict[str, str]] = {}
for _member, _word in _WORDS:
    _BY_KIND.setdefault(type(_member), {})[_member.value] = _word


def label(value: StrEnum) -> str:
    """The Chinese word for a member of an enumeration. KeyError for one that has none."""
    return _BY_KIND[type(value)][value.value]


def labels_of(kind: type[StrEnum]) -> tuple[tuple[str, str], ...]:
    """(value, word) of every member, as a form's choices are given."""
    return tuple((member.value, _BY_KIND[kind][member.value]) for member in kind)
