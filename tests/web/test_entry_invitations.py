"""Invitations: one-time, for one person, printed once; nothing can be guessed, replayed, enumerated."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from django.test import Client
from django.urls import reverse
from tests.cast import AT, PASSWORD, Cast, client_of
from tests.web.test_entry_password import NEW, sign_in

from zhibu.ledger.models import Entry
from zhibu.ops.founding import ADMINISTRATORS, start_installation
from zhibu.ops.invite import invite
from zhibu.org.accounts import RunOut, Spent, accept_invitation, invite_many, invite_person
from zhibu.org.models import Grant, Member
from zhibu.org.services import Refused, grant_role, open_account
from zhibu.people.invitations import ALPHABET, digest_of, new_token
from zhibu.people.models import Invitation, Person
from zhibu.people.roles import Role
from zhibu.web import clock

pytestmark = pytest.mark.django_db
FORM = {"new_password": NEW, "repeated": NEW}


@pytest.fixture
def guest(cast: Cast) -> Person:
    """An account that nobody has used yet, with a role."""
    person = open_account(username="guest", name="子新人", by=cast.system_admin, at=clock.now())
    grant_role(person=person, role=Role.MEMBER, organization=cast.branch, since=AT, by=None, at=AT)
    return person


def code_on(page: str) -> str:
    found = re.search(r"<code>([a-z0-9-]+)</code>", page)
    assert found, page[:2000]
    return found[1]


def make_slip(cast: Cast, person: Person, **form: str) -> str:
    """The code that the administrator reads off the page."""
    client = client_of(cast.system_admin)
    desk = client.get(reverse("account-show", args=[person.pk])).content.decode()
    nonce = re.search(r'name="nonce" value="([^"]+)"', desk)
    assert nonce
    address = reverse("account-invite", args=[person.pk])
    page = client.post(address, {"nonce": nonce[1], **form})
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    return code_on(page.content.decode())


def test_from_the_new_account_to_the_first_page(cast: Cast) -> None:
    """The administrator opens an account and has a slip; the link, the password, signed in."""
    admin = client_of(cast.system_admin)
    page = admin.post(reverse("account-open"), {"username": "new-one", "name": "丑新人"})
    body = page.content.decode()
    code = code_on(body)
    assert "<svg" in body
    assert "style=" not in body
    assert f"http://testserver/i/{code}/" in body
    client = Client()
    address = reverse("invitation", args=[code])
    for _ in range(2):  # a preview of the link uses nothing up
        shown = client.get(address).content.decode()
        assert "丑新人" in shown
        assert "new-one" in shown
    answer = client.post(address, FORM)
    assert answer["Location"] == reverse("home")
    person = Person.objects.get(username="new-one")
    assert client.session["_auth_user_id"] == str(person.pk)
    assert sign_in(Client(), "new-one", NEW).status_code == 302
    verbs = Entry.objects.filter(subject_id=person.pk).order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["open_account", "invite", "accept_invitation", "sign_in", "sign_in"]
    assert code not in str(list(Entry.objects.values_list("detail", flat=True)))


def test_the_database_holds_no_secret(cast: Cast, guest: Person) -> None:
    """Only the digest; the session of whoever printed it does not hold it either."""
    code = make_slip(cast, guest)
    row = Invitation.objects.get()
    assert row.digest == digest_of(code)
    assert code not in repr(row.__dict__)
    assert row.made_by == cast.system_admin


@pytest.mark.parametrize("spelt", [str.upper, lambda t: t.replace("-", ""), lambda t: f" {t} "])
def test_a_code_may_be_written_as_people_write(
    cast: Cast, guest: Person, spelt: Callable[[str], str]
) -> None:
    """By hand, with capitals, without hyphens: it leads to the same page."""
    code = make_slip(cast, guest)
    answer = Client().post(reverse("invitation-code"), {"code": spelt(code)}, follow=True)
    assert answer.status_code == 200
    assert "子新人" in answer.content.decode()


def test_a_link_is_used_once_and_says_what_to_do(cast: Cast, guest: Person) -> None:
    """Again: 410, nothing changes, nobody is signed in."""
    code = make_slip(cast, guest)
    address = reverse("invitation", args=[code])
    assert Client().post(address, FORM).status_code == 302
    again = Client()
    other = {"new_password": "Another-Word-99", "repeated": "Another-Word-99"}
    for answer in (again.get(address), again.post(address, other)):
        assert answer.status_code == 410
        assert "已经用过" in answer.content.decode()
        assert "子新人" not in answer.content.decode()
    assert "_auth_user_id" not in again.session
    assert Person.objects.get(pk=guest.pk).check_password(NEW)


def test_two_who_open_the_link_at_once_do_not_both_get_in(
    cast: Cast, guest: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row decides, not what was read before."""
    slip = invite_person(person=guest, by=None, at=clock.now())
    from zhibu.org import accounts

    found = accounts.find_invitation(token=slip.token, at=clock.now())
    monkeypatch.setattr(accounts, "find_invitation", lambda **_: found)
    accept_invitation(token=slip.token, password=NEW, at=clock.now())
    with pytest.raises(Spent):
        accept_invitation(token=slip.token, password="Another-Word-99", at=clock.now())


