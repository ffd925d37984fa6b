"""What a quality-inspection bureau's branches meet about, month by month. All of it is made up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from zhibu.rules.norm import Activity

THEME_DAYS: Final[Mapping[int, tuple[str, ...]]] = {
    1: ("回顾上年工作，谋划新年支部建设", "重温党章，立足岗位开好局"),
    2: ("春节后收心聚力主题学习", "春运口岸服务保障志愿行动"),
    3: ("学雷锋进口岸志愿服务", "消费维权宣传与法规学习"),
    4: ("全民国家安全教育日：守好国门安全", "缅怀先烈，不忘初心"),
    5: ("弘扬劳模精神，岗位技能练兵", "世界计量日开放活动"),
    6: ("安全生产月：实验室安全大排查", "走访共建社区，解决实际问题"),
    7: ("庆祝建党纪念日，重温入党誓词", "老党员讲传统、青年党员谈体会"),
    8: ("高温季节一线慰问与现场办公", "口岸应急演练党员突击队实训"),
    9: ("质量月：送技术到企业", "质量提升攻坚党员承诺践诺"),
    10: ("迎国庆，看发展，谈责任", "参观检验检疫历史陈列"),
    11: ("消防安全教育与应急疏散演练", "对照标准查不足，年终冲刺补短板"),
    12: ("年度工作总结与支部建设讨论", "宪法宣传周学习活动"),
}

STUDIES: Final = (
    "党的创新理论专题学习",
    "党章和党内政治生活若干准则学习",
    "中央八项规定精神及作风建设有关要求",
    "党的纪律处分条例重点条文",
    "党支部工作条例逐条学",
    "党员教育管理工作条例",
    "机关基层组织工作条例",
    "优化口岸营商环境政策文件",
    "食品安全法规与典型案例",
    "国门生物安全防控要求",
    "进出口商品质量风险监测情况通报",
    "保密工作纪律与警示案例",
    "防治“指尖上的形式主义”有关要求",
)

LESSONS: Final = (
    "把支部建在岗位上：从一次查验说起",
    "守纪律、讲规矩，从小事做起",
    "质量之魂，存于匠心",
    "从口岸变迁看改革开放",
    "为民服务无小事：窗口工作的几点体会",
    "学党史、悟初心：入党那一天",
    "把好国门第一道关口的责任与担当",
    "实事求是：检测数据背后的党性",
)

COMMITTEE: Final = (
    "研究本月重点工作和主题党日安排",
    "分析党员思想动态，研究谈心谈话安排",
    "研究党员大会议题和准备工作",
    "研究党费收缴、党员学时和台账情况",
    "讨论年度安排表执行情况，研究补课措施",
    "研究发展党员工作和积极分子培养",
    "研究支部品牌建设和共建联建事项",
    "传达上级会议精神，研究贯彻措施",
)

MEMBERS: Final = (
    "审议支委会季度工作报告，讨论下季度安排",
    "传达上级党组织会议精神，讨论贯彻意见",
    "通报党费收缴和学习学时情况，讨论支部重点任务",
    "讨论支部年度工作计划和任务分工",
    "讨论改进窗口服务作风的措施",
)

GROUPS: Final = (
    "学习文件，交流岗位体会",
    "围绕本月查验任务谈责任",
    "开展批评与自我批评，互提意见",
    "交流学习笔记，讨论为企业办实事",
    "讨论组内党员联系服务群众情况",
    "观看警示教育片并讨论",
)

OTHERS: Final[Mapping[Activity, tuple[str, ...]]] = {
    Activity.ORGANIZATION_LIFE: (
        "围绕“担当作为、改进作风”召开组织生活会",
        "围绕“守纪律、强本领、优服务”召开组织生活会",
    ),
    Activity.APPRAISAL: ("民主评议党员",),
    Activity.TALK: ("思想工作交流谈心", "新岗位适应情况谈心", "作风纪律提醒谈心"),
    Activity.STUDY: STUDIES,
    Activity.DUES: ("党费收缴",),
    Activity.CARE: ("走访慰问困难党员",),
}

PLACES: Final = (
    "三楼会议室", "二楼党员活动室", "五楼多功能厅", "口岸办公区会议室", "实验楼报告厅", "一楼党建阵地",
)  # fmt: skip
OUTSIDE: Final = (
    "查验现场", "共建社区服务中心", "市档案馆展厅", "企业实验室", "旅客服务大厅", "烈士陵园",
)  # fmt: skip

REASONS: Final = (
    "出差", "口岸值班", "年休假", "病假", "外出培训", "参加上级会议", "现场查验任务", "产假",
)  # fmt: skip

FORMS: Final[Mapping[Activity, str]] = {
    Activity.MEMBERS_MEETING: "会议",
    Activity.COMMITTEE_MEETING: "会议",
    Activity.GROUP_MEETING: "学习讨论",
    Activity.LESSON: "专题讲课",
    Activity.THEME_DAY: "集中活动",
    Activity.ORGANIZATION_LIFE: "会议",
    Activity.APPRAISAL: "会议、测评",
    Activity.TALK: "个别谈话",
    Activity.STUDY: "集中学习",
    Activity.ELECTION: "选举大会",
    Activity.DUES: "按月收缴",
    Activity.REPORT: "书面报告",
    Activity.PUBLICITY: "公示栏、会议通报",
}

RESPONSIBLE: Final[Mapping[Activity, str]] = {
    Activity.LESSON: "宣传委员",
    Activity.STUDY: "宣传委员",
    Activity.THEME_DAY: "组织委员",
    Activity.DUES: "组织委员",
    Activity.ADMISSION: "组织委员",
    Activity.GROUP_MEETING: "党小组长",
    Activity.PUBLICITY: "纪检委员",
}


def pool_of(activity: Activity, month: int) -> tuple[str, ...]:
    """Topics that fit an activity in a month; none where the line's title says it all."""
    pools: Mapping[Activity, tuple[str, ...]] = {
        Activity.THEME_DAY: THEME_DAYS[month],
        Activity.LESSON: LESSONS,
        Activity.COMMITTEE_MEETING: COMMITTEE,
        Activity.MEMBERS_MEETING: MEMBERS,
        Activity.GROUP_MEETING: GROUPS,
    }
    return pools.get(activity) or OTHERS.get(activity, ())
