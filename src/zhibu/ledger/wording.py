"""Chinese words for the lines of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

VERBS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "found": "设立",
        "edit": "修改信息",
        "dissolve": "撤销",
        "begin_use": "登记启用日期",
        "rename": "更名",
        "move": "划转",
        "merge": "合并",
        "split": "分设",
        "set_term": "登记届次",
        "admit": "登记",
        "edit_member": "修改信息",
        "transfer": "转接",
        "begin_spell": "登记特殊情形",
        "end_spell": "结束特殊情形",
        "enrol_activist": "登记",
        "change_activist": "修改",
        "appoint": "登记任职",
        "relieve": "登记免职",
        "open_account": "建立",
        "grant": "授予角色",
        "revoke": "收回角色",
        "load_norm": "装入",
        "choose_norm": "选用规范",
        "draft_plan": "起草",
        "redraft_plan": "按规范更新",
        "adopt_plan": "通过",
        "edit_line": "调整",
        "add_line": "增加",
        "take_up": "选用推荐项",
        "remove_line": "取消",
        "waive_line": "免除",
        "restore_line": "恢复",
        "import_table": "按表格修改",
        "apply_holidays": "按节假日调整",
        "import_holidays": "导入节假日",
        "start_record": "新建草稿",
        "discard_draft": "放弃草稿",
        "start_correction": "开始更正",
        "file_record": "归档",
        "correct_record": "更正",
        "void_record": "作废",
        "redact_part": "依法遮盖",
        "add_attachment": "添加附件",
        "remove_attachment": "移除附件",
        "seal_branch": "封存",
        "countersign_seal": "加签封存",
        "renew_keys": "启用新的签名密钥",
        "export_book": "导出手册",
        "export_table": "导出安排表",
        "export_overview": "导出总览",
        "export_roster": "导出名册",
        "export_ledger": "导出台账",
        "see_member": "查看个人信息",
        "see_roster": "查看名册",
        "see_ledger": "查看台账",
        "ask_correction": "申请更正",
        "answer_correction": "答复更正申请",
    }
)

SUBJECTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "organization": "组织",
        "term": "",
        "member": "党员",
        "activist": "入党积极分子",
        "post": "",
        "person": "账号",
        "normversion": "规范",
        "normchoice": "",
        "plan": "安排表",
        "planline": "安排",
        "record": "记录",
        "recordversion": "记录",
        "attachment": "",
        "seal": "",
        "holiday": "",
    }
)


# What these say needs no subject after it.
WHOLE: Final = frozenset({"see_member", "ask_correction", "answer_correction", "export_table"})
