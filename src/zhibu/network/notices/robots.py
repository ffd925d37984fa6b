"""Chat robots through Apprise: which addresses are taken, how one is asked, what its answer means."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from email import charset
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import parse_qs, quote, unquote, urlsplit

import apprise

from zhibu.network.notices.models import Channel
from zhibu.network.notices.wire import (
    SECONDS,
    Errand,
    GuardedRequests,
    Rejected,
    Unreachable,
    refuse_unsafe,
)

Tool = Channel.Tool

# Of the many that Apprise knows those that ask one web address by `requests`, which is guarded.
OTHERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "json": "任意 JSON 接口",
        "jsons": "任意 JSON 接口（https）",
        "lark": "Lark 群机器人",
        "wxpusher": "WxPusher",
        "slack": "Slack",
        "mmost": "Mattermost",
        "mmosts": "Mattermost（https）",
        "rocket": "Rocket.Chat",
        "rockets": "Rocket.Chat（https）",
        "gotify": "Gotify",
        "gotifys": "Gotify（https）",
        "ntfy": "ntfy",
        "ntfys": "ntfy（https）",
    }
)
_WEB: Final = frozenset({"json", "mmost", "rocket", "gotify", "ntfy"})  # http, or https with an s
_ASSET: Final = apprise.AppriseAsset(
    app_id="Zhibu", app_desc="支部", app_url="", http_redirects=False, plugin_paths=[]
)
_UTF_8: Final = charset.CHARSETS["utf-8"]
_GUARDED: Final = GuardedRequests()
_HOW_OTHERS: Final = f"可以用的写法：{'、'.join(f'{name}://' for name in OTHERS)}。"
_SCHEMA: Final = re.compile(r"([A-Za-z]+)://[^\x00-\x20\x7f]*\Z")
_KEY: Final = re.compile(r"[A-Za-z0-9_-]{6,200}")


class BadAddress(ValueError):
    """这个地址不能用。"""


def take_address(tool: str, address: str, secret: str = "") -> tuple[str, str]:
    """The target that is kept, and the host that it asks, from what was typed in.

    For 企业微信, 钉钉 and 飞书 the web address as the tool shows it (of a private deployment too),
    with the secret of 钉钉's 加签 after "#"; else an address of Apprise. Raises BadAddress, in words
    for the one who typed.
    """
    address, secret = address.strip(), secret.strip()
    if tool == Tool.OTHER:
        return _take_other(address)
    try:
        parts = urlsplit(address)
        refuse_unsafe(address)
    except (ValueError, Rejected) as error:
        raise BadAddress(f"{error}。请从群机器人的设置中复制完整的网址。") from error
    if parts.username or parts.fragment or not _KEY.fullmatch(_key_of(tool, address)):
        raise BadAddress(_HOW[Tool(tool)])
    if secret and (tool != Tool.DINGTALK or not _KEY.fullmatch(secret)):
        raise BadAddress("加签密钥只用于钉钉，由字母和数字组成，请从机器人的安全设置中复制。")
    target = address + (f"#{secret}" if secret else "")
    try:
        _plugin(tool, target)
    except Rejected as error:
        raise BadAddress(_HOW[Tool(tool)]) from error
    return target, (parts.hostname or "").lower()


_HOW: Final = {
    Tool.WECOM: "企业微信群机器人的网址形如 https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…，请完整复制。",
    Tool.DINGTALK: "钉钉群机器人的网址形如 https://oapi.dingtalk.com/robot/send?access_token=…，请完整复制。",
    Tool.FEISHU: "飞书群机器人的网址形如 https://open.feishu.cn/open-apis/bot/v2/hook/…，请完整复制。",
}


def _make(address: str) -> Any:
    """The plugin for an address.

    All plugins are loaded for it, and the one for mail changes how every mail of this process is
    written: that is taken back.
    """
    try:
        return apprise.Apprise.instantiate(address, asset=_ASSET)
    finally:
        charset.CHARSETS["utf-8"] = _UTF_8


def _take_other(address: str) -> tuple[str, str]:
    # Before any plugin is made: some read files or ask servers as soon as they are.
    found = _SCHEMA.match(address)
    schema = found[1].lower() if found else ""
    if schema not in OTHERS:
        raise BadAddress(_HOW_OTHERS)
    try:
        plugin = _make(address)
    except Exception as error:
        raise BadAddress("这个地址不能识别，请照说明书中的格式书写。") from error
    if plugin is None:
        raise BadAddress(_HOW_OTHERS)
    if schema in _WEB or schema.rstrip("s") in _WEB:
        host = str(plugin.host or "").lower()
        try:
            refuse_unsafe(f"{'https' if plugin.secure else 'http'}://{host}/")
        except Rejected as error:
            raise BadAddress(
                f"{error}（写成 {schema}s://，或请系统管理员登记这台主机）。"
            ) from error
        return address, host
    return address, schema


def _key_of(tool: str, address: str) -> str:
    """The secret part of a robot's web address; empty where there is none."""
    parts = urlsplit(address)
    if tool == Tool.FEISHU:
        return unquote(parts.path.rstrip("/").rpartition("/")[2]) if "/hook/" in parts.path else ""
    name = "key" if tool == Tool.WECOM else "access_token"
    return (parse_qs(parts.query).get(name) or [""])[0]


