"""通知设置 and 群机器人: mail with its code, robots whose address is not shown again, hours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.cast import client_of

from zhibu.ledger.models import Entry
from zhibu.network.notices.channels import code_of
from zhibu.network.notices.models import Channel, Delivery, Preference

if TYPE_CHECKING:
    from tests.cast import Cast


@pytest.fixture(autouse=True)
def _with_mail(settings: Any) -> None:
    settings.MAIL_IS_SET = True


KEY = "a1b2c3d4-e5f6-4aaa-8bbb-ccddeeff0011"
WECOM = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}"


def _text(client: Client, name: str, *args: object) -> str:
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def _send(client: Client, name: str, *args: object, **fields: Any) -> Any:
    return client.post(reverse(name, args=args), fields)


def test_a_mail_address_is_set_and_verified(cast: Cast) -> None:
    """Without JavaScript: set, wait for the code, give it back; each step says what comes next."""
    client = client_of(cast.member)
    assert "发送验证码" in _text(client, "notice-settings")
    assert _send(client, "notice-mail", address="me@example.org").status_code == 303
    page = _text(client, "notice-settings")
    assert "验证码正在发送" in page
    assert "等待验证" in page or "正在发送" in page
    channel = Channel.objects.get()
    answer = _send(client, "notice-code", code="12345x")
    assert answer.status_code == 422
    assert "验证码不对" in answer.content.decode()
    assert _send(client, "notice-code", code=code_of(channel)).status_code == 303
    assert "可以使用" in _text(client, "notice-settings")


@pytest.mark.parametrize(
    "address", ["", "x", "a@b", "a@example.org\nBcc: x@example.org", "好@", "a" * 400 + "@e.org"]
)
def test_a_wrong_address_is_said_beside_the_field(cast: Cast, address: str) -> None:
    """422 with what was typed; nothing stored."""
    answer = _send(client_of(cast.member), "notice-mail", address=address)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not Channel.objects.exists()


def test_hours_are_chosen(cast: Cast) -> None:
    """A digest within the quiet hours is refused with a reason; hostile values too."""
    client = client_of(cast.member)
    fields = {"digest": "17", "quiet_from": "21", "quiet_until": "8", "days_off": "on"}
    assert _send(client, "notice-hours", **fields).status_code == 303
    row = Preference.objects.get()
    assert (row.digest_hour, row.quiet_from, row.quiet_until, row.days_off) == (17, 21, 8, True)
    answer = _send(client, "notice-hours", **{**fields, "digest": "22"})
    assert answer.status_code == 422
    assert "免打扰时段" in answer.content.decode()
    for bad in ({"digest": "99"}, {"quiet_from": "-1"}, {"quiet_until": "x"}, {"quiet_from": ""}):
        assert _send(client, "notice-hours", **{**fields, **bad}).status_code == 422
    assert Preference.objects.get().digest_hour == 17


def test_a_robot_is_added_and_its_address_never_shown_again(cast: Cast) -> None:
    """Not on any page, not in the ledger, not in the form that came back with a mistake."""
    client = client_of(cast.secretary)
    page = _text(client, "robots", cast.branch.pk)
    assert "还没有群机器人" in page
    answer = _send(client, "robot-add", cast.branch.pk, tool="wecom", address=WECOM, label="工作群")
    assert answer.status_code == 303
    robot = Channel.objects.get()
    pages = _text(client, "robots", cast.branch.pk) + _text(client, "robot", robot.pk)
    pages += _send(
        client, "robot-add", cast.branch.pk, tool="wecom", address=WECOM
    ).content.decode()
    assert "已经设置过" in pages
    assert "工作群" in pages
    assert KEY not in pages
    assert "0011" in pages
    entry = Entry.objects.get(verb="add_robot")
    assert KEY not in str(entry.detail)
    assert entry.organization_id == cast.branch.pk
    ledger = _text(client_of(cast.audit_admin), "ledger")
    assert "添加通知渠道" in ledger
    assert KEY not in ledger


@pytest.mark.parametrize(
    ("tool", "address"),
    [
        ("wecom", "https://example.org/"),
        ("wecom", "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abcdefgh"),
        ("dingtalk", WECOM),
        ("feishu", "javascript:alert(1)"),
        ("other", "mailto://a:b@example.org"),
        ("other", "json://127.0.0.1/x"),
        ("nosuch", WECOM),
        ("mail", "a@example.org"),
        ("wecom", ""),
        ("wecom", "https://qyapi.weixin.qq.com/" + "x" * 700),
    ],
)
def test_what_is_no_robot_is_refused(cast: Cast, tool: str, address: str) -> None:
    """With a sentence beside the field; nothing stored."""
    answer = _send(
        client_of(cast.secretary), "robot-add", cast.branch.pk, tool=tool, address=address
    )
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not Channel.objects.exists()


def test_a_robot_is_changed_tried_and_removed(cast: Cast) -> None:
    """Each with its line in the ledger; trying twice at once is refused."""
    client = client_of(cast.office)
    _send(
        client, "robot-add", cast.committee.pk, tool="wecom", address=WECOM, kinds=["text", "due"]
    )
    robot = Channel.objects.get()
    assert robot.kinds == ["text", "due"]
    assert "传达文件、临近到期" in _text(client, "robots", cast.committee.pk)
    assert _send(client, "robot-try", robot.pk).status_code == 303
    assert Delivery.objects.count() == 1
    page = _text(client, "robots", cast.committee.pk)
    assert 'hx-trigger="every 3s"' in page
    _send(client, "robot-try", robot.pk)
    assert "刚刚发过" in _text(client, "robots", cast.committee.pk)
    _send(client, "robot", robot.pk, label="机关群")
    robot.refresh_from_db()
    assert (robot.is_on, robot.label, robot.kinds) == (False, "机关群", [])
    page = _text(client, "robots", cast.committee.pk)
    assert "已停用" in page
    assert "发一条试试" not in page
    assert "删除后" in _text(client, "robot-remove", robot.pk)
    assert _send(client, "robot-remove", robot.pk).status_code == 303
    assert not Channel.objects.exists()
    verbs = Entry.objects.filter(organization_id=cast.committee.pk).values_list("verb", flat=True)
    assert {"add_robot", "change_channel", "remove_channel"} <= set(verbs)


def test_the_part_that_asks_again_is_a_part(cast: Cast) -> None:
    """Htmx gets the states alone; the page itself has them once."""
    client = client_of(cast.secretary)
    answer = client.get(reverse("robots", args=[cast.branch.pk]), headers={"HX-Request": "true"})
    assert b"<html" not in answer.content
    assert b'id="robots"' in answer.content
    answer = client.get(reverse("notice-settings"), headers={"HX-Request": "true"})
    assert b"<html" not in answer.content
    assert b'id="channels"' in answer.content


def test_nobody_touches_the_channels_of_another(cast: Cast) -> None:
    """One's own by its key is 404 for everybody else, those who keep the robots included."""
    client = client_of(cast.secretary)
    assert _send(client, "channel-add", tool="wecom", address=WECOM).status_code == 303
    own = Channel.objects.get()
    assert own.person == cast.secretary
    for person in (cast.deputy, cast.office, cast.system_admin, cast.stranger):
        other = client_of(person)
        for name in ("channel", "channel-remove"):
            assert other.get(reverse(name, args=[own.pk])).status_code == 404
            assert _send(other, name, own.pk).status_code == 404
        assert _send(other, "channel-try", own.pk).status_code == 404
        for name in ("robot", "robot-try", "robot-remove"):
            assert _send(other, name, own.pk).status_code == 404
    assert Channel.objects.get().is_on
    assert _send(client, "channel", own.pk, is_on="on", label="自己").status_code == 303
    assert _send(client, "channel-try", own.pk).status_code == 303
    assert _send(client, "channel-remove", own.pk).status_code == 303