def test_an_expired_link_says_whom_to_ask(
    cast: Cast, guest: Person, freeze: Callable[..., None], settings: Any
) -> None:
    """To the second; a new one works."""
    at = clock.now()
    code = make_slip(cast, guest)
    address = reverse("invitation", args=[code])
    freeze(at + settings.INVITATION_TIME - timedelta(seconds=1))
    assert Client().get(address).status_code == 200
    freeze(at + settings.INVITATION_TIME)
    for answer in (Client().get(address), Client().post(address, FORM)):
        assert answer.status_code == 410
        assert "系统管理员" in answer.content.decode()
    with pytest.raises(RunOut):
        accept_invitation(token=code, password=NEW, at=clock.now())
    assert Client().get(reverse("invitation", args=[make_slip(cast, guest)])).status_code == 200


@pytest.mark.parametrize(
    "token", ["x", "k7mfp2-k7mfp2-k7mfp2-k7mfp2", "𠮷", "<script>", "a" * 4000]
)
def test_a_guess_finds_nothing(cast: Cast, guest: Person, token: str) -> None:
    """Whatever is tried looks the same; the page names nobody."""
    invite_person(person=guest, by=None, at=clock.now())
    nothing = Client().get(reverse("invitation", args=["z" * 24]))
    answer = Client().get(reverse("invitation", args=[token]))
    assert answer.status_code == nothing.status_code == 404
    assert "子新人" not in answer.content.decode()
    assert Client().post(reverse("invitation", args=[token]), FORM).status_code == 404


def test_secrets_are_long_and_never_the_same() -> None:
    """118 bits of signs that do not look alike."""
    tokens = {new_token() for _ in range(500)}
    assert len(tokens) == 500
    assert all(
        re.fullmatch(rf"([{ALPHABET}]{{6}}-){{3}}[{ALPHABET}]{{6}}", each) for each in tokens
    )
    assert not set("il1o0") & set(ALPHABET)


def test_a_new_slip_withdraws_the_old_and_a_reload_makes_none(cast: Cast, guest: Person) -> None:
    """The page that shows a slip, loaded again, leads back without making the slip void."""
    first = make_slip(cast, guest)
    second = make_slip(cast, guest)
    assert Client().get(reverse("invitation", args=[first])).status_code == 410
    assert Client().get(reverse("invitation", args=[second])).status_code == 200
    client = client_of(cast.system_admin)
    again = client.post(reverse("account-invite", args=[guest.pk]), {"nonce": "old"})
    assert again.status_code == 303
    assert Client().get(reverse("invitation", args=[second])).status_code == 200
    assert Invitation.objects.waiting().count() == 1


@pytest.mark.parametrize("password", ["short", "guest-guest-1A", "Password123"])
def test_a_weak_password_uses_nothing_up(cast: Cast, guest: Person, password: str) -> None:
    """The form comes back; the link still works."""
    address = reverse("invitation", args=[make_slip(cast, guest)])
    answer = Client().post(address, {"new_password": password, "repeated": password})
    assert answer.status_code == 422
    assert Client().post(address, FORM).status_code == 302


def test_whoever_sits_there_is_signed_out_first(cast: Cast, guest: Person) -> None:
    """On a shared computer nothing of the one goes over to the other."""
    client = client_of(cast.secretary)
    client.get(reverse("account"))
    client.post(reverse("invitation", args=[make_slip(cast, guest)]), FORM)
    assert client.session["_auth_user_id"] == str(guest.pk)
    assert client.get(reverse("roster", args=[cast.branch.pk])).status_code == 404


