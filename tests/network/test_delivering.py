"""Deliveries against a real mail server and a real web hook: what goes, when, how often, to whom."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from tests.cast import make_cast
from tests.network.servers import Hook, Post, chat_tool, mail_server

from zhibu.network.notices.channels import (
    add_robot,
    change_channel,
    code_of,
    remove_channel,
    set_hours,
    set_mail,
    try_channel,
    verify_mail,
)
from zhibu.network.notices.delivering import LEASE, claim, deliver_due, send, send_codes
from zhibu.network.notices.models import Channel, Delivery, Kind, Notice, Outage
from zhibu.network.notices.robots import take_address
from zhibu.network.notices.services import read_all_notices, take_back, tell, tell_organization
from zhibu.network.notices.spreading import spread_all, withhold_waiting
from zhibu.org.services import Refused
from zhibu.people.models import Person
from zhibu.people.roles import Verb
from zhibu.rules.notices import MOST_TRIES, Hours

if TYPE_CHECKING:
    from tests.cast import Cast

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 12, 10, 30, tzinfo=ZoneInfo("Asia/Shanghai"))  # a Thursday
State = Delivery.State
# Seconds: more than anything takes on a busy machine, fewer than a delivery has by itself (30).
BUSY = 25


class Time:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> datetime:
        return self.now

    def go(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def post(settings: Any) -> Iterator[Post]:
    with mail_server(settings) as server:
        yield server


@pytest.fixture
def hook(settings: Any) -> Iterator[Hook]:
    with chat_tool(settings) as server:
        yield server


def _mail(person: Person, address: str = "") -> Channel:
    channel = set_mail(by=person, address=address or f"{person.username}@example.org", at=AT)
    verified = verify_mail(by=person, code=code_of(channel), at=AT)
    assert verified is not None
    return verified


def _robot(cast: Cast, hook: Hook, tool: str = "wecom", path: str = "") -> Channel:
    paths = {
        "wecom": "/cgi-bin/webhook/send?key=abcdef123456",
        "dingtalk": "/robot/send?access_token=abcdef123456",
        "feishu": "/open-apis/bot/v2/hook/abcdef-123456",
    }
    return add_robot(
        tool=tool, address=hook.address + (path or paths[tool]), organization=cast.branch,
        by=cast.secretary, at=AT,
    )  # fmt: skip


def _tell(
    cast: Cast, *people: Person, once: str = "a", title: str = "报送整改情况", **more: Any
) -> None:
    values = {
        "kind": Kind.TASK, "address": "/tasks/1/", "organization_id": cast.branch.id,
        "subject": "task:1", "verb": Verb.SEE_BRANCH, "at": AT,
    }  # fmt: skip
    tell(people=[p.id for p in people], title=title, once=once, **(values | more))
    spread_all(more.get("at", AT))


def _say(cast: Cast, once: str = "a", title: str = "学习通知", at: datetime = AT) -> None:
    tell_organization(
        organization_id=cast.branch.id, kind=Kind.TEXT, title=title, address="/texts/1/",
        once=once, at=at,
    )  # fmt: skip
    spread_all(at)


def _states() -> list[str]:
    return list(Delivery.objects.order_by("made_at", "id").values_list("state", flat=True))


def _deliver(clock: Time, seconds: float = 2) -> int:
    return deliver_due(clock, seconds=seconds)


# ---------------------------------------------------------------------------------------- mail


def test_a_robot_does_not_change_how_mails_are_written(cast: Cast, post: Post, clock: Time) -> None:
    """Apprise's plugin for mail has every mail of the process written otherwise."""
    take_address(Channel.Tool.OTHER, "ntfys://ntfy.example.org/zhibu")
    _mail(cast.secretary)
    _tell(cast, cast.secretary)
    _deliver(clock)
    (mail,) = post.mails
    assert mail["Subject"] == "【支部】任务：报送整改情况"


def test_a_notice_goes_by_mail_once(cast: Cast, post: Post, clock: Time) -> None:
    """One mail with title and link; the second round sends nothing."""
    _mail(cast.secretary)
    _tell(cast, cast.secretary, cast.deputy)
    assert _deliver(clock) == 1
    clock.go(minutes=1)
    assert _deliver(clock) == 0
    (mail,) = post.mails
    assert post.to == ["secretary@example.org"]
    assert mail["Subject"] == "【支部】任务：报送整改情况"
    assert "https://zhibu.example.gov.cn/tasks/1/" in mail.get_content()
    assert "支部" in mail["From"]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert _states() == [State.SENT]


