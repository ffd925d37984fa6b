"""Words for what `verify` finds (which entry, what is wrong), and for parts of a record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from zhibu.handbook.wording_bundle import say_altered
from zhibu.rules.chains import Fault, FaultKind
from zhibu.rules.contents import FollowUp, TaskNote
from zhibu.rules.labels import label
from zhibu.rules.wording import say_date

PARTS: Final[Mapping[str, str]] = {
    "head": "活动类别与时间",
    "particulars": "议题、地点、主持人、记录人、列席人员和上次议定事项",
    "agenda": "议程",
    "minutes": "会议内容",
    "attendance": "出席情况",
    "decisions": "决议与票数",
    "elements": "专项内容",
    "attachments": "附件清单",
    "topic": "议题（列表所显示的）",
    "salts": "校验参数",
    "digests": "摘要",
    "previous": "所接前一记录的链值",
    "link": "链值",
    "identity": "登记项（归档时间、归档人、日期、类别或链值）",
}
_STATE: Final[Mapping[str, str]] = {
    "version": "版本次序",
    "branch": "所属党支部",
    "state": "状态",
    "current": "现行版本",
}
_SENTENCES: Final[Mapping[FaultKind, str]] = {
    FaultKind.CHANGED: "{entry}被改动：{part}与归档时不一致",
    FaultKind.MISSING: "{entry}缺失：归档后被删除",
    FaultKind.INSERTED: "{entry}是后来插入的，从未按规定归档",
    FaultKind.REORDERED: "{entry}次序被调换：原为第{true}号",
    FaultKind.TRUNCATED: "自{entry}起的记录缺失：末尾被截去",
    FaultKind.HEAD: "链尾登记与最后一项记录（{entry}）不一致",
    FaultKind.REWRITTEN: "{entry}或此前记录在封存之后被改写，与封存时不一致",
    FaultKind.REDACTED: "{entry}的{part}被遮盖，但没有经签名的遮盖登记",
    FaultKind.SIGNATURE: "{entry}的签名不符：封存、加签或遮盖登记被改动",
    FaultKind.KEY: "{entry}所用公钥不是该党组织的公钥",
    FaultKind.SEAL: "{entry}处的封存或加签缺失",
    FaultKind.ATTACHMENT: "{entry}的附件“{name}”与归档时不一致或缺失",
    FaultKind.STATE: "{entry}的登记状态与归档内容不一致（{state}）",
    FaultKind.LEDGER: "{entry}在台账中没有归档登记：台账被删改，或者该记录未按规定归档",
    FaultKind.LINES: "{entry}与年度安排表的完成情况不一致",
    FaultKind.FILE: "{file}",
    FaultKind.FORMAT: "文件不完整或格式不符（{name}）",
}


def say_fault(fault: Fault) -> str:
    """The sentence for a fault, without the branch's name."""
    entry = f"第{fault.sequence}号记录" if fault.sequence else "有一项记录"
    values = {
        "entry": entry,
        "part": PARTS.get(fault.part, fault.part),
        "name": fault.part,
        "state": _STATE.get(fault.part, fault.part),
        "true": (fault.facts or {}).get("true", "?"),
        "file": say_altered(fault.part, str((fault.facts or {}).get("how", "changed"))),
    }
    return _SENTENCES[fault.kind].format(**values) + "。"


def say_task(task: TaskNote) -> str:
    """某某办理，2026年3月31日前完成，完成证明：新值班表已公示."""
    due = f"{say_date(task.due_on)}前完成" if task.due_on else ""
    proof = f"完成证明：{task.proof}" if task.proof else ""
    words = (f"{task.owner_name or '支部集体'}办理", due, proof)
    return "，".join(filter(None, words)).rstrip("。")


def say_follow_up(one: FollowUp) -> str:
    """调整值班：已办结（新值班表已公示）."""
    return f"{one.title}：{label(one.state)}" + (f"（{one.note}）" if one.note else "")
