"""The verb that blacks out a part where the law asks for it. Digest and chain stay as they are."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db import transaction

from zhibu.handbook.models import Attachment, Record, RecordVersion, Redaction
from zhibu.handbook.redactions import RedactionFacts, redaction_message
from zhibu.handbook.refusals import RecordRefused
from zhibu.handbook.services.drafts import lock_record
from zhibu.ledger.canonical import canonical_key, canonical_moment
from zhibu.ledger.keys import sign, signing_key
from zhibu.ledger.models import OrganizationKey
from zhibu.ledger.services import lock_head, note
from zhibu.people.keys import new_key
from zhibu.people.models import Person
from zhibu.rules import digests


def redaction_facts(redaction: Redaction, branch: str) -> RedactionFacts:
    """The values of a row; its key should be selected with it. `branch` is the key in hex."""
    return RedactionFacts(
        redaction_id=redaction.id.hex,
        version_id=redaction.version_id.hex,
        branch=branch,
        part=redaction.part,
        reason=redaction.reason,
        at=canonical_moment(redaction.at),
        by=canonical_key(redaction.by_id),
        signature=redaction.signature,
        public_key=redaction.key.public_key,
        key_organization=redaction.key.organization_id.hex,
        key_generation=redaction.key.generation,
    )


@transaction.atomic
def redact_part(
    *, record: Record, part: str, reason: str, by: Person, at: datetime
) -> list[Redaction]:
    """Black out one part in every version of a record, for good; files go with their part.

    `part` is one of `zhibu.rules.digests.PARTS` but the head. Gives a signed redaction for each
    version that still showed the part. Raises RecordRefused.
    """
    reason = reason.strip()
    if not reason:
        raise RecordRefused("遮盖须写明所依据的规定和理由。")
    if part not in digests.PARTS or part in digests.PERMANENT_PARTS:
        raise RecordRefused("记录的这一部分不能遮盖。")
    lock_head(record.branch_id)
    current = lock_record(record.pk)
    if current.draft is not None:
        raise RecordRefused("这份记录有未归档的草稿，请先归档或放弃草稿，再办理遮盖。")
    key = signing_key(organization_id=current.branch_id, at=at)
    found = [
        _redact_version(version, part, reason, by, at, key)
        for version in RecordVersion.objects.filter(record=current).order_by("version")
        if getattr(version, part)
    ]
    if part == "attachments":
        _destroy_files(current)
    if found:
        note(
            by=by,
            verb="redact_part",
            organization_id=current.branch_id,
            subject=current,
            detail={"part": part, "reason": reason, "versions": len(found)},
            at=at,
        )
    return found


def _redact_version(
    version: RecordVersion,
    part: str,
    reason: str,
    by: Person,
    at: datetime,
    key: OrganizationKey,
) -> Redaction:
    texts = {name: str(getattr(version, name)) for name in digests.PARTS}
    blacked, salts = digests.black_out(texts, version.salts, part)
    setattr(version, part, blacked[part])
    version.salts = salts
    fields = [part, "salts"]
    if part == "particulars":
        version.topic = ""
        fields.append("topic")
    version.save(update_fields=fields)
    redaction = Redaction(
        id=new_key(), version=version, part=part, reason=reason, at=at, by=by, key=key
    )
    facts = redaction_facts(redaction, version.branch_id.hex)
    redaction.signature = sign(key, redaction_message(facts))
    redaction.save(force_insert=True)
    return redaction


def _destroy_files(record: Record) -> None:
    files = list(Attachment.objects.filter(record=record))
    Attachment.objects.filter(pk__in=[file.pk for file in files]).delete()
    for file in files:
        transaction.on_commit(partial(file.file.delete, save=False), robust=True)
