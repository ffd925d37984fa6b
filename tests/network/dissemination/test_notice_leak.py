"""Peers' mistake 7: the title of a text goes to nobody for whom it is not, when it goes."""

from __future__ import annotations

from typing import Any

from tests.network.dissemination.scene import AT, DAY, HOUR, Town, work
from tests.network.servers import mail_server

from zhibu.network.dissemination.services import recall_text
from zhibu.network.notices.channels import code_of, set_hours, set_mail, verify_mail
from zhibu.network.notices.delivering import deliver_due
from zhibu.network.notices.models import Channel, Message
from zhibu.network.notices.queries import count_unread, seen_by
from zhibu.network.notices.spreading import spread_all
from zhibu.org.models import Membership
from zhibu.people.models import Person
from zhibu.rules.notices import Hours
from zhibu.rules.reach import Readers


def _reader(town: Town, number: int) -> Person:
    """A member with a mail address and a daily digest at five."""
    person = town.account(town.members(town.cast.branch)[number])
    channel = set_mail(by=person, address=f"m{number}@example.org", at=AT)
    verify_mail(by=person, code=code_of(channel), at=AT)
    set_hours(by=person, hours=Hours(digest_hour=17), at=AT)
    return person


def test_the_digest_asks_again_who_may_read(town: Town, settings: Any) -> None:
    """One stays a reader; of one the roster was put right meanwhile: never was in the branch."""
    stays, never = _reader(town, 2), _reader(town, 3)
    text = town.issue(town.cast.branch, audience=(town.cast.branch,))
    work()
    settings.MAIL_IS_SET = True
    assert spread_all(AT + HOUR) >= 1
    assert count_unread(never, town.reach(never)) == 1
    Membership.objects.filter(member__person=never).update(branch=town.cast.far_branch, group=None)
    assert count_unread(never, town.reach(never)) == 0
    assert not seen_by(never, town.reach(never)).exists()
    assert seen_by(stays, town.reach(stays)).count() == 1
    with mail_server(settings) as post:
        while deliver_due(lambda: AT.replace(hour=17, minute=5)):
            pass
        assert post.to == ["m2@example.org"]
        assert text.title in post.mails[0].get_content()


def test_what_was_recalled_is_not_in_the_digest(town: Town, settings: Any) -> None:
    """Nor in the list: its title is gone from everywhere that tells."""
    reader = _reader(town, 2)
    text = town.issue(town.cast.branch, audience=(town.cast.branch,))
    work()
    settings.MAIL_IS_SET = True
    assert spread_all(AT + HOUR) >= 1
    text.refresh_from_db()
    recall_text(text=text, reason="内容有误", by=town.cast.office, at=AT + HOUR)
    assert not seen_by(reader, town.reach(reader)).exists()
    with mail_server(settings) as post:
        while deliver_due(lambda: AT + DAY):
            pass
        assert post.mails == []


def test_the_chat_hears_of_what_is_for_all_members(town: Town) -> None:
    """Once for each version, in the branches that it is for; not what is for the committee alone."""
    cast = town.cast
    for branch in (cast.branch, cast.other_branch):
        town.account(town.members(branch)[0])
        Channel.objects.create(
            organization=branch, tool="wecom", host="h", target="x", verified_at=AT, made_at=AT
        )
    town.issue(cast.branch, audience=(cast.branch,), title="给全体党员")
    town.issue(cast.branch, audience=(cast.branch,), title="给支委", readers=Readers.COMMITTEE)
    work()
    work()
    message = Message.objects.get()
    assert (message.organization, message.title) == (cast.branch, "新文件：给全体党员")
