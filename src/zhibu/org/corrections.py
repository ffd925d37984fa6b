"""Verbs of 更正申请: a member says what is wrong in what is kept about them, and gets an answer."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from zhibu.ledger.services import note
from zhibu.org.models import CorrectionRequest, Member, Membership, Organization
from zhibu.org.services import Refused
from zhibu.people.models import Person


@transaction.atomic
def ask_correction(*, member: Member, text: str, by: Person, at: datetime) -> CorrectionRequest:
    """A member asks to have what is kept about them put right. Raises Refused for somebody else."""
    if member.person_id != by.pk:
        raise Refused("只能就本人的信息提出更正。")
    asked = CorrectionRequest.objects.create(member=member, text=text, asked_at=at)
    held = Membership.objects.filter(member=member, until__isnull=True).first()
    note(
        by=by, verb="ask_correction", organization_id=held.branch_id if held else None,
        subject=member, at=at,
    )  # fmt: skip
    return asked


@transaction.atomic
def answer_correction(
    *, correction: CorrectionRequest, branch: Organization, answer: str, by: Person, at: datetime
) -> CorrectionRequest:
    """Says what was done about it, or why not. Raises Refused when it is answered already."""
    held = CorrectionRequest.objects.select_for_update().get(pk=correction.pk)
    if held.answered_at is not None:
        raise Refused("这份申请已经答复。")
    held.answer, held.answered_by, held.answered_at = answer, by, at
    held.save(update_fields=["answer", "answered_by", "answered_at"])
    note(
        by=by, verb="answer_correction", organization_id=branch.pk, subject=correction.member, at=at
    )
    return held
