"""Visits to the old and ill: written down, and taken back."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from zhibu.documents.literal import clean_line
from zhibu.ledger.services import note
from zhibu.network.dissemination.models import Forward, Receipt, Text
from zhibu.network.dissemination.queries import seat_on, stays_of
from zhibu.network.dissemination.refusals import TextRefused, VisitRefused
from zhibu.network.dissemination.services.meetings import give_again
from zhibu.network.dissemination.services.receipts import Reaching, reach_members
from zhibu.network.dissemination.services.writing import hold_text
from zhibu.org.models import Member, Membership, MemberSpell
from zhibu.org.queries import holding
from zhibu.people.models import Person
from zhibu.rules.branches import Span
from zhibu.rules.reach import Mode, Readers, comes_down, judge_visit


@transaction.atomic
def record_visit(
    *, text: Text, member: Member, visitor: Member, visited_on: date, by: Person, at: datetime
) -> Receipt:
    """Somebody of the branch went to see an old or ill member and told them what the text says.

    Raises VisitRefused, TextRefused.
    """
    held = hold_text(text)
    if not held.is_asking:
        raise TextRefused("这份文件没有在传达，不能登记走访。")
    now = Membership.objects.filter(member=member, until__isnull=True).first()
    seat = seat_on(held, stays_of(Member.objects.filter(pk=member.pk)).get(member.pk, ()))
    if seat is None or now is None:
        raise TextRefused("这份文件的传达对象中没有这名党员。")
    sent = set(Forward.objects.filter(text=held).values_list("path", flat=True))
    if not comes_down(held.path, seat.path, Mode(held.mode), sent, Readers(held.readers)):
        raise TextRefused("上级还没有转发这份文件，不能登记走访。")
    began = held.versions.get(version=held.version, correction=0).at
    verdicts = judge_visit(
        visited_on,
        issued=timezone.localdate(began),
        today=timezone.localdate(at),
        infirm=[
            Span(spell.since, spell.until)
            for spell in MemberSpell.objects.filter(member=member, kind=MemberSpell.Kind.INFIRM)
        ],
        is_visitor_of_branch=Membership.objects.filter(
            holding(visited_on), member=visitor, branch=now.branch_id
        ).exists(),
        is_self=visitor.pk == member.pk,
    )
    if verdicts:
        raise VisitRefused(verdicts)
    known = Receipt.objects.filter(member=member, text=held, version=held.version)
    if known.filter(is_valid=True).exists():
        raise TextRefused("这份文件已经传达到这名党员，不需要再登记。")
    reach_members(
        [
            Reaching(
                held.pk, member.pk, held.version, seat.path, Receipt.How.VISIT, at,
                visited_on=visited_on, visitor=visitor.pk, recorded_by=by.pk,
            )
        ]
    )  # fmt: skip
    made = known.get()
    if made.how != Receipt.How.VISIT:  # they have said so themselves in this very moment
        raise TextRefused("这份文件已经传达到这名党员，不需要再登记。")
    note(
        by=by, verb="record_visit", organization_id=now.branch_id, subject=held, at=at,
        detail={"member": str(member.pk), "visitor": str(visitor.pk), "on": visited_on.isoformat()},
    )  # fmt: skip
    return made


@transaction.atomic
def withdraw_visit(*, receipt: Receipt, reason: str, by: Person, at: datetime) -> None:
    """The visit was recorded by mistake. Raises TextRefused.

    The member is asked again, unless a meeting where they were has passed the text on.
    """
    reason = clean_line(reason)
    if not reason:
        raise TextRefused("撤销走访登记须写明理由。")
    held = Receipt.objects.select_for_update(of=("self",)).get(pk=receipt.pk)
    if held.how != Receipt.How.VISIT or not held.is_valid:
        raise TextRefused("这次走访登记已经不在，不能撤销。")
    Receipt.objects.filter(pk=held.pk).update(is_valid=False, is_folded=False)
    give_again({(held.text_id, held.member_id, held.version)})
    now = Membership.objects.filter(member=held.member_id, until__isnull=True).first()
    note(
        by=by, verb="withdraw_visit", organization_id=now.branch_id if now else None,
        subject=held.text, at=at,
        detail={"member": str(held.member_id), "reason": reason[:500]},
    )  # fmt: skip
