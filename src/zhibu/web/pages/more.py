"""更多: what has no place in the navigation, each with one line of what it is for.

A room adds its own line to `OFFERS`, under the heading where people would look for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.http import HttpRequest
from django.urls import reverse

from zhibu.people.roles import Verb
from zhibu.web.access import reach
from zhibu.web.entry.seats import chosen_first
from zhibu.web.routes import SIGNED_IN


class Of(StrEnum):
    """Which key the address of an offer takes."""

    NOTHING = "nothing"
    ORGANIZATION = "organization"  # the one of the first role that has the verb
    SEAT = "seat"  # the same, but of a group its branch


class Shelf(StrEnum):
    """Under which heading an offer stands."""

    WORK = "工作"
    VOICE = "反映与改进"
    OWN = "我的"


@dataclass(frozen=True, slots=True)
class Offer:
    """One page: its name, what it is for, its URL name and the verb that it asks for."""

    label: str
    about: str
    name: str
    verb: Verb | str = SIGNED_IN
    of: Of = Of.NOTHING
    shelf: Shelf = Shelf.WORK


OFFERS: Final[tuple[Offer, ...]] = (
    Offer(
        "月度工作报告",
        "由系统根据已有记录写成，核对后报上级，查看下级报告",
        "report-list",
        Verb.ASSIGN_TASK,
        Of.ORGANIZATION,
    ),
    Offer(
        "向下级交办",
        "会议议定、需要各支部落实的，交办并了解办理情况",
        "assignment-list",
        Verb.ASSIGN_TASK,
        Of.ORGANIZATION,
    ),
    Offer("专题", "正在开展的专题和活动，历年开展情况", "theme-list", Verb.SEE_BRANCH, Of.SEAT),
    Offer(
        "责任清单",
        "书记、委员和党办各自的责任，从已有记录看落实情况",
        "responsibility-list",
        Verb.SEE_OVERVIEW,
        Of.ORGANIZATION,
    ),
    Offer(
        "离线记录",
        "没有网络时写记录，联网后自动提交；装到手机桌面后直接打开",
        "offline",
        Verb.DRAFT_RECORD,
    ),
    Offer(
        "选定规范",
        "本组织和下级组织从哪一天起执行哪一部工作规范",
        "norm-choose",
        Verb.EDIT_NORM,
        Of.ORGANIZATION,
    ),
    Offer(
        "群机器人",
        "让企业微信、钉钉、飞书工作群里的机器人提醒大家",
        "robots",
        Verb.KEEP_CHANNELS,
        Of.ORGANIZATION,
    ),
    Offer(
        "办理反映",
        "受理、合并、答复、报上级",
        "feedback-desk",
        Verb.ANSWER_FEEDBACK,
        Of.SEAT,
        Shelf.VOICE,
    ),
    Offer(
        "反映等待情况",
        "各级正在办理的反映等了多久，哪里需要协助",
        "feedback-waiting",
        Verb.ASSIGN_TASK,
        Of.ORGANIZATION,
        Shelf.VOICE,
    ),
    Offer("我的反映", "具名反映的问题和办理进展", "feedback-mine", shelf=Shelf.VOICE),
    Offer("凭查询码查看", "不具名反映的，凭查询码看进展和答复", "feedback-code", shelf=Shelf.VOICE),
    Offer(
        "反映与改进",
        "大家反映了什么，因此改进了什么",
        "feedback-improvements",
        shelf=Shelf.VOICE,
    ),
    Offer("请我阅读的文件", "传达到我的文件，阅读后点“已阅知”", "text-reading", shelf=Shelf.OWN),
    Offer("我的任务", "由我办理的任务，报告办理情况", "task-mine", shelf=Shelf.OWN),
    Offer(
        "我的责任清单",
        "本人岗位要做什么、依据哪一条、落实得怎样",
        "responsibility-mine",
        Verb.SEE_OVERVIEW,  # who has an office; the page is everybody's own
        shelf=Shelf.OWN,
    ),
    Offer("日历订阅", "把支部安排、我的任务和传达期限放进手机自带的日历", "feeds", shelf=Shelf.OWN),
    Offer(
        "通知设置", "通知还要不要发到邮箱和聊天工具，什么时候发", "notice-settings", shelf=Shelf.OWN
    ),
    Offer("我的信息", "系统中保存了哪些关于我的内容，有误可以申请更正", "own", shelf=Shelf.OWN),
    Offer("账号安全", "修改密码，设置动态验证码和通行密钥", "account", shelf=Shelf.OWN),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One offer with its address for this person."""

    label: str
    about: str
    address: str


@dataclass(frozen=True, slots=True)
class MorePage:
    """What is open to this person, by heading."""

    shelves: tuple[tuple[str, tuple[Entry, ...]], ...]


def build_more(request: HttpRequest) -> MorePage:
    """The offers that this person may open, in their order."""
    found: dict[Shelf, list[Entry]] = {shelf: [] for shelf in Shelf}
    for offer in OFFERS:
        if address := _address(request, offer):
            found[offer.shelf].append(Entry(offer.label, offer.about, address))
    return MorePage(
        tuple((shelf.value, tuple(entries)) for shelf, entries in found.items() if entries)
    )


def _address(request: HttpRequest, offer: Offer) -> str:
    if not isinstance(offer.verb, Verb):
        return reverse(offer.name)
    hold = next(iter(chosen_first(request, reach(request).with_verb(offer.verb))), None)
    if hold is None:
        return ""
    keys = {Of.ORGANIZATION: hold.organization_id, Of.SEAT: hold.seat_id}
    return reverse(offer.name, args=(keys[offer.of],) if offer.of in keys else ())