def test_several_notices_are_one_mail(cast: Cast, post: Post, clock: Time) -> None:
    """What is due at the same moment goes together."""
    _mail(cast.secretary)
    for number in range(3):
        _tell(cast, cast.secretary, once=f"{number}", title=f"事项{number}")
    _deliver(clock)
    (mail,) = post.mails
    assert mail["Subject"] == "【支部】3条新通知"
    assert all(f"事项{number}" in mail.get_content() for number in range(3))


def test_an_address_is_written_to_only_when_verified(cast: Cast, post: Post, clock: Time) -> None:
    """Before the code comes back nothing but the code is sent; a new address begins anew."""
    channel = set_mail(by=cast.secretary, address="a@example.org", at=AT)
    _tell(cast, cast.secretary)
    assert _deliver(clock) == 0
    assert not Delivery.objects.exists()  # nothing waits for the code to come back
    assert send_codes(clock) == 1
    assert send_codes(clock) == 0
    code = code_of(channel)
    assert code in post.mails[0]["Subject"]
    assert code in post.mails[0].get_content()
    assert verify_mail(by=cast.secretary, code="000000" if code != "000000" else "1", at=AT) is None
    assert verify_mail(by=cast.secretary, code=f" {code[:3]} {code[3:]}", at=AT) is not None
    _tell(cast, cast.secretary, once="b")
    assert _deliver(clock) == 1
    clock.go(minutes=5)
    set_mail(by=cast.secretary, address="b@example.org", at=clock.now)
    _tell(cast, cast.secretary, once="c")
    assert _deliver(clock) == 0


def test_a_code_runs_out(cast: Cast) -> None:
    """After five wrong ones, after half an hour, after it was used; not asked for all the time."""
    channel = set_mail(by=cast.secretary, address="a@example.org", at=AT)
    with pytest.raises(Refused, match="稍等"):
        set_mail(by=cast.secretary, address="b@example.org", at=AT + timedelta(seconds=30))
    with pytest.raises(Refused, match="失效"):
        verify_mail(by=cast.secretary, code=code_of(channel), at=AT + timedelta(minutes=31))
    for _ in range(5):
        assert verify_mail(by=cast.secretary, code="x", at=AT) is None
    with pytest.raises(Refused, match="失效"):
        verify_mail(by=cast.secretary, code=code_of(channel), at=AT)
    with pytest.raises(Refused, match="没有等待"):
        verify_mail(by=cast.deputy, code="123456", at=AT)
    for address in ("", "x", "a@b", "a@example.org\r\nBcc: b@example.org", "a" * 300 + "@e.org"):
        with pytest.raises(Refused, match="邮箱地址"):
            set_mail(by=cast.deputy, address=address, at=AT)


def test_who_lost_the_right_gets_no_mail(cast: Cast, post: Post, clock: Time) -> None:
    """Peers' mistake 7: a reminder asks again, at the moment of sending, whether it may be seen."""
    _mail(cast.secretary)
    _mail(cast.deputy)
    _tell(cast, cast.secretary, cast.deputy)
    _tell(cast, cast.deputy, once="own", verb=None)  # about oneself: no right is asked for
    cast.secretary.grants.update(until=AT - timedelta(hours=1))
    Person.objects.filter(pk=cast.deputy.pk).update(is_active=False)
    _deliver(clock)
    assert post.mails == []
    assert _states() == [State.WITHHELD] * 3


def test_what_was_read_or_taken_back_is_not_sent(cast: Cast, post: Post, clock: Time) -> None:
    """Neither is what was switched off."""
    _mail(cast.secretary)
    channel = _mail(cast.deputy)
    _tell(cast, cast.secretary, cast.deputy)
    read_all_notices(by=cast.secretary, at=AT)
    change_channel(channel=channel, is_on=False, kinds=[], by=cast.deputy, at=AT)
    _tell(cast, cast.secretary, once="b", subject="text:1")
    take_back(subject="text:1")
    _deliver(clock)
    assert post.mails == []
    assert _states() == [State.WITHHELD, State.WITHHELD]


