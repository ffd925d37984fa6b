"""What filed records pass on: those present are reached, and lose it when the record is voided."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.db.models import Prefetch
from django.utils import timezone

from zhibu.handbook.followers import Filed
from zhibu.handbook.models import Record, RecordVersion
from zhibu.handbook.versions import read_version
from zhibu.network.dissemination.facts import meeting_span
from zhibu.network.dissemination.models import Carriage, Forward, Receipt, Text, TextVersion
from zhibu.network.dissemination.queries import path_of, stays_of
from zhibu.network.dissemination.services.issuing import tell_below, to_forward, why_not_forward
from zhibu.network.dissemination.services.receipts import (
    Reaching,
    reach_members,
    seats_then,
    version_then,
)
from zhibu.network.notices.services import settle_occasion
from zhibu.org.models import Member, Membership, Organization
from zhibu.org.queries import holding
from zhibu.people.models import Person
from zhibu.rules.contents import RecordContent
from zhibu.rules.norm import Activity
from zhibu.rules.reach import judge_meeting

Gave = tuple[UUID, UUID, int]  # text, member, version
Given = dict[Gave, Reaching]


def follow_record(filed: Filed) -> None:
    """A version of a record says which texts the meeting passed on, and who was there.

    Who was present or late is reached; the others stay open. A correction or a voiding takes back
    what no longer holds, unless another record of the branch gives it too. A meeting before the
    text was issued, after it was recalled or in the future reaches nobody. Nothing is asked of the
    database for a record that carries no text and carried none before.
    """
    is_void = filed.version.action == RecordVersion.Action.VOID
    named = set() if is_void else _keys(filed.content)
    before = _keys(filed.before) if filed.before else set()
    if not named and not before:
        return
    record, branch = filed.record, filed.record.branch
    texts = {text.pk: text for text in _texts(named | before)}
    carried = {key: text for key, text in texts.items() if key in named}
    content = filed.content
    wanted: Given = {}
    if not is_void:
        first = filed.version if filed.before is None else None
        filed_at = first.filed_at if first else _first_filed_at(record, filed.version)
        carried = _fitting(carried, content, branch, filed_at)
        wanted = _given(record, content, branch, carried)
    _keep_carriages(record, branch, content, carried)
    # A group's leader files the group's meetings, and may not forward for the branch.
    is_of_group = content.activities == (Activity.GROUP_MEETING,)
    sent_on = {} if is_of_group else carried
    _send_on(record, branch, sent_on, filed.by, filed.version.filed_at)
    _write(record, wanted)


def forget_part(record: Record, part: str) -> None:
    """Who attended was blacked out: what the record gave for it is taken back."""
    if part != "attendance":
        return
    _write(record, {})


def _write(record: Record, wanted: Given) -> None:
    """What this record gives, as it is now: written, and what it gave beyond that taken back."""
    have = {
        (text, member, version): key
        for key, text, member, version in Receipt.objects.filter(
            record_id=record.pk, is_valid=True
        ).values_list("pk", "text_id", "member_id", "version")
    }
    lost = {which: key for which, key in have.items() if which not in wanted}
    if lost:
        Receipt.objects.filter(pk__in=lost.values(), record_id=record.pk).update(
            is_valid=False, is_folded=False
        )
    reach_members(sorted((row for which, row in wanted.items() if which not in have), key=_order))
    if kept := {have[which]: row.at for which, row in wanted.items() if which in have}:
        met = next(iter(kept.values()))  # of one meeting; it may have been corrected
        Receipt.objects.filter(pk__in=kept).exclude(at=met).update(at=met)
    if lost:
        give_again(lost.keys(), besides=record.pk)


def _order(row: Reaching) -> Gave:
    """One order for all writers, so that none waits in a circle."""
    return row.member, row.text, row.version


def give_again(lost: Collection[Gave], *, besides: UUID | None = None) -> None:
    """Records that carry the same texts give what was taken back, of all branches of the members.

    `besides` is the record that has taken it back.
    """
    texts = {text.pk: text for text in _texts({text for text, _, _ in lost})}
    branches = Membership.objects.filter(member__in={member for _, member, _ in lost})
    carriages = Carriage.objects.filter(text__in=texts, branch__in=branches.values("branch"))
    others = set(carriages.values_list("record_id", flat=True)) - {besides}
    for other in (
        Record.objects.filter(pk__in=others, state=Record.State.FILED)
        .select_related("current", "branch")
        .order_by("pk")
    ):
        if other.current is None:
            continue
        content = read_version(other.current).content
        named = {key: text for key, text in texts.items() if key in _keys(content)}
        filed_at = _first_filed_at(other, other.current)
        fitting = _fitting(named, content, other.branch, filed_at)
        given = _given(other, content, other.branch, fitting)
        reach_members(sorted((given[which] for which in lost if which in given), key=_order))


def _texts(keys: Iterable[UUID]) -> list[Text]:
    return list(
        Text.objects.sent()
        .filter(pk__in=keys)
        .prefetch_related(
            "audiences",
            Prefetch("versions", TextVersion.objects.filter(correction=0), to_attr="began"),
        )
    )


def _keys(content: RecordContent) -> set[UUID]:
    found = set()
    for one in content.texts:
        with suppress(ValueError):
            found.add(UUID(one.key))
    return found


def _first_filed_at(record: Record, version: RecordVersion) -> datetime:
    """When it was first filed: a correction makes no meeting later than it was."""
    first = RecordVersion.objects.filter(record=record, version=1).values_list(
        "filed_at", flat=True
    )
    return first.first() or version.filed_at


def _fitting(
    texts: Mapping[UUID, Text], content: RecordContent, branch: Organization, filed_at: datetime
) -> dict[UUID, Text]:
    """Of these texts those that this meeting can have passed on."""
    met = meeting_span(content)
    found = {}
    for key, text in texts.items():
        if met is None or text.issued_at is None:
            continue
        against = judge_meeting(
            issued_at=text.issued_at, recalled_at=text.recalled_at,
            began_at=met[0], ended_at=met[1], filed_at=filed_at,
        )  # fmt: skip
        if against is None and _has_come(text, branch):
            found[key] = text
    return found


def _has_come(text: Text, branch: Organization) -> bool:
    """Whether the text has come down to the branch."""
    path = path_of(text, branch)
    return not text.is_by_level or path == text.path or not why_not_forward(text, branch, path)


def _given(
    record: Record, content: RecordContent, branch: Organization, texts: Mapping[UUID, Text]
) -> Given:
    """Whom the meeting has reached: of the branch's members of that day those who were there."""
    met = meeting_span(content)
    if not texts or met is None:
        return {}
    named = set()
    for row in content.attendance:
        if row.is_there:
            with suppress(ValueError):
                named.add(UUID(row.member))
    own = Membership.objects.filter(
        holding(timezone.localdate(met[0])), branch=branch, member__in=named
    )
    stays = stays_of(Member.objects.filter(pk__in=own.values("member")))
    given: Given = {}
    for text in texts.values():
        version = version_then(getattr(text, "began", ()), met[1])
        if not version:
            continue
        for member, path in seats_then(text, stays).items():
            given[text.pk, member, version] = Reaching(
                text.pk, member, version, path, Receipt.How.MEETING, met[1], record=record.pk
            )
    return given


