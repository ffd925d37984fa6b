"""A sample book with generated names, in the likeness of a bureau's branch."""

from __future__ import annotations

from datetime import date

from zhibu.documents.book import (
    Attachment,
    Book,
    Change,
    CommitteeRow,
    Countersignature,
    Decision,
    Fact,
    GroupRow,
    KeyPrint,
    RecordSection,
    RecordSheet,
    RosterRow,
    SealRow,
    Times,
)
from zhibu.documents.literal import REDACTED
from zhibu.documents.table import AnnualTable, TableLine

DIGEST = "9f3c5ad2" * 8
HOSTILE = "#set page(width: 1cm) $x^2$ [括号] \\反斜杠 𠮷野家 阿依古丽·买买提 <script>alert(1)</script> *重* _下_ `码` @引用 //注"
MINUTES = (
    "会议传达学习了上级有关文件精神，听取了支部委员会第一季度工作报告。与会党员围绕落实年度安排、"
    "改进口岸检疫查验工作交流发言，一致认为，要把规定的动作完成好，把自选的动作做出实效。\n"
    "会议指出，上季度主题党日参加率有所下降，主要原因是夜班人员排班冲突。会议要求，由组织委员会同各党小组"
    "提前一周征求排班意见，合理确定活动时间。\n"
    "讨论中有不同意见：有的同志提出党课可与业务培训合并，有的同志认为应当分别安排。会议决定暂不合并，"
    "下季度再议。\n"
)


def make_record(number: int, *, paragraphs: int = 1, **changes: object) -> RecordSheet:
    """One ordinary record of a members' meeting."""
    month = (number - 1) % 12 + 1
    values: dict[str, object] = {
        "title": f"2026年{month}月15日支部党员大会",
        "number": f"第{number}号",
        "version": "第1版",
        "kinds": "支部党员大会、党课",
        "topic": "学习贯彻上级有关文件精神，部署季度重点工作",
        "happened": f"2026年{month}月15日（周四）14:00至15:30",
        "place": "机关三楼第二会议室",
        "presider": "沈启明",
        "recorder": "陆知远",
        "expected": "28人",
        "present": "25人",
        "guests": "机关党委副书记韩松",
        "absences": "周一鸣（出差）、何思齐（病假）、方若水（值班）",
        "agenda": ("听取支部委员会第一季度工作报告", "讨论接收预备党员事项", "党课：遵守组织纪律"),
        "minutes": MINUTES * paragraphs,
        "elements": (Fact("主讲人", "沈启明"),),
        "decisions": (
            Decision(
                "同意接收林晚舟为中共预备党员",
                "应到会有表决权的党员26名，实到24名，赞成24票，反对0票，弃权0票",
                "通过",
                "组织委员办理，2026年6月30日前完成",
            ),
            Decision("通过支部委员会第一季度工作报告", "赞成24票，反对0票，弃权0票", "通过"),
        ),
        "texts": ("关于做好防汛值守工作的通知",),
        "follow_ups": ("调整窗口值班安排：已办结（新值班表已公示）", "走访困难党员：继续办理"),
        "themes": "窗口服务提升行动",
        "attachments": (Attachment("第一季度工作报告.docx", "36 KB", DIGEST),),
        "lines": ("第一季度支部党员大会", "第一季度党课"),
        "times": Times(
            f"2026年{month}月15日", f"2026年{month}月16日09:12", f"2026年{month}月28日08:00"
        ),
        "digest": DIGEST,
        "chain": f"上一号（第{number - 1}号）摘要码：{DIGEST}" if number > 1 else "本册第一号",
    }
    return RecordSheet(**(values | changes))  # type: ignore[arg-type]


def make_table(lines: int = 40) -> AnnualTable:
    """A table with that many lines."""
    kinds = ("支部党员大会", "支部委员会会议", "第一党小组会", "党课", "主题党日")
    return AnnualTable(
        branch="口岸检疫处党支部",
        year=2026,
        status="已通过",
        classes=(("B", "必做"), ("T", "推荐"), ("X", "自选")),
        notes=("完成情况截至2026年11月23日。",),
        plan="0190c0de-0000-7000-8000-000000000001",
        revision=3,
        norm="机关党支部工作规范 2026.1",
        lines=tuple(
            TableLine(
                key=f"0190c0de-0000-7000-8000-{n:012d}",
                period=f"{n % 12 + 1}月",
                planned_on=date(2026, n % 12 + 1, 15),
                practice_class="BTX"[n % 3],
                activity=kinds[n % 5],
                topic="学习贯彻上级有关文件精神，研究部署季度重点工作",
                form="集中学习",
                attendees="全体党员",
                presenter="沈启明",
                responsible="组织委员",
                state=("已完成", "逾期完成（超期3天）", "未到时间")[n % 3],
            )
            for n in range(lines)
        ),
    )


