"""Verbs of getting in: invitations, passwords, recovery. One transaction, one line in the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt
from django.conf import settings
from django.db import transaction
from django.db.models import F

from zhibu.ledger.services import note
from zhibu.org.services import Refused
from zhibu.people.attempts import plain_name
from zhibu.people.invitations import digest_of, new_token
from zhibu.people.models import Invitation, PastPassword, Person

_KEPT = 24  # past passwords, as many as the setting can ask for


@dataclass(frozen=True, slots=True)
class Slip:
    """An invitation as it is handed out: the only time that its secret is seen."""

    person: Person
    token: str
    expires_at: datetime


class Spent(Exception):
    """邀请已经用过，或已由新的邀请代替。"""


class RunOut(Exception):
    """邀请已过有效期。"""


class NoSuchInvitation(Exception):
    """没有这份邀请。"""


@transaction.atomic
def invite_person(
    *, person: Person, by: Person | None, at: datetime, without_factors: bool = False
) -> Slip:
    """A new one-time link; one that was given before is withdrawn.

    Who has a password already loses it, and all their sessions: this is how an administrator
    resets an account. `without_factors` takes the second factor away too. At the next sign-in the
    person is told that it was done. Raises Refused for a closed account or one's own.
    """
    person = Person.objects.select_for_update().get(pk=person.pk)
    if by is not None and by.pk == person.pk:
        raise Refused("不能给自己重置，请由另一位系统管理员办理。")
    is_reset = person.has_usable_password()
    slip = _invite([person], by=by, at=at)[0]
    removed = 0
    if without_factors:
        removed, _ = Authenticator.objects.filter(user=person).delete()
    if is_reset or removed:
        person.set_unusable_password()
        person.session_round += 1
        person.recovered_at = at
        person.save(update_fields=["password", "session_round", "recovered_at"])
    note(
        by=by, verb="recover" if is_reset or removed else "invite", organization_id=None,
        subject=person, at=at,
        detail={"name": person.username, "expires_at": slip.expires_at.isoformat(),
                "factors_removed": bool(removed)},
    )  # fmt: skip
    return slip


@transaction.atomic
def invite_many(*, people: Iterable[Person], by: Person | None, at: datetime) -> tuple[Slip, ...]:
    """A one-time link for each who never signed in; a line in the ledger for each.

    Who has a password is passed over: nobody loses one by a list. So is who has an invitation that
    holds: of two who invite the same people at once, one gives the slips.
    """
    locked = list(
        Person.objects.select_for_update()
        .filter(pk__in=[person.pk for person in people], last_login__isnull=True, is_active=True)
        .order_by("username")
    )
    waiting = Invitation.objects.waiting().filter(person__in=locked, expires_at__gt=at)
    invited = set(waiting.values_list("person_id", flat=True))
    chosen = [
        person for person in locked if person.pk not in invited and not person.has_usable_password()
    ]
    slips = _invite(chosen, by=by, at=at)
    for slip in slips:
        note(
            by=by, verb="invite", organization_id=None, subject=slip.person, at=at,
            detail={"name": slip.person.username, "expires_at": slip.expires_at.isoformat()},
        )  # fmt: skip
    return slips


def _invite(people: list[Person], *, by: Person | None, at: datetime) -> tuple[Slip, ...]:
    if closed := next((person for person in people if not person.is_active), None):
        raise Refused(f"账号“{closed.username}”已停用，请先启用。")
    expires_at = at + settings.INVITATION_TIME
    Invitation.objects.waiting().filter(person__in=people).update(withdrawn_at=at)
    slips = tuple(Slip(person, new_token(), expires_at) for person in people)
    Invitation.objects.bulk_create(
        Invitation(
            person=slip.person,
            digest=digest_of(slip.token),
            made_at=at,
            made_by=by,
            expires_at=expires_at,
        )
        for slip in slips
    )
    return slips


def find_invitation(*, token: str, at: datetime) -> Invitation:
    """The invitation that still holds. Raises NoSuchInvitation, Spent, RunOut."""
    found = Invitation.objects.select_related("person").filter(digest=digest_of(token)).first()
    if found is None or not found.person.is_active:
        raise NoSuchInvitation(NoSuchInvitation.__doc__)
    if found.used_at or found.withdrawn_at:
        raise Spent(Spent.__doc__)
    if found.expires_at <= at:
        raise RunOut(RunOut.__doc__)
    return found


@transaction.atomic
def accept_invitation(*, token: str, password: str, at: datetime) -> Person:
    """Sets the password that the invited person chose; the link is used up, once for all.

    The rules of passwords are for the form to ask. Raises what `find_invitation` raises.
    """
    invitation = find_invitation(token=token, at=at)
    # The row decides between two who open the same link at once.
    used = Invitation.objects.waiting().filter(pk=invitation.pk).update(used_at=at)
    if not used:
        raise Spent(Spent.__doc__)
    person = Person.objects.select_for_update().get(pk=invitation.person_id)
    _set_password(person, password, at)
    note(by=person, verb="accept_invitation", organization_id=None, subject=person, at=at)
    return person


@transaction.atomic
def change_password(*, person: Person, password: str, by: Person, at: datetime) -> Person:
    """The person's own new password. Their sessions elsewhere end, since each carries its mark.

    Raises Refused where the account was reset, closed or signed out everywhere since it was read:
    who was put out just now must not come back in by this.
    """
    held = Person.objects.select_for_update().get(pk=person.pk)
    known = (person.password, person.session_round)
    if not held.is_active or (held.password, held.session_round) != known:
        raise Refused("登录刚刚失效，密码没有修改，请重新登录后再改。")
    _set_password(person, password, at)
    note(by=by, verb="change_password", organization_id=None, subject=person, at=at)
    return person


def _set_password(person: Person, password: str, at: datetime) -> None:
    if person.has_usable_password():  # it may be older than this table
        PastPassword.objects.get_or_create(
            person=person,
            encoded=person.password,
            defaults={"set_at": person.password_set_at or at},
        )
    person.set_password(password)
    person.password_set_at = at
    person.must_set_password = False
    person.save(update_fields=["password", "password_set_at", "must_set_password"])
    PastPassword.objects.create(person=person, encoded=person.password, set_at=at)
    past = person.past_passwords.order_by("-set_at", "-id").values_list("pk", flat=True)
    person.past_passwords.filter(pk__in=list(past[_KEPT:])).delete()


@transaction.atomic
def end_sessions(*, person: Person, by: Person, at: datetime) -> Person:
    """Signs the person out everywhere."""
    Person.objects.filter(pk=person.pk).update(session_round=F("session_round") + 1)
    person.refresh_from_db(fields=["session_round"])
    note(by=by, verb="end_sessions", organization_id=None, subject=person, at=at)
    return person


@transaction.atomic
def unlock_person(*, person: Person, by: Person | None, at: datetime) -> int:
    """Forgets the failed attempts, at whatever address; how many rows there were."""
    count: int = AccessAttempt.objects.filter(username=plain_name(person.username)).delete()[0]
    note(
        by=by, verb="unlock", organization_id=None, subject=person, at=at,
        detail={"name": person.username},
    )  # fmt: skip
    return count


@transaction.atomic
def set_active(*, person: Person, is_active: bool, by: Person | None, at: datetime) -> Person:
    """Closes an account, or opens it again. A closed one is out at its next request."""
    if by is not None and by.pk == person.pk:
        raise Refused("不能停用自己的账号。")
    person.is_active = is_active
    person.save(update_fields=["is_active"])
    if not is_active:
        Invitation.objects.waiting().filter(person=person).update(withdrawn_at=at)
    note(
        by=by, verb="open_again" if is_active else "close_account", organization_id=None,
        subject=person, at=at, detail={"name": person.username},
    )  # fmt: skip
    return person
