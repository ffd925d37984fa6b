"""The words of a mail and of a chat message: titles and links, nothing of what stands behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings

MOST_TITLES: Final = 50
CHAT_BYTES: Final = 1800
"""企业微信 takes 2048 bytes of text."""

DOUBTFUL: Final = "（上次发送未得到确认，这是重发，可能重复。）"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is told."""

    kind: str
    title: str
    organization: str
    address: str


def mail_subject(items: Sequence[Item]) -> str:
    """One title itself, of several their number."""
    if len(items) == 1:
        return f"【支部】{items[0].kind}：{items[0].title}"
    return f"【支部】{len(items)}条新通知"


def mail_body(items: Sequence[Item], *, is_doubtful: bool) -> str:
    """All titles with their links."""
    lines = [DOUBTFUL, ""] if is_doubtful else []
    for number, item in enumerate(items[:MOST_TITLES], start=1):
        lines.append(f"{number}. 〔{item.kind}〕{item.title}")
        lines.append(f"   {item.organization}")
        if settings.SITE_URL:
            lines.append(f"   {settings.SITE_URL}{item.address}")
        lines.append("")
    if len(items) > MOST_TITLES:
        lines += [f"另有{len(items) - MOST_TITLES}条，请登录系统查看。", ""]
    lines += [
        "——",
        "本邮件由“支部”系统自动发出，请勿回复。",
        "不想再收到，或要修改接收时间，请登录系统，在“通知”页面的“通知设置”中修改。",
    ]
    return "\n".join(lines)


def code_body(code: str) -> str:
    """The mail that carries a code to verify the address."""
    return "\n".join(
        [
            f"验证码：{code}",
            "",
            "请在“通知设置”页面填写，30分钟内有效。",
            "如果您没有在“支部”系统中填写这个邮箱，可能是别人填错了，不必理会。",
            "",
            "——",
            "本邮件由“支部”系统自动发出，请勿回复。",
        ]
    )


def chat_text(items: Sequence[Item], *, is_doubtful: bool) -> str:
    """As many titles as a chat tool takes."""
    head = "【支部】" + ("" if len(items) == 1 else f"{len(items)}条新通知")
    tail = DOUBTFUL if is_doubtful else ""
    lines: list[str] = []
    room = CHAT_BYTES - len((head + tail).encode()) - 60
    for item in items:
        line = f"〔{item.kind}〕{item.title}"
        if settings.SITE_URL:
            line += f"\n{settings.SITE_URL}{item.address}"
        room -= len(line.encode()) + 1
        if room < 0:
            lines.append(f"另有{len(items) - len(lines)}条，请登录系统查看。")
            break
        lines.append(line)
    body = "\n".join(lines)
    first = f"{head}{body}" if len(items) == 1 else f"{head}\n{body}"
    return first + (f"\n{tail}" if tail else "")