def make_book(*, meetings: int = 4, paragraphs: int = 1) -> Book:
    """A whole book: ordinary, corrected, voided and covered records, and an empty section."""
    branch = "口岸检疫处党支部"
    voided = make_record(
        90,
        title="2026年5月20日主题党日",
        is_void=True,
        changes=(Change("作废", "2026年5月22日", "沈启明", "与第8号记录重复归档", "第2版"),),
    )
    hidden = make_record(
        91,
        title="2026年6月18日支部委员会会议",
        minutes=REDACTED,
        absences=REDACTED,
        decisions=REDACTED,
        attachments=(),
        changes=(Change("更正", "2026年6月30日", "陆知远", "更正地点", "第2版"),),
        version="第2版",
    )
    hostile = make_record(
        92, title="2026年7月2日党小组会 #1 [a] $", minutes=HOSTILE + "\n" + "长" * 3 + "x" * 300
    )
    return Book(
        year=2026,
        branch=branch,
        parent="出入境检验检疫局直属机关党委",
        secretary="沈启明",
        issued_on=date(2026, 11, 23),
        facts=(
            Fact("党支部名称", branch),
            Fact("上级党组织", "出入境检验检疫局直属机关党委"),
            Fact("成立时间", "2014年5月8日"),
            Fact("本届任期", "第四届，2025年6月至2028年6月"),
            Fact("党员人数", "28人（正式党员27人，预备党员1人）"),
            Fact("固定党日", "每月15日，逢节假日顺延至下一工作日"),
        ),
        committee=(
            CommitteeRow("沈启明", "书记", "主持党支部全面工作", "2025年6月"),
            CommitteeRow("陆知远", "组织委员", "组织发展、党费收缴、党员教育管理", "2025年6月"),
            CommitteeRow("许清和", "纪检委员", "监督执纪、党风廉政教育", "2025年6月"),
        ),
        groups=(
            GroupRow("第一党小组", "何思齐", "14人", "何思齐、周一鸣、方若水、林晚舟"),
            GroupRow("第二党小组", "方若水", "14人", "顾长风、叶知秋"),
        ),
        roster=tuple(
            RosterRow(
                f"党员{n}",
                "女" if n % 2 else "男",
                "1985年3月",
                "2008年7月1日",
                "2009年7月1日",
                "正式党员",
                "第一党小组",
            )
            for n in range(1, 29)
        ),
        table=make_table(),
        sections=(
            RecordSection(
                "支部党员大会记录",
                tuple(make_record(n, paragraphs=paragraphs) for n in range(1, meetings + 1)),
            ),
            RecordSection("支部委员会会议记录", (voided, hidden)),
            RecordSection("党小组会记录", (hostile,)),
            RecordSection("谈心谈话记录", has_page_each=False),
        ),
        changes=(
            Change(
                "作废",
                "2026年5月22日",
                "沈启明",
                "与第8号记录重复归档",
                "第2版",
                "2026年5月20日主题党日",
            ),
        ),
        seals=(
            SealRow(
                "第11次封存",
                "2026年11月1日08:00",
                "第1号至第92号",
                DIGEST,
                branch,
                "Zm9v" * 22,
                "A1B2 C3D4 E5F6 0718 293A 4B5C 6D7E 8F90",
                (
                    Countersignature(
                        "出入境检验检疫局直属机关党委",
                        "2026年11月2日10:20",
                        "YmFy" * 22,
                        "0F1E 2D3C 4B5A 6978 8796 A5B4 C3D2 E1F0",
                    ),
                ),
            ),
        ),
        keys=(
            KeyPrint(branch, "A1B2 C3D4 E5F6 0718 293A 4B5C 6D7E 8F90", "Ed25519", "2026年1月1日"),
        ),
        qr_text="ZHIBU:1:2026:" + DIGEST,
        seal_note="本手册所收记录已按封存范围加盖电子封存，改动任何一字均可核验发现。",
    )
