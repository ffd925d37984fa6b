"""The one table that says which role may do which verb.

A grant ties a person to a role on an organisation (`zhibu.org.models.Grant`). Whether the verb may be
done on an object then follows from the object's organisation alone.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Role(StrEnum):
    """The roles that can be granted."""

    SECRETARY = "secretary"
    COMMITTEE_MEMBER = "committee_member"
    GROUP_LEADER = "group_leader"
    MEMBER = "member"
    OFFICE = "office"
    LEADER = "leader"
    NORM_KEEPER = "norm_keeper"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDIT_ADMIN = "audit_admin"


class Verb(StrEnum):
    """What a person can want to do. `SEE_…` are reads."""

    SEE_BRANCH = "see_branch"  # home, table, records and book of a branch
    SEE_OVERVIEW = "see_overview"  # the organisations below, by state
    SEE_ORGANIZATION = "see_organization"  # names, posts and terms of the tree
    SEE_ROSTER = "see_roster"  # who belongs where, since when, with which office
    SEE_PERSONAL = "see_personal"  # sex, birth, special times: what only those who keep it need
    SEE_LEDGER = "see_ledger"
    DRAFT_PLAN = "draft_plan"
    ADOPT_PLAN = "adopt_plan"  # adopt and amend
    WAIVE_LINE = "waive_line"  # only from a higher level
    DRAFT_RECORD = "draft_record"
    FILE_RECORD = "file_record"
    AMEND_RECORD = "amend_record"  # correct and void
    REDACT = "redact"  # black a part out by law; only from a higher level
    SEAL = "seal"
    COUNTERSIGN = "countersign"  # only from a higher level
    ISSUE_TEXT = "issue_text"  # send a text down, forward it, recall it
    SEE_REACH = "see_reach"  # whom a text has reached, and whom not
    ANSWER_FEEDBACK = "answer_feedback"  # join, move, answer, send up
    ASSIGN_TASK = "assign_task"  # give tasks to the organisations below
    KEEP_TASK = "keep_task"  # tasks of one's own organisation: owner, date, close, drop
    KEEP_THEME = "keep_theme"
    WRITE_REPORT = "write_report"  # the month's report to the level above
    KEEP_CHANNELS = "keep_channels"  # chat robots of an organisation
    EXPORT = "export"
    EDIT_ORGANIZATION = "edit_organization"
    EDIT_ROSTER = "edit_roster"
    EDIT_NORM = "edit_norm"
    EDIT_ACCOUNTS = "edit_accounts"
    GRANT = "grant"


LABELS: Final = MappingProxyType(
    {
        Role.SECRETARY: "党支部书记",
        Role.COMMITTEE_MEMBER: "支部委员",
        Role.GROUP_LEADER: "党小组长",
        Role.MEMBER: "党员",
        Role.OFFICE: "党办",
        Role.LEADER: "党委负责人",
        Role.NORM_KEEPER: "规范管理",
        Role.SYSTEM_ADMIN: "系统管理员",
        Role.SECURITY_ADMIN: "安全管理员",
        Role.AUDIT_ADMIN: "审计管理员",
    }
)

VERB_LABELS: Final = MappingProxyType(
    {
        Verb.SEE_BRANCH: "查看支部的安排表、记录和手册",
        Verb.SEE_OVERVIEW: "查看总览",
        Verb.SEE_ORGANIZATION: "查看组织、任职和届次",
        Verb.SEE_ROSTER: "查看党员名册",
        Verb.SEE_PERSONAL: "查看党员个人信息",
        Verb.SEE_LEDGER: "查看台账",
        Verb.DRAFT_PLAN: "起草安排表",
        Verb.ADOPT_PLAN: "通过和调整安排表",
        Verb.WAIVE_LINE: "免除安排",
        Verb.DRAFT_RECORD: "写记录",
        Verb.FILE_RECORD: "归档记录",
        Verb.AMEND_RECORD: "更正和作废记录",
        Verb.REDACT: "依法遮盖记录的一部分",
        Verb.SEAL: "封存",
        Verb.COUNTERSIGN: "加签封存",
        Verb.ISSUE_TEXT: "下发、转发和撤回传达文件",
        Verb.SEE_REACH: "查看传达到哪些人",
        Verb.ANSWER_FEEDBACK: "办理意见反映",
        Verb.ASSIGN_TASK: "向下级交办任务",
        Verb.KEEP_TASK: "管理本组织的任务",
        Verb.KEEP_THEME: "设立专题",
        Verb.WRITE_REPORT: "编写月度工作报告",
        Verb.KEEP_CHANNELS: "设置群机器人",
        Verb.EXPORT: "导出",
        Verb.EDIT_ORGANIZATION: "修改组织、任职和届次",
        Verb.EDIT_ROSTER: "修改党员名册",
        Verb.EDIT_NORM: "维护规范",
        Verb.EDIT_ACCOUNTS: "建立账号",
        Verb.GRANT: "授予和收回角色",
    }
)

_WRITE_RECORD = frozenset({Verb.DRAFT_RECORD, Verb.FILE_RECORD})

TABLE: Final = MappingProxyType(
    {
        Role.SECRETARY: frozenset(
            {
                Verb.SEE_BRANCH,
                Verb.SEE_OVERVIEW,
                Verb.SEE_ORGANIZATION,
                Verb.SEE_ROSTER,
                Verb.DRAFT_PLAN,
                Verb.ADOPT_PLAN,
                Verb.AMEND_RECORD,
                Verb.SEAL,
                Verb.EXPORT,
                Verb.ISSUE_TEXT,
                Verb.SEE_REACH,
                Verb.ANSWER_FEEDBACK,
                Verb.KEEP_TASK,
                Verb.KEEP_THEME,
                Verb.KEEP_CHANNELS,
                Verb.EDIT_ORGANIZATION,
                Verb.SEE_PERSONAL,
                Verb.EDIT_ROSTER,
            }
        )
        | _WRITE_RECORD,
        Role.COMMITTEE_MEMBER: frozenset(
            {
                Verb.SEE_BRANCH,
                Verb.SEE_OVERVIEW,
                Verb.SEE_ORGANIZATION,
                Verb.SEE_ROSTER,
                Verb.DRAFT_PLAN,
                Verb.EXPORT,
                Verb.SEE_REACH,
                Verb.KEEP_TASK,
            }
        )
        | _WRITE_RECORD,
        # Granted on the branch; the records that a group leader may write are those of a group.
        Role.GROUP_LEADER: frozenset({Verb.SEE_BRANCH}) | _WRITE_RECORD,
        Role.MEMBER: frozenset({Verb.SEE_BRANCH}),
        Role.OFFICE: frozenset(
            {
                Verb.SEE_BRANCH,
                Verb.SEE_OVERVIEW,
                Verb.SEE_ORGANIZATION,
                Verb.SEE_ROSTER,
                Verb.WAIVE_LINE,
                Verb.REDACT,
                Verb.COUNTERSIGN,
                Verb.EXPORT,
                Verb.ISSUE_TEXT,
                Verb.SEE_REACH,
                Verb.ANSWER_FEEDBACK,
                Verb.ASSIGN_TASK,
                Verb.KEEP_TASK,
                Verb.KEEP_THEME,
                Verb.WRITE_REPORT,
                Verb.KEEP_CHANNELS,
                Verb.EDIT_ORGANIZATION,
                Verb.SEE_PERSONAL,
                Verb.EDIT_ROSTER,
            }
        ),
        Role.LEADER: frozenset(
            {
                Verb.SEE_BRANCH,
                Verb.SEE_OVERVIEW,
                Verb.SEE_ORGANIZATION,
                Verb.EXPORT,
                Verb.SEE_REACH,
                Verb.ASSIGN_TASK,
            }
        ),
        Role.NORM_KEEPER: frozenset(
            {
                Verb.SEE_OVERVIEW,
                Verb.SEE_ORGANIZATION,
                Verb.EDIT_NORM,
                Verb.ANSWER_FEEDBACK,
                Verb.KEEP_THEME,
            }
        ),
        Role.SYSTEM_ADMIN: frozenset(
            {Verb.SEE_ORGANIZATION, Verb.EDIT_ACCOUNTS, Verb.KEEP_CHANNELS}
        ),
        Role.SECURITY_ADMIN: frozenset({Verb.SEE_ORGANIZATION, Verb.GRANT}),
        Role.AUDIT_ADMIN: frozenset({Verb.SEE_LEDGER}),
    }
)

# Administration of the system, of security and of the audit are never in one hand (三员分立).
EXCLUSIVE: Final = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})

# Above the branches these are about all that lies below at once (a page of sums, a list of names, a
# text that goes down): who holds a role there without what lies below cannot do them by halves.
OVER_BELOW: Final = frozenset(
    {
        Verb.SEE_OVERVIEW,
        Verb.SEE_REACH,
        Verb.ISSUE_TEXT,
        Verb.ASSIGN_TASK,
        Verb.KEEP_THEME,
        Verb.WRITE_REPORT,
        Verb.EXPORT,
        Verb.SEE_ROSTER,
        Verb.EDIT_ROSTER,
        Verb.EDIT_NORM,
    }
)

# These verbs are done to a branch by a level above it, never by the branch itself.
FROM_ABOVE: Final = frozenset({Verb.WAIVE_LINE, Verb.REDACT, Verb.COUNTERSIGN})


def roles_with(verb: Verb) -> frozenset[Role]:
    """The roles that may do this verb."""
    return frozenset(role for role, verbs in TABLE.items() if verb in verbs)
