"""What askers do: send, and ask once more. Neither leaves a line in the ledger.

The ledger tells who did what at which moment. What somebody says is wrong is no act of an office: with
a name the row itself knows it, without one nobody shall.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from zhibu.network.feedback.allowance import ALLOWANCE
from zhibu.network.feedback.facts import levels_of_seats, only_levels, with_crowds
from zhibu.network.feedback.models import Case, Feedback, Step
from zhibu.network.feedback.queries import main_of, ways_up
from zhibu.network.feedback.services.holding import (
    Done,
    FeedbackRefused,
    check,
    hand_over,
    hold,
    recount,
    settle,
    tell_handlers,
)
from zhibu.org.models import Organization
from zhibu.org.services import Refused
from zhibu.people.models import Person
from zhibu.rules.feedback import (
    About,
    Act,
    CaseState,
    judge_reopening,
    level_without_name,
    offer_levels,
)
from zhibu.rules.feedback_codes import derive_code, digest_code


@dataclass(frozen=True, slots=True)
class Place:
    """What somebody stood before when they said that it does not work."""

    about: About
    pack: str = ""
    code: str = ""  # a requirement of the pack
    title: str = ""  # what it is called
    page: str = ""  # the first word of the page's name
    address: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent, and the code by which somebody without a name finds it again."""

    feedback: Feedback
    code: str  # empty with a name


def offered(
    *, seats: Sequence[Organization], by: Person, at: datetime
) -> dict[UUID, tuple[Organization, ...]]:
    """To whom this person may write with their name from each of these seats, the usual one first."""
    found = {}
    for key, levels in levels_of_seats(seats, by, at).items():
        rows = {level.key: row for level, row in levels}
        found[key] = tuple(rows[level.key] for level in offer_levels(only_levels(levels)))
    return found


def send_feedback(
    *,
    by: Person,
    is_named: bool,
    text: str,
    place: Place,
    seat: Organization,
    addressed_to: UUID | None,
    secret: str,
    at: datetime,
) -> Sent:
    """Send what somebody wrote; from `seat`, where they chose to speak from.

    With a name it goes to `addressed_to` (None: the usual one). Without, to a level above with
    enough people, and nothing is kept that leads to a person: no account, no organisation of
    theirs, no page, no moment, no line in the ledger, no notice to anybody (the daily one says only
    how many there are). `secret` is the form's own: the same form sent again gives the same row and
    code. Raises Refused when there is nobody to send it to, or too much was sent within an hour.
    """
    code = derive_code(secret, text, place.about, place.pack, place.code, "n" if is_named else "")
    digest = digest_code(code)
    to = _addressee(by=by, is_named=is_named, seat=seat, wanted=addressed_to, at=at)
    shown = "" if is_named else code
    if (found := Feedback.objects.filter(digest=digest).first()) is not None:
        return Sent(found, shown)
    if not ALLOWANCE.take(by.pk, at):
        raise Refused("一小时内反映的次数较多，请稍后再试；写下的内容仍在下面。")
    try:
        with transaction.atomic():
            feedback = _write(by if is_named else None, text, place, seat, to, digest, at)
    except IntegrityError:  # the same form at the same moment
        return Sent(Feedback.objects.get(digest=digest), shown)
    return Sent(feedback, shown)


def _addressee(
    *, by: Person, is_named: bool, seat: Organization, wanted: UUID | None, at: datetime
) -> Organization:
    levels = levels_of_seats([seat], by, at)[seat.pk]
    rows = {level.key: row for level, row in levels}
    if is_named:
        keys = [level.key for level in offer_levels(only_levels(levels))]
        key = str(wanted) if wanted is not None else next(iter(keys), "")
        if key not in keys:
            raise Refused("请从列出的党组织中选择由谁办理。")
        return rows[key]
    level = level_without_name(only_levels(with_crowds(levels, at)))
    if level is None:
        raise Refused("现在没有党组织可以办理，请与系统管理员联系。")
    return rows[level.key]


def _write(
    person: Person | None,
    text: str,
    place: Place,
    seat: Organization,
    to: Organization,
    digest: str,
    at: datetime,
) -> Feedback:
    day = timezone.localdate(at)
    case = Case.objects.create(
        organization=to,
        about=place.about,
        pack=place.pack,
        code=place.code,
        title=place.title,
        page=place.page if person is not None else "",
        state=CaseState.RECEIVED,
        opened_on=day,
        waiting_since=day,
        asked=1,
    )
    feedback = Feedback.objects.create(
        case=case,
        addressed_to=to,
        text=text,
        sent_on=day,
        digest=digest,
        person=person,
        organization=seat if person is not None else None,
        address=place.address if person is not None else "",
    )
    if person is not None:  # the moment of a notice would tell when somebody without a name wrote
        tell_handlers(case, "收到一件反映，等待受理", at, once=f"case:{case.pk}:came")
    return feedback


@transaction.atomic
def reopen_case(*, feedback: Feedback, reason: str, at: datetime) -> Case:
    """The asker is not content and asks once more; everything joined is handled again.

    What the level above had answered is left there: the case begins anew where it was handled; where
    that organisation has ended since, at the nearest level above it that stands. The reason is read by whoever may read the text. That the feedback is the asker's own (by account or
    by code) is for the caller to see. Raises FeedbackRefused a second time, or while it is in hand.
    """
    (own,) = hold(feedback.case_id)
    case = main_of(own)
    row = Feedback.objects.select_for_update(of=("self",)).get(pk=feedback.pk)
    if (verdict := judge_reopening(is_used=row.reopened_on is not None)) is not None:
        raise FeedbackRefused(verdict)
    state = check(case, Act.REOPEN, at)
    left, day = case.above, timezone.localdate(at)
    case.state, case.waiting_since = state, day
    case.answer = case.outcome = ""
    case.answered_by = case.concluded_on = case.above = None
    row.reopened_on, row.reopen_reason = day, reason
    row.save(update_fields=["reopened_on", "reopen_reason"])
    # The moment at which others hear of it would tell when somebody without a name was here.
    is_quiet = row.person_id is None
    silent = frozenset({row.case_id})
    ended, to = case.organization, _standing(case.organization, day)
    if to != ended:
        hand_over(case, to, day)
    settle(case, Done(Step.Kind.REOPENED, at, None, silent=silent), is_quiet=is_quiet)
    if to != ended:
        words = f"{ended.name}已不再设立，由{to.name}继续办理。"
        settle(case, Done(Step.Kind.MOVED, at, ended, words, to=to), is_quiet=True)
    if left is not None:
        recount(left)
    if not is_quiet:
        title = "反映人要求继续办理"
        tell_handlers(case, title, at, once=f"case:{case.pk}:again:{row.pk}")
    return case


def _standing(organization: Organization, day: date) -> Organization:
    """The organisation itself while it stands; else the nearest above it that does."""
    ways = ways_up([organization], day)[organization.pk]
    return ways[0] if ways else organization