def test_what_a_worker_left_is_not_sent_once_it_is_switched_off(
    cast: Cast, post: Post, clock: Time
) -> None:
    """It died with the parcel in its hands: the next one asks again whether it is wanted."""
    channel = _mail(cast.secretary)
    _tell(cast, cast.secretary)
    assert claim(channel.pk, clock.now) is not None
    change_channel(channel=channel, is_on=False, kinds=[], by=cast.secretary, at=AT)
    assert _states() == [State.SENDING]
    clock.now += LEASE
    assert _deliver(clock) == 0
    assert post.mails == []
    assert _states() == [State.WITHHELD]


def test_only_the_chosen_kinds_go_through(cast: Cast, post: Post, clock: Time) -> None:
    """A channel for texts carries no tasks."""
    channel = _mail(cast.secretary)
    change_channel(channel=channel, is_on=True, kinds=["text"], by=cast.secretary, at=AT)
    _tell(cast, cast.secretary)
    _tell(cast, cast.secretary, once="b", kind=Kind.TEXT, title="学习通知")
    _deliver(clock)
    assert [mail["Subject"] for mail in post.mails] == ["【支部】传达文件：学习通知"]


def test_the_digest_comes_once_a_day_with_what_is_unread(
    cast: Cast, post: Post, clock: Time
) -> None:
    """One mail at the chosen hour; what was read before is not in it, and nothing comes twice."""
    _mail(cast.secretary)
    set_hours(by=cast.secretary, hours=Hours(digest_hour=17), at=AT)
    for number in range(3):
        _tell(cast, cast.secretary, once=f"{number}", title=f"事项{number}")
    Notice.objects.filter(once="1").update(read_at=AT)
    assert _deliver(clock) == 0
    clock.now = AT.replace(hour=17, minute=1)
    assert _deliver(clock) == 1
    text = post.mails[0].get_content()
    assert ("事项0" in text, "事项1" in text, "事项2" in text) == (True, False, True)
    _tell(cast, cast.secretary, once="late", at=clock.now)
    clock.go(hours=3)
    assert _deliver(clock) == 0
    clock.now = AT.replace(day=13, hour=17)
    assert _deliver(clock) == 1
    clock.go(days=1)
    assert _deliver(clock) == 0
    assert len(post.mails) == 2


def test_at_night_nothing_is_sent_until_morning(cast: Cast, post: Post, clock: Time) -> None:
    """Quiet hours and days off; a change of the hours moves what waits."""
    _mail(cast.secretary)
    friday = AT.replace(day=13, hour=22)
    clock.now = friday
    _tell(cast, cast.secretary, at=friday)
    clock.now = AT.replace(day=14, hour=12)  # a Saturday
    assert _deliver(clock) == 0
    clock.now = AT.replace(day=16, hour=8, minute=0)
    assert _deliver(clock) == 1
    night = AT.replace(day=16, hour=23)
    clock.now = night
    _tell(cast, cast.secretary, once="b", at=night)
    assert _deliver(clock) == 0
    set_hours(by=cast.secretary, hours=Hours(quiet_from=0, quiet_until=0), at=night)
    assert _deliver(clock) == 1


def test_a_second_try_waits_for_the_morning(cast: Cast, post: Post, clock: Time) -> None:
    """What is refused a minute before the quiet hours is tried again after them."""
    _mail(cast.secretary)
    post.refused = {"secretary@example.org"}
    clock.now = AT.replace(hour=20, minute=59, second=30)
    _tell(cast, cast.secretary, at=clock.now)
    _deliver(clock)
    row = Delivery.objects.get()
    assert (row.state, row.next_at) == (State.FAILED, AT.replace(day=13, hour=8, minute=0))


def test_a_refused_address_is_tried_with_patience_and_told_once(
    cast: Cast, post: Post, clock: Time
) -> None:
    """At growing distances, at last given up; the person is told once; others are not held up."""
    _mail(cast.secretary)
    _mail(cast.deputy)
    post.refused = {"secretary@example.org"}
    _tell(cast, cast.secretary, cast.deputy)
    times = []
    for _ in range(40_000):
        if _deliver(clock):
            times.append(clock.now)
        row = Delivery.objects.get(channel__person=cast.secretary, notice__once="a")
        if row.next_at is None:
            break
        clock.now = max(clock.now + timedelta(seconds=1), row.next_at)
    assert row.state == State.GIVEN_UP
    assert row.tries == MOST_TRIES
    assert timedelta(days=2) < clock.now - AT < timedelta(days=9)
    assert post.to.count("deputy@example.org") == 1
    assert Notice.objects.filter(person=cast.secretary, kind=Kind.SYSTEM).count() == 1
    assert "550" in Channel.objects.get(person=cast.secretary).last_error
    post.refused = set()
    clock.now = AT.replace(day=24)
    _tell(cast, cast.secretary, once="c", at=clock.now)
    _deliver(clock)
    channel = Channel.objects.get(person=cast.secretary)
    assert (channel.failing_since, channel.told_at, channel.last_error) == (None, None, "")


