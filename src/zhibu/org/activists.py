"""Verbs on a branch's 入党积极分子: whom it prepares for admission, from when to when."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from zhibu.ledger.services import note
from zhibu.org.models import Activist, Organization
from zhibu.org.services import Refused
from zhibu.people.models import Person


@transaction.atomic
def enrol_activist(
    *,
    branch: Organization,
    name: str,
    since: date,
    by: Person | None,
    at: datetime,
    until: date | None = None,
) -> Activist:
    """From this day the branch prepares somebody for admission. Raises Refused.

    The ledger says that somebody was enrolled, not who: they are no members yet.
    """
    # Two who send the same form at once would enrol one person twice.
    held = Organization.objects.select_for_update(no_key=True).get(pk=branch.pk)
    if held.kind != Organization.Kind.BRANCH:
        raise Refused("入党积极分子只能登记在党支部。")
    _check(held, None, name, since, until)
    activist = Activist.objects.create(branch=held, name=name.strip(), since=since, until=until)
    note(by=by, verb="enrol_activist", organization_id=branch.pk, subject=activist, at=at)
    return activist


@transaction.atomic
def change_activist(
    *,
    activist: Activist,
    name: str,
    since: date,
    until: date | None,
    by: Person | None,
    at: datetime,
) -> Activist:
    """Ends the preparation with a day, or puts right what was entered. Raises Refused."""
    branch = Organization.objects.select_for_update(no_key=True).get(pk=activist.branch_id)
    held = Activist.objects.get(pk=activist.pk)
    _check(branch, held, name, since, until)
    values = {"name": name.strip(), "since": since, "until": until}
    changed = sorted(key for key, value in values.items() if getattr(held, key) != value)
    if not changed:
        return held
    for key in changed:
        setattr(held, key, values[key])
    held.save(update_fields=changed)
    note(
        by=by, verb="change_activist", organization_id=branch.pk, subject=held, at=at,
        detail={"fields": changed},
    )  # fmt: skip
    return held


def _check(
    branch: Organization, itself: Activist | None, name: str, since: date, until: date | None
) -> None:
    if not name.strip():
        raise Refused("请填写姓名。")
    if until is not None and until < since:
        raise Refused("结束日期不能早于列入日期。")
    if until is not None:
        return
    namesakes = Activist.objects.filter(branch=branch, name=name.strip(), until__isnull=True)
    if itself is not None:
        namesakes = namesakes.exclude(pk=itself.pk)
    if namesakes.exists():
        raise Refused(f"“{name.strip()}”已经列入。确有同名的，请在姓名后加注以示区别。")