def ask_robot(*, tool: str, target: str, text: str, seconds: float = SECONDS) -> None:
    """Have the robot say this, now. Raises Unreachable or Rejected with a reason in Chinese."""
    plugin = _plugin(tool, target)
    with Errand(seconds) as errand:
        try:
            is_sent = plugin.notify(body=text, title="", notify_type=apprise.NotifyType.INFO)
        except Rejected:
            raise
        except Exception as error:  # a plugin may stumble over nonsense
            if errand.is_over:
                raise Unreachable("超时没有应答") from error
            raise Rejected(f"应答不能理解（{type(error).__name__}）") from error
    if errand.failure and not errand.answers:
        raise Unreachable(errand.failure)
    if errand.is_over:
        raise Unreachable("超时没有应答")
    judge_answer(tool, errand.answers, is_sent=bool(is_sent))


def judge_answer(tool: str, answers: list[tuple[int, bytes]], *, is_sent: bool) -> None:
    """Raises Rejected unless the tool has really taken the message.

    企业微信, 钉钉 and 飞书 answer 200 also where they refuse; what counts is the code inside.
    """
    if not answers:
        raise Rejected("没有发出")
    status, body = answers[-1]
    if not 200 <= status < 300:
        raise Rejected(f"应答 {status}")
    if tool == Tool.OTHER:
        if not is_sent:
            raise Rejected(f"应答 {status}，没有接受")
        return
    try:
        said = json.loads(body)
        codes = [said[name] for name in ("errcode", "code", "StatusCode") if name in said]
    except (ValueError, TypeError, RecursionError) as error:
        raise Rejected("应答不能理解") from error
    if not codes or isinstance(codes[0], bool) or not isinstance(codes[0], int):
        raise Rejected("应答不能理解")
    if codes[0] != 0:
        raise Rejected(f"没有接受（代码 {codes[0]}）")


def _plugin(tool: str, target: str) -> Any:
    """Apprise's plugin for the target, whose requests are guarded."""
    address, _, secret = target.partition("#") if tool != Tool.OTHER else (target, "", "")
    url = target
    if tool != Tool.OTHER:
        key = quote(_key_of(tool, address), safe="")
        schema = {Tool.WECOM: "wecombot", Tool.DINGTALK: "dingtalk", Tool.FEISHU: "feishu"}
        # Kept apart from the address: a private deployment has its own.
        url = f"{schema[Tool(tool)]}://{f'{secret}@' if secret else ''}placeholder/"
        url += f"?{'key' if tool == Tool.WECOM else 'token'}={key}"
    plugin: Any = _make(url)
    if plugin is None:
        raise Rejected("地址不能使用")
    if tool == Tool.WECOM:
        plugin.api_url = address
    elif tool != Tool.OTHER:
        plugin.notify_url = address.replace("{", "{{").replace("}", "}}")
    module = sys.modules[type(plugin).__module__]
    if not hasattr(module, "requests"):
        raise Rejected("地址不能使用")
    module.requests = _GUARDED  # type: ignore[attr-defined]
    return plugin


def shown_target(channel: Channel) -> str:
    """Enough of a robot's address to tell it from another, too little to use it."""
    key = _key_of(channel.tool, channel.target.partition("#")[0])
    tail = f" …{key[-4:]}" if len(key) >= 12 and channel.tool != Tool.OTHER else ""
    return f"{channel.host}{tail}"