def test_a_mail_server_that_is_away_is_told_to_the_administrator_once(
    cast: Cast, post: Post, clock: Time, settings: Any
) -> None:
    """It is left alone between tries, nothing is lost, and when it is back everything goes."""
    for person in (cast.secretary, cast.deputy, cast.office):
        _mail(person)
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 9  # nobody listens there
    _tell(cast, cast.secretary, cast.deputy, cast.office)
    assert _deliver(clock) == 1  # the others are not even tried
    for _ in range(30):
        clock.go(minutes=1)
        _deliver(clock)
    assert Outage.objects.get().tries < 8
    told = Notice.objects.filter(kind=Kind.SYSTEM)
    assert [row.person for row in told] == [cast.system_admin]
    assert "没有应答" in told[0].title
    settings.EMAIL_PORT = port
    for _ in range(90):
        clock.go(minutes=1)
        _deliver(clock)
    assert sorted(post.to) == [
        "deputy@example.org", "office@example.org", "secretary@example.org",
    ]  # fmt: skip
    assert not Outage.objects.exists()
    assert told.count() == 1


def test_a_mail_server_that_answers_nonsense(cast: Cast, post: Post, clock: Time) -> None:
    """It refuses the mail's text: tried again, never taken for sent."""
    _mail(cast.secretary)
    _tell(cast, cast.secretary)
    post.says = "554 go away"
    _deliver(clock)
    assert _states() == [State.FAILED]
    post.says = "250 OK"
    clock.go(minutes=2)
    _deliver(clock)
    assert _states() == [State.SENT]


# --------------------------------------------------------------------------------------- robots


@pytest.mark.parametrize("tool", ["wecom", "dingtalk", "feishu"])
def test_a_robot_says_it(cast: Cast, hook: Hook, clock: Time, tool: str) -> None:
    """Each tool in its own form, once, with the link, to the address as it was given."""
    _robot(cast, hook, tool)
    _say(cast)
    _deliver(clock)
    clock.go(minutes=1)
    _deliver(clock)
    assert hook.said == ["【支部】〔传达文件〕学习通知\nhttps://zhibu.example.gov.cn/texts/1/"]
    assert "abcdef" in hook.paths[0]
    assert _states() == [State.SENT]


@pytest.mark.parametrize(
    "manner",
    ["refuses", "nonsense", "number", "truth", "nothing", "deep", "500", "404", "redirects",
     "hangs", "drips", "floods"],
)  # fmt: skip
def test_an_ill_mannered_tool(cast: Cast, hook: Hook, clock: Time, manner: str) -> None:
    """Peers' mistake 5: nothing counts as said unless the tool said so; within a bounded time.

    A hook that hangs or drips does so until the test is over; one that answers has time to.
    """
    _robot(cast, hook)
    _say(cast)
    hook.manner = manner
    is_endless = manner in {"hangs", "drips"}
    began = time.monotonic()
    assert _deliver(clock, seconds=1 if is_endless else BUSY) == 1
    assert time.monotonic() - began < BUSY
    assert _states() == [State.FAILED]
    assert hook.asked == 1  # a redirect is not followed
    row = Delivery.objects.get()
    assert row.last_error
    assert "abcdef" not in row.last_error
    hook.manner = "good"
    clock.go(minutes=2)
    _deliver(clock)
    assert _states() == [State.SENT]
    assert ("可能重复" in hook.said[0]) is is_endless


def test_a_slow_tool_is_waited_for(cast: Cast, hook: Hook, clock: Time) -> None:
    """Half a second is no failure."""
    _robot(cast, hook)
    hook.manner = "slow"
    _say(cast)
    _deliver(clock)
    assert _states() == [State.SENT]