def test_a_reset_ends_the_password_and_is_told_at_the_next_sign_in(cast: Cast) -> None:
    """Old password and sessions end at once; the owner reads that it was done, once."""
    inside = client_of(cast.member)
    code = make_slip(cast, cast.member)
    assert inside.get(reverse("account")).status_code == 302
    assert sign_in(Client(), "member", PASSWORD).status_code == 422
    line = Entry.objects.get(verb="recover")
    assert (line.person, line.subject_id) == (cast.system_admin, cast.member.pk)
    client = Client()
    client.post(reverse("invitation", args=[code]), FORM)
    assert "由管理员重置" in client.get(reverse("account")).content.decode()
    later = Client()
    sign_in(later, "member", NEW)
    assert "由管理员重置" not in later.get(reverse("account")).content.decode()


def test_nobody_resets_themselves_or_a_closed_account(cast: Cast) -> None:
    """Both are refused with a sentence, and nothing is done."""
    with pytest.raises(Refused, match="自己"):
        invite_person(person=cast.system_admin, by=cast.system_admin, at=clock.now())
    Person.objects.filter(pk=cast.member.pk).update(is_active=False)
    with pytest.raises(Refused, match="停用"):
        invite_person(person=cast.member, by=cast.system_admin, at=clock.now())
    assert not Invitation.objects.exists()


def test_slips_for_a_whole_organisation(cast: Cast) -> None:
    """Those who never signed in and have no invitation that holds; never one who has a password."""
    guests = [
        open_account(username=f"guest-{number}", name=f"寅{number}", by=None, at=AT)
        for number in range(3)
    ]
    places = (cast.branch, cast.other_branch, cast.far_branch)
    for person, place in zip(guests, places, strict=True):
        grant_role(person=person, role=Role.MEMBER, organization=place, since=AT, by=None, at=AT)
    Person.objects.exclude(pk__in=[one.pk for one in guests]).update(last_login=AT)
    client = client_of(cast.system_admin)
    address = reverse("invitations", args=[cast.committee.pk])
    page = client.get(address)
    body = page.content.decode()
    assert "有 2 人" in body
    assert "guest-2" not in body
    nonce = page.context["page"].nonce
    slips = client.post(address, {"nonce": nonce})
    printed = slips.content.decode()
    assert printed.count('class="slip"') == 2
    assert "第一党支部" in printed
    assert client.post(address, {"nonce": nonce}).status_code == 303  # loaded again
    assert "没有需要邀请的人" in client.get(address).content.decode()
    assert Entry.objects.filter(verb="invite").count() == 2
    assert {row.person_id for row in Invitation.objects.all()} == {guests[0].pk, guests[1].pk}
    assert invite_many(people=[cast.secretary], by=None, at=clock.now()) == ()


def test_ten_times_the_people_cost_no_more_queries(
    cast: Cast, django_assert_max_num_queries: Any
) -> None:
    """The page that asks, and the table of accounts."""
    for number in range(60):
        person = open_account(username=f"m{number:03}", name=f"卯{number}", by=None, at=AT)
        grant_role(
            person=person, role=Role.MEMBER, organization=cast.branch, since=AT, by=None, at=AT
        )
    client = client_of(cast.system_admin)
    with django_assert_max_num_queries(12):
        client.get(reverse("invitations", args=[cast.commission.pk]))
    with django_assert_max_num_queries(12):
        client.get(reverse("accounts"))
    with django_assert_max_num_queries(12):
        client.get(reverse("account-show", args=[cast.secretary.pk]))


def test_an_administrator_below_does_not_take_over_who_works_above(cast: Cast) -> None:
    """A person with a role elsewhere too is not theirs to reset, to unlock or to close."""
    below = open_account(username="below", name="辰下级", by=None, at=AT)
    grant_role(
        person=below, role=Role.SYSTEM_ADMIN, organization=cast.committee, with_below=True,
        since=AT, by=None, at=AT,
    )  # fmt: skip
    grant_role(
        person=cast.audit_admin,
        role=Role.MEMBER,
        organization=cast.branch,
        since=AT,
        by=None,
        at=AT,
    )
    client = client_of(below)
    assert client.get(reverse("account-show", args=[cast.secretary.pk])).status_code == 200
    for person in (cast.audit_admin, cast.security_admin, cast.stranger):
        assert client.get(reverse("account-show", args=[person.pk])).status_code == 404
        for name in ("account-invite", "account-unlock", "account-switch"):
            assert client.post(reverse(name, args=[person.pk])).status_code == 404
    assert "security" not in client.get(reverse("accounts")).content.decode().split("<table")[1]


