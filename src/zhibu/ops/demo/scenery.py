"""The made-up bureau: one committee with its office, twelve branches, three of them pilots."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random
from typing import Final

from zhibu.ops.demo.seeds import BranchSketch
from zhibu.org.models import Organization

CITY: Final = "滨江市"
COMMISSION: Final = (f"中共{CITY}直属机关工作委员会", "市直机关工委")
BUREAU: Final = f"{CITY}检验检疫局"
COMMITTEE: Final = (f"中共{BUREAU}直属机关委员会", "检验检疫局机关党委")
CENTRE: Final = (f"中共{BUREAU}技术中心总支部委员会", "技术中心党总支")
NEIGHBOUR: Final = f"{CITY}计量测试局"
NEIGHBOUR_COMMITTEE: Final = (f"中共{NEIGHBOUR}直属机关委员会", "计量测试局机关党委")

INSTITUTION = Organization.Field.INSTITUTION


def bureau_sketches(today: date) -> tuple[BranchSketch, ...]:
    """The ten branches right under the committee."""
    year = today.year
    return (
        BranchSketch(
            "政工处", 24, groups=2, theme_day="friday:2", is_pilot=True, diligence=0.99,
            term_age_months=9,
            own=(
                ("“支部开放日”：邀请共建单位旁听党课", "lesson", 4),
                ("青年理论学习小组读书会", "study", 6),
                ("“我为支部建设献一策”征集", "other", 9),
            ),
        ),
        BranchSketch("办公室", 27, groups=2, theme_day="day:15", diligence=0.97),
        BranchSketch("财务处", 16, groups=0, theme_day="friday:3", diligence=0.93),
        BranchSketch("法制处", 18, groups=2, theme_day="day:20", diligence=0.95, term_age_months=20),
        BranchSketch(
            "卫生检疫监管处", 31, groups=3, theme_day="friday:2", diligence=0.94,
            own=(("口岸公共卫生应急演练党员突击队", "other", 8),),
        ),
        BranchSketch(
            "动植物检疫监管处", 28, groups=2, theme_day="day:10", diligence=0.9,
            term_age_months=34,
            own=(("“守护国门生物安全”进校园", "other", 4),),
        ),
        BranchSketch(
            "食品安全监管处", 22, groups=2, theme_day="friday:4", diligence=0.86,
            founded_on=date(year, 5, 6) if today.month >= 6 else date(year - 1, 5, 6),
            term_age_months=max(1, today.month - 5) if today.month >= 6 else 12,
        ),
        BranchSketch(
            "西站办事处", 21, groups=2, theme_day="friday:2", is_pilot=True, diligence=0.96,
            own=(
                ("“候车厅里的党课”流动课堂", "lesson", 5),
                ("春运服务党员先锋岗", "other", 2),
                ("“师徒结对”岗位练兵", "study", 7),
            ),
        ),
        BranchSketch(
            "机场办事处卫生监管处", 29, groups=3, theme_day="friday:last", is_pilot=True,
            diligence=0.95,
            own=(
                ("“十五分钟班前微党课”", "lesson", 3),
                ("航班保障党员责任区巡查", "other", 10),
            ),
        ),
        BranchSketch(
            "离退休干部", 26, groups=2, theme_day="day:5", field=Organization.Field.OTHER,
            diligence=0.95, is_retired=True, term_age_months=26,
        ),
    )  # fmt: skip


def centre_sketches() -> tuple[BranchSketch, ...]:
    """The two branches of the technical centre, under a general branch."""
    return (
        BranchSketch(
            "技术中心检测部", 34, groups=3, theme_day="friday:1", field=INSTITUTION, diligence=0.92
        ),
        BranchSketch(
            "技术中心综合部", 6, groups=0, theme_day="friday:1", field=INSTITUTION, diligence=0.9
        ),
    )


def neighbour_sketches() -> tuple[BranchSketch, ...]:
    """A small bureau next door, so that it can be seen that nobody sees it."""
    return (
        BranchSketch("综合处", 12, groups=0, theme_day="day:18", diligence=0.95),
        BranchSketch("计量处", 15, groups=2, theme_day="friday:3", diligence=0.9),
    )


_OFFICES: Final = (
    "办公室", "人事处", "财务处", "法规处", "监督检查处", "信息中心", "后勤服务中心", "综合业务处",
    "质量监管处", "标准处", "认证处", "计量处", "特种设备处", "食品处", "稽查处", "科技处",
    "宣传处", "审计处", "口岸业务处", "行政审批处", "执法一科", "执法二科", "窗口服务科", "检测所",
)  # fmt: skip


def many_sketches(count: int, each: int, rng: Random) -> Iterator[BranchSketch]:
    """Branches of the same likeness, `count` of them, `each` under one committee."""
    for at in range(count):
        place = at % each
        name = _OFFICES[place % len(_OFFICES)]
        if place >= len(_OFFICES):
            name += f"第{place // len(_OFFICES) + 1}"
        size = rng.choice((5, 9, 12, 14, 18, 22, 26, 31))
        yield BranchSketch(
            name,
            size,
            groups=0 if size < 14 else 2 if size < 26 else 3,
            theme_day=rng.choice(("day:15", "day:10", "friday:2", "friday:3", "friday:last")),
            diligence=rng.choice((0.99, 0.97, 0.95, 0.93, 0.88, 0.8)),
            term_age_months=rng.randint(2, 35),
        )
