"""Whether records name certain people: what keeps an import of members from being undone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from zhibu.handbook.models import Record, RecordVersion
from zhibu.org.models import Membership

_PARTS = ("particulars", "attendance", "decisions")


def records_naming(members: frozenset[UUID], since: datetime) -> Iterator[str]:
    """Reasons, in Chinese: filed records or drafts since then that name one of these members."""
    branches = set(
        Membership.objects.filter(branch__records__drafted_at__gte=since).values_list(
            "branch_id", flat=True
        )
    )
    if not branches:
        return
    keys = {str(member) for member in members}
    versions = RecordVersion.objects.filter(branch__in=branches, filed_at__gte=since)
    for parts in versions.values_list(*_PARTS).iterator(chunk_size=200):
        if _names("".join(parts), keys):
            yield "已有归档的记录写到所导入的党员"
            break
    drafts = Record.objects.filter(branch__in=branches, drafted_at__gte=since, draft__isnull=False)
    for draft in drafts.values_list("draft", flat=True).iterator(chunk_size=200):
        if _names(json.dumps(draft), keys):
            yield "有记录草稿写到所导入的党员"
            break


def _names(text: str, keys: set[str]) -> bool:
    """Whether one of the keys stands in the text between quotation marks."""
    return not keys.isdisjoint(text.split('"'))