def test_a_hanging_host_holds_up_nobody_else(
    cast: Cast, hook: Hook, post: Post, clock: Time
) -> None:
    """After one try it is left alone; mails go."""
    _robot(cast, hook)
    _mail(cast.secretary)
    hook.manner = "hangs"
    for number in range(5):
        _say(cast, once=f"{number}")
    _tell(cast, cast.secretary)
    began = time.monotonic()
    for _ in range(5):
        _deliver(clock, seconds=5)  # the mail of the same round has as long
        clock.go(seconds=10)
    assert time.monotonic() - began < BUSY
    assert hook.asked == 1
    assert len(post.mails) == 1


@pytest.mark.parametrize(
    "address",
    [
        "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abcdef123",
        "ftp://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abcdef123",
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send",
        "https://user:secret@example.org/send?key=abcdef123",
        "https:///send?key=abcdef123",
        "https://[::1/send?key=abcdef123",
        "file:///etc/passwd",
        "",
        "x" * 700,
        "<script>alert(1)</script>",
    ],
)
def test_an_address_that_cannot_be_is_refused(cast: Cast, address: str) -> None:
    """Said beside the field, nothing stored."""
    with pytest.raises(Refused):
        add_robot(tool="wecom", address=address, organization=cast.branch, by=cast.secretary, at=AT)
    assert not Channel.objects.exists()


@pytest.mark.parametrize(
    "address",
    ["mailto://user:pass@example.org", "syslog://localhost", "json://10.0.0.1/x", "dbus://",
     "json://localhost/x", "jsons://", "macosx://", "nosuch://x", "exec://x"],
)  # fmt: skip
def test_only_guarded_ways_of_apprise_are_taken(cast: Cast, address: str) -> None:
    """Nothing that starts a program, opens a file or reaches into the own network."""
    with pytest.raises(Refused):
        add_robot(tool="other", address=address, organization=cast.branch, by=cast.secretary, at=AT)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "10.1.2.3", "169.254.169.254"])
def test_the_inner_network_is_not_asked(
    cast: Cast, hook: Hook, clock: Time, settings: Any, host: str
) -> None:
    """An address that leads inside is found out when the name is looked up, and not connected to."""
    settings.ROBOT_HOSTS = frozenset()
    port = hook.address.rpartition(":")[2]
    add_robot(
        tool="wecom", address=f"https://{host}:{port}/send?key=abcdef123", by=cast.secretary,
        organization=cast.branch, at=AT,
    )  # fmt: skip
    _say(cast)
    _deliver(clock)
    assert hook.asked == 0
    assert Delivery.objects.get().last_error == "地址在内部网络，不予连接"


def test_any_json_hook_by_apprise(cast: Cast, hook: Hook, clock: Time) -> None:
    """Other tools go through Apprise as they are."""
    add_robot(
        tool="other", address=hook.address.replace("http", "json") + "/hook", by=cast.secretary,
        organization=cast.branch, at=AT,
    )  # fmt: skip
    _say(cast)
    hook.manner = "500"
    _deliver(clock)
    assert _states() == [State.FAILED]
    hook.manner = "number"
    clock.go(minutes=2)
    _deliver(clock)
    assert _states() == [State.SENT]


def test_a_robot_of_a_dissolved_organisation_is_silent(cast: Cast, hook: Hook, clock: Time) -> None:
    """What waited is withheld."""
    _robot(cast, hook)
    _say(cast)
    cast.branch.dissolved_on = AT.date() - timedelta(days=1)
    cast.branch.save()
    _deliver(clock)
    assert _states() == [State.WITHHELD]
    assert hook.asked == 0


def test_trying_goes_at_once_at_any_hour(cast: Cast, hook: Hook, post: Post, clock: Time) -> None:
    """On a Sunday night too; not twice within a minute."""
    robot, mail = _robot(cast, hook), _mail(cast.secretary)
    clock.now = AT.replace(day=15, hour=23)
    for channel in (robot, mail):
        try_channel(channel=channel, by=cast.secretary, at=clock.now)
        with pytest.raises(Refused, match="刚刚"):
            try_channel(channel=channel, by=cast.secretary, at=clock.now)
    assert _deliver(clock) == 2
    assert "试发" in hook.said[0]
    assert "试发" in post.mails[0]["Subject"]