def test_the_pages_stay_within_their_queries(cast: Cast) -> None:
    """With all the channels that one may have."""
    client = client_of(cast.secretary)
    _send(client, "notice-mail", address="me@example.org")
    for number in range(5):
        _send(client, "robot-add", cast.branch.pk, tool="wecom", address=WECOM + str(number))
        _send(client, "channel-add", tool="wecom", address=WECOM + str(number))
    for name, args in (("notice-settings", ()), ("robots", (cast.branch.pk,))):
        client.get(reverse(name, args=args))
        with CaptureQueriesContext(connection) as seen:
            _text(client, name, *args)
        assert len(seen) <= 12, [query["sql"] for query in seen]


def test_without_a_mail_server_it_is_said(cast: Cast, settings: Any) -> None:
    """Nothing is asked for that could not be sent."""
    settings.MAIL_IS_SET = False
    client = client_of(cast.member)
    page = _text(client, "notice-settings")
    assert "还没有设置邮件服务器" in page
    assert "发送验证码" not in page
    assert _send(client, "notice-mail", address="me@example.org").status_code == 422
    assert not Channel.objects.exists()


def test_a_chat_is_offered_what_is_said_in_chats(cast: Cast) -> None:
    """Nothing that concerns one person; one's own robot takes everything."""
    client = client_of(cast.secretary)
    assert "工作报告" not in _text(client, "robot-add", cast.branch.pk)
    assert "工作报告" in _text(client, "channel-add")
    answer = _send(
        client, "robot-add", cast.branch.pk, tool="wecom", address=WECOM, kinds=["feedback"]
    )
    assert answer.status_code == 422
