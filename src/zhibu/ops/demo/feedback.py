"""Feedback of the demonstration: the story to its end, something answered, something that waits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from zhibu.network.feedback.allowance import ALLOWANCE
from zhibu.network.feedback.models import Case
from zhibu.network.feedback.services import (
    Place,
    accept_case,
    answer_case,
    close_case,
    join_cases,
    send_feedback,
    send_up,
)
from zhibu.norms.facts import norm_of
from zhibu.norms.queries import list_versions
from zhibu.ops.demo.population import Population
from zhibu.ops.demo.stage import Stage
from zhibu.org.models import Organization
from zhibu.people.models import Person
from zhibu.rules.feedback import About
from zhibu.rules.norm import Activity

_PACK: Final = "beijing-trial"
_THEME_DAY: Final = (
    "我支部一线岗位倒班，固定在同一天开展主题党日，总有当班的同志参加不了，能不能由支部在当月另定一天。",
    "主题党日固定日遇到口岸集中通关，全体党员走不开，希望明确可以怎样调整。",
    "支部分在两个办公点，固定日两边难以同时到会，建议规定里写清可以分两次。",
)
_BUTTON: Final = "在手机上写记录，键盘弹出来以后看不到保存按钮，要收起键盘才能点。"


def put_feedback(
    stage: Stage, committee: Organization, office: Person, populations: Sequence[Population]
) -> None:
    """One from question to improvement, one closed by the office, three in hand, one that waits long."""
    keeper = Person.objects.get(username="guifan")
    member = Person.objects.get(username="dangyuan")
    _story(stage, committee, office, keeper, populations)
    _button(stage, committee, office, populations[2])
    overview = Place(About.TABLE, page="plan")
    _send(stage, populations[4], populations[4].secretary, committee, overview, 3,
          "年度安排表打印出来字偏小，横着放还是看不清，希望可以按季度分页打印。")  # fmt: skip
    _send(stage, populations[6], populations[6].secretary, committee, overview, 2,
          "安排表按月看很清楚，希望打印时也能只打印一个季度。")  # fmt: skip
    _send(stage, populations[1], populations[1].secretary, None, Place(About.NETWORK), 5,
          "同一项工作，安排表里填过一次，月底还要在别的系统再报一次，建议打通。")  # fmt: skip
    _send(stage, populations[0], member, populations[0].branch, Place(About.HANDBOOK, page="book"),
          19, "手册里能不能看到自己这一年参加了哪些活动，方便组织生活会前对照检查。")  # fmt: skip
    ALLOWANCE.forget()


def _at(stage: Stage, days: int, minutes: int = 0) -> datetime:
    return stage.now - timedelta(days=days, minutes=minutes)


def _send(
    stage: Stage,
    population: Population,
    by: Person,
    to: Organization | None,
    place: Place,
    days: int,
    text: str,
) -> Case:
    """With a name to this organisation; without, where nobody can be guessed."""
    sent = send_feedback(
        by=by, is_named=to is not None, text=text, place=place, seat=population.branch,
        addressed_to=to.pk if to else None, secret=f"demonstration {text}", at=_at(stage, days),
    )  # fmt: skip
    return sent.feedback.case


def _theme_day() -> Place:
    """The requirement about the theme day, as it is in the newest version of the norm."""
    versions = [version for version in list_versions() if version.pack == _PACK]
    for version in versions:
        for each in norm_of(version).requirements:
            if each.activity is Activity.THEME_DAY:
                return Place(About.NORM, _PACK, each.code, each.title, "norm")
    return Place(About.NORM, page="norm")


def _story(
    stage: Stage,
    committee: Organization,
    office: Person,
    keeper: Person,
    populations: Sequence[Population],
) -> None:
    """Three branches ask the same; the office joins them and asks the city; it answers and mends."""
    place = _theme_day()
    main, *others = (
        _send(stage, population, population.secretary, committee, place, 40 - number * 2, text)
        for number, (population, text) in enumerate(
            zip((populations[0], populations[3], populations[5]), _THEME_DAY, strict=True)
        )
    )
    accept_case(case=main, by=office, at=_at(stage, 35))
    join_cases(main=main, others=others, by=office, at=_at(stage, 34))
    summary = "主题党日固定在同一天，与倒班、口岸集中通关和分点办公有冲突，建议明确怎样调整。"
    above = send_up(case=main, summary=summary, by=office, at=_at(stage, 33))
    accept_case(case=above, by=keeper, at=_at(stage, 30))
    answer_case(
        case=above, by=keeper, at=_at(stage, 24),
        answer="固定日是为了养成习惯。确因值班、集中通关等不能开展的，由支部委员会研究后在当月另定一天；"
        "分点办公的可以分两次开展，两次都要有记录。",
    )  # fmt: skip
    close_case(
        case=above, by=keeper, at=_at(stage, 10), summary="",
        outcome="规范的办理说明已写明可以在当月另定一天、可以分两次开展，安排表里调整计划日期时写明理由即可。",
    )  # fmt: skip


def _button(stage: Stage, committee: Organization, office: Person, population: Population) -> None:
    """What the office closes by itself."""
    place = Place(About.HANDBOOK, page="record")
    case = _send(stage, population, population.secretary, committee, place, 28, _BUTTON)
    accept_case(case=case, by=office, at=_at(stage, 27))
    answer_case(
        case=case, by=office, at=_at(stage, 26),
        answer="已与系统管理员核实，确有这个问题，下次升级解决；此前可以先点键盘上的“完成”。",
    )  # fmt: skip
    close_case(
        case=case, by=office, at=_at(stage, 15), summary="手机上写记录时，保存按钮被键盘挡住。",
        outcome="升级后，保存按钮固定在屏幕下方，弹出键盘时也能点到。",
    )  # fmt: skip