def test_a_closed_account_is_out_at_once(cast: Cast) -> None:
    """Its owner's next request leads to the sign-in page; opened again, the password is as it was."""
    inside = client_of(cast.member)
    admin = client_of(cast.system_admin)
    address = reverse("account-switch", args=[cast.member.pk])
    assert admin.post(address, {"do": "close"}).status_code == 303
    assert inside.get(reverse("account")).status_code == 302
    assert sign_in(Client(), "member", PASSWORD).status_code == 422
    admin.post(address, {"do": "open"})
    assert sign_in(Client(), "member", PASSWORD).status_code == 302
    own = reverse("account-switch", args=[cast.system_admin.pk])
    admin.post(own, {"do": "close"})
    assert Person.objects.get(pk=cast.system_admin.pk).is_active


def test_a_closed_account_is_not_let_in_by_its_slip(cast: Cast, guest: Person) -> None:
    """However it was closed: nobody is named, no password is set, and the slip is not used up."""
    slip = invite_person(person=guest, by=None, at=clock.now())
    Person.objects.filter(pk=guest.pk).update(is_active=False)
    address = reverse("invitation", args=[slip.token])
    for answer in (Client().get(address), Client().post(address, FORM)):
        assert answer.status_code == 404
        assert "子新人" not in answer.content.decode()
    assert not Person.objects.get(pk=guest.pk).has_usable_password()
    assert Invitation.objects.waiting().count() == 1


def test_who_signed_in_before_is_passed_over_by_a_list(cast: Cast, guest: Person) -> None:
    """Without a password of this system too: they come in by another way."""
    Person.objects.filter(pk=guest.pk).update(last_login=AT)
    assert invite_many(people=[guest], by=None, at=clock.now()) == ()
    assert not Invitation.objects.exists()


def test_two_who_invite_the_same_people_give_one_slip_each(cast: Cast, guest: Person) -> None:
    """The second list is empty: the slips that the first one printed stay good."""
    first = invite_many(people=[guest], by=None, at=clock.now())
    assert len(first) == 1
    assert invite_many(people=[guest], by=None, at=clock.now()) == ()
    assert Client().get(reverse("invitation", args=[first[0].token])).status_code == 200


def test_the_last_administrator_is_let_in_from_the_machine_itself(cast: Cast) -> None:
    """Locked, password forgotten, telephone lost: one command; a wrong name is a sentence."""
    for _ in range(5):
        sign_in(Client(), "system", "wrong")
    done = CliRunner().invoke(invite, ["System", "--without-factors"])
    assert done.exit_code == 0, done.output
    found = re.search(r"/i/([a-z0-9-]+)/", done.output)
    assert found
    client = Client()
    assert client.post(reverse("invitation", args=[found[1]]), FORM)["Location"] == reverse("home")
    assert sign_in(Client(), "system", NEW).status_code == 302
    line = Entry.objects.get(verb="recover")
    assert (line.person, line.subject_id) == (None, cast.system_admin.pk)
    assert "没有用户名" in CliRunner().invoke(invite, ["nobody-such"]).output


def test_what_was_founded_is_changed_at_the_first_sign_in(db: None) -> None:
    """The three passwords that `zhibu found` showed open nothing but the page to change them."""
    from zhibu.norms.services import load_catalogue
    from zhibu.org.models import Organization

    load_catalogue(by=None, at=AT)
    passwords = start_installation(
        name="某机关党委", short="机关党委", kind=Organization.Kind.COMMITTEE,
        founded_on=AT.date(), pack="organ", now=AT,
    )  # fmt: skip
    for (username, _, _), password in zip(ADMINISTRATORS, passwords, strict=True):
        client = Client()
        sign_in(client, username, password)
        assert client.get(reverse("home"))["Location"] == reverse("password")