def test_a_removed_robot_takes_what_waits_with_it(cast: Cast, hook: Hook, clock: Time) -> None:
    """Nothing is sent, nothing is left."""
    robot = _robot(cast, hook)
    _say(cast)
    remove_channel(channel=robot, by=cast.secretary, at=AT)
    assert _deliver(clock) == 0
    assert not Delivery.objects.exists()


def test_there_is_a_bound_of_robots(cast: Cast, hook: Hook) -> None:
    """Five for an organisation, the same one not twice."""
    _robot(cast, hook)
    with pytest.raises(Refused, match="已经设置"):
        _robot(cast, hook)
    for number in range(4):
        _robot(cast, hook, path=f"/send?key=abcdef{number}")
    with pytest.raises(Refused, match="最多"):
        _robot(cast, hook, path="/send?key=abcdef9")


# ---------------------------------------------------------------------------- two at once, crash


def test_two_workers_do_not_send_the_same(cast: Cast, hook: Hook, clock: Time) -> None:
    """Who has the channel has it until the lease ends."""
    robot = _robot(cast, hook)
    _say(cast)
    parcel = claim(robot.pk, clock.now)
    assert parcel is not None
    assert claim(robot.pk, clock.now) is None
    assert _deliver(clock) == 0
    assert send(parcel, clock)
    clock.go(hours=1)
    assert _deliver(clock) == 0
    assert len(hook.said) == 1


def test_what_a_dead_worker_left_goes_once_more(cast: Cast, post: Post, clock: Time) -> None:
    """Died before sending: sent when the lease has run out, saying that it may be a repetition."""
    channel = _mail(cast.secretary)
    _tell(cast, cast.secretary)
    first = claim(channel.pk, clock.now)
    assert first is not None
    clock.go(seconds=LEASE.total_seconds() - 1)
    assert _deliver(clock) == 0
    clock.go(seconds=2)
    _tell(cast, cast.secretary, once="b", title="后来的", at=clock.now)
    assert _deliver(clock) == 1
    (mail,) = post.mails
    assert first.key.hex in mail["Message-ID"]
    assert "可能重复" in mail.get_content()
    assert "后来的" not in mail.get_content()  # the parcel holds what it held
    clock.go(seconds=5)
    assert _deliver(clock) == 1
    assert "后来的" in post.mails[1].get_content()
    assert set(_states()) == {State.SENT}


def test_a_worker_that_dies_after_the_server_took_it(cast: Cast, post: Post, clock: Time) -> None:
    """At least once: the same mail again, with the Message-ID of the first."""
    _mail(cast.secretary)
    _tell(cast, cast.secretary)

    class Killed(BaseException):
        pass

    def die() -> datetime:
        raise Killed

    channel = Channel.objects.get(person=cast.secretary)
    parcel = claim(channel.pk, clock.now)
    assert parcel is not None
    with pytest.raises(Killed):
        send(parcel, die)
    assert _states() == [State.SENDING]
    clock.go(hours=1)
    assert _deliver(clock) == 1
    assert len(post.mails) == 2
    assert post.mails[0]["Message-ID"] == post.mails[1]["Message-ID"]


def test_spreading_again_makes_nothing_twice(cast: Cast, post: Post) -> None:
    """A worker that died between two chunks; the second does the rest."""
    people = [cast.secretary, cast.deputy, cast.office]
    for person in people:
        _mail(person)
    tell(
        people=[p.id for p in people], kind=Kind.TASK, title="x", address="/", once="a", at=AT,
        organization_id=cast.branch.id, subject="", verb=None,
    )  # fmt: skip
    assert spread_all(AT, chunk=2) == 3
    Notice.objects.update(is_spread=False)
    spread_all(AT, chunk=2)
    assert Delivery.objects.count() == 3


def test_what_comes_from_a_backup_is_not_sent_again(cast: Cast, post: Post, clock: Time) -> None:
    """Neither what waited nor what was not spread yet; the notices themselves are there."""
    _mail(cast.secretary)
    _tell(cast, cast.secretary)
    tell(
        people=[cast.secretary.id], kind=Kind.TASK, title="x", address="/", once="b", at=AT,
        organization_id=cast.branch.id, subject="", verb=None,
    )  # fmt: skip
    assert withhold_waiting() == 1
    spread_all(AT)
    assert _deliver(clock) == 0
    assert post.mails == []
    assert Notice.objects.count() == 2