def _keep_carriages(
    record: Record, branch: Organization, content: RecordContent, texts: Mapping[UUID, Text]
) -> None:
    """Which records carry which texts, as this one says now."""
    Carriage.objects.filter(record_id=record.pk).exclude(text__in=texts).delete()
    met = meeting_span(content)
    if met is not None and texts:
        Carriage.objects.bulk_create(
            (
                Carriage(
                    text_id=key, branch=branch, record_id=record.pk,
                    happened_on=timezone.localdate(met[0]),
                )
                for key in sorted(texts)
            ),
            update_conflicts=True, unique_fields=["record_id", "text"], update_fields=["happened_on"],
        )  # fmt: skip


def _send_on(
    record: Record, branch: Organization, texts: Mapping[UUID, Text], by: Person, at: datetime
) -> None:
    """A branch that passes a text on in a meeting has sent it on; without the record, it has not.

    Unless another meeting of the branch carried it too; a group's does not speak for the branch.
    """
    of_groups = Record.objects.filter(
        branch=branch, current__activities=Activity.GROUP_MEETING.value
    ).values("pk")
    for row in Forward.objects.filter(record_id=record.pk).exclude(text__in=texts):
        other = (
            Carriage.objects.filter(text=row.text_id, branch=branch)
            .exclude(record_id=record.pk)
            .exclude(record_id__in=of_groups)
            .order_by("happened_on")
            .first()
        )
        if other is None:
            row.delete()
        else:
            Forward.objects.filter(pk=row.pk).update(record_id=other.record_id)
    for text in texts.values():
        path = path_of(text, branch)
        if not text.is_by_level or path == text.path or not text.is_asking:
            continue
        if Forward.objects.filter(text=text, path=path).exists():
            continue
        Forward.objects.bulk_create(
            [Forward(text=text, organization=branch, path=path, record_id=record.pk, at=at, by=by)],
            ignore_conflicts=True,
        )
        settle_occasion(once=to_forward(text, branch.pk), at=at)
        tell_below(text, path, is_branch=True, by=by, at=at)