def test_a_whole_roster_comes_in(cast: Cast, django_assert_max_num_queries: Any) -> None:
    """One administrator opens the accounts, the other gives the roles, slips are printed, all get in."""
    waiting = Member.objects.filter(person=None, memberships__branch=cast.branch).count()
    system, security = client_of(cast.system_admin), client_of(cast.security_admin)
    slips, roles = (reverse(name, args=[cast.branch.pk]) for name in ("invitations", "grants"))
    assert f"有 {waiting} 名党员还没有账号" in system.get(slips).content.decode()
    assert system.post(slips, {"do": "open"}).status_code == 303
    assert system.post(slips, {"do": "open"}).status_code == 303  # nothing is left to do
    opened = Person.objects.filter(username__startswith="dy")
    assert opened.count() == waiting
    assert not any(person.has_usable_password() for person in opened)
    assert not Grant.objects.filter(person__in=opened).exists()
    assert f"有 {waiting} 名党员有账号" in security.get(roles).content.decode()
    for _ in range(2):
        assert security.post(roles, {"do": "members"}).status_code == 302
    given = Grant.objects.filter(person__in=opened)
    assert given.count() == waiting
    assert {(grant.role, grant.organization_id, grant.with_below) for grant in given} == {
        (Role.MEMBER, cast.branch.pk, False)
    }
    page = system.get(slips)
    printed = system.post(slips, {"nonce": page.context["page"].nonce}).content.decode()
    assert printed.count('class="slip"') == waiting
    client = Client()
    client.post(reverse("invitation", args=[code_on(printed)]), FORM)
    home = client.get(reverse("home"))["Location"]
    assert home == reverse("branch-home", args=[cast.branch.pk])
    verbs = Entry.objects.filter(subject_id__in=[one.pk for one in opened])
    assert verbs.filter(verb="open_account").count() == waiting
    assert verbs.filter(verb="grant").count() == waiting
    with django_assert_max_num_queries(12):
        security.get(roles)
    for client in (security, system):  # each only their own part
        assert 404 in {
            client.post(slips, {"do": "open"}).status_code,
            client.post(roles, {"do": "members"}).status_code,
        }


def test_an_account_that_holds_nothing_more_stays_where_it_was(cast: Cast) -> None:
    """What a person sent, and was told, is still behind it: no other committee's to open."""
    far = open_account(username="far-system", name="午邻局", by=None, at=AT)
    grant_role(
        person=far, role=Role.SYSTEM_ADMIN, organization=cast.far_committee, with_below=True,
        since=AT, by=None, at=AT,
    )  # fmt: skip
    Grant.objects.filter(person=cast.office).update(until=AT)
    address = reverse("account-show", args=[cast.office.pk])
    assert client_of(far).get(address).status_code == 404
    assert address not in client_of(far).get(reverse("accounts")).content.decode()
    near = client_of(cast.system_admin)
    assert near.get(address).status_code == 200
    # Never had anything: whoever hands it out.
    assert client_of(far).get(reverse("account-show", args=[cast.nobody.pk])).status_code == 200


def test_who_has_left_the_roster_can_still_be_closed(cast: Cast) -> None:
    """By the administrators of where they were; else nobody could close the account any more."""
    far = open_account(username="far-system", name="午邻局", by=None, at=AT)
    grant_role(
        person=far, role=Role.SYSTEM_ADMIN, organization=cast.far_committee, with_below=True,
        since=AT, by=None, at=AT,
    )  # fmt: skip
    member = cast.members[5]
    member.person = cast.nobody
    member.save(update_fields=["person"])
    member.memberships.update(until=AT.date())
    address = reverse("account-switch", args=[cast.nobody.pk])
    assert client_of(far).post(address, {"do": "close"}).status_code == 404
    assert client_of(cast.system_admin).post(address, {"do": "close"}).status_code == 303
    assert not Person.objects.get(pk=cast.nobody.pk).is_active


def test_a_member_of_a_branch_elsewhere_is_not_theirs_through_a_role_here(cast: Cast) -> None:
    """Who could reset them would read what is sent down to their branch, and their own data."""
    far = open_account(username="far-system", name="午邻局", by=None, at=AT)
    for person, role in ((far, Role.SYSTEM_ADMIN), (cast.nobody, Role.MEMBER)):
        grant_role(
            person=person, role=role, organization=cast.far_committee, with_below=True,
            since=AT, by=None, at=AT,
        )  # fmt: skip
    address = reverse("account-show", args=[cast.nobody.pk])
    assert client_of(far).get(address).status_code == 200
    cast.members[5].person = cast.nobody
    cast.members[5].save(update_fields=["person"])
    assert client_of(far).get(address).status_code == 404
    assert client_of(cast.system_admin).get(address).status_code == 200


@pytest.mark.parametrize("form", [{}, {"nonce": ""}])
def test_a_slip_is_made_from_its_page_alone(cast: Cast, form: dict[str, str]) -> None:
    """What names no page that was drawn, though none is known either, resets nobody."""
    client = client_of(cast.system_admin)
    before = Person.objects.get(pk=cast.secretary.pk)
    answer = client.post(reverse("account-invite", args=[cast.secretary.pk]), form)
    assert answer.status_code == 303
    after = Person.objects.get(pk=cast.secretary.pk)
    assert (after.password, after.session_round) == (before.password, before.session_round)
    assert not Invitation.objects.exists()
