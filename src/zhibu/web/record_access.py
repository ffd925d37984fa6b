"""Who may see and write which records, beyond what the table of roles says of a branch.

A group's leader writes the meetings of that group and nothing else. Talks (谈心谈话) are read by those
who write the branch's records, and by the levels above; not by everybody in the branch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest

from zhibu.handbook.facts import read_draft
from zhibu.handbook.models import Record, RecordVersion
from zhibu.handbook.versions import read_version
from zhibu.org import paths
from zhibu.org.models import Organization
from zhibu.org.reach import Reach
from zhibu.people.roles import Role, Verb
from zhibu.rules.norm import Activity
from zhibu.rules.records import RecordContent
from zhibu.web.access import get_visible, reach


@dataclass(frozen=True, slots=True)
class Pen:
    """What a person may write in a branch; `groups` are the only groups, None for everything."""

    groups: tuple[UUID, ...] | None = None

    def may_write(self, content: RecordContent) -> bool:
        """Whether a record with this content is theirs to write."""
        if self.groups is None:
            return True
        return content.activities == (Activity.GROUP_MEETING,) and content.group in {
            str(key) for key in self.groups
        }

    def confine(self, content: RecordContent) -> RecordContent:
        """The content as far as they may write it."""
        if self.groups is None or self.may_write(content):
            return content
        mine = {str(key) for key in self.groups}
        group = content.group if content.group in mine else str(self.groups[0])
        return replace(content, activities=(Activity.GROUP_MEETING,), group=group)


def pen_of(
    request: HttpRequest, branch: Organization, verb: Verb = Verb.DRAFT_RECORD
) -> Pen | None:
    """What this person may do with records of the branch; None for nothing."""
    if _without_leaders(reach(request)).may(verb, branch.path):
        return Pen()
    if not reach(request).may(verb, branch.path):
        return None
    groups = tuple(key for key in reach(request).groups(branch.path) if key != branch.pk)
    return Pen(groups) if groups else None


def need_pen(request: HttpRequest, branch: Organization, verb: Verb = Verb.DRAFT_RECORD) -> Pen:
    """The same, or a 404."""
    pen = pen_of(request, branch, verb)
    if pen is None:
        raise Http404
    return pen


def may_read_talks(request: HttpRequest, branch: Organization) -> bool:
    """Whether talks of this branch are for this person: they write its records, or look from above."""
    if _without_leaders(reach(request)).may(Verb.DRAFT_RECORD, branch.path):
        return True
    return any(
        branch.path != hold.path and branch.path.startswith(hold.path) and hold.with_below
        for hold in reach(request).with_verb(Verb.SEE_BRANCH)
    )


def readable(held: Reach, prefix: str) -> Q:
    """The condition on filed records that somebody may read: with what search keeps of them.

    `prefix` leads to the branch; `is_talk` is a column beside it. `get_record` says the same of one.
    """
    writes = _without_leaders(held).within(Verb.DRAFT_RECORD, prefix)
    above = Q(pk__in=[])
    for hold in held.with_verb(Verb.SEE_BRANCH):
        if hold.with_below:
            above |= Q(
                **{f"{prefix}path__gt": hold.path, f"{prefix}path__lt": paths.successor(hold.path)}
            )
    return held.within(Verb.SEE_BRANCH, prefix) & (Q(is_talk=False) | writes | above)


_SHOWN: Final = ("branch", "current__filed_by", "drafted_by")


def get_record(
    request: HttpRequest,
    pk: UUID,
    verb: Verb = Verb.SEE_BRANCH,
    *,
    related: tuple[str, ...] = _SHOWN,
) -> Record:
    """The record, if this verb may be done with it, else 404.

    A draft that was never filed is only for those who could write it. `related` is what is read
    with it.
    """
    records = Record.objects.select_related(*related)
    record = get_visible(request, records, verb, pk=pk)
    pen = pen_of(request, record.branch, Verb.DRAFT_RECORD)
    if record.current is None and (pen is None or not _is_of(pen, record)):
        raise Http404
    if verb is not Verb.SEE_BRANCH and pen is not None and not _is_of(pen, record):
        raise Http404
    if not may_read_talks(request, record.branch) and (is_talk(record) or _was_talk(record)):
        raise Http404
    return record


def without_talks(records: QuerySet[Record]) -> QuerySet[Record]:
    """The filed records that everybody in a branch may read."""
    return records.exclude(EVER_TALK)


EVER_TALK: Final = Exists(
    RecordVersion.objects.filter(record=OuterRef("pk"), activities__contains=Activity.TALK.value)
)
"""Of records: one that was filed as a talk shows what was said to whoever opens it, corrected or not."""


def _was_talk(record: Record) -> bool:
    if record.current is None or record.current.version == 1:
        return False  # what is filed once is what it is now
    return Record.objects.filter(EVER_TALK, pk=record.pk).exists()


def is_talk(record: Record) -> bool:
    """Whether a record is of a talk, as filed or as it is being written."""
    filed = record.current.activities.split() if record.current else []
    draft = (record.draft or {}).get("activities", [])
    return Activity.TALK.value in {*filed, *draft}


def _is_of(pen: Pen, record: Record) -> bool:
    """Whether a record is one that this pen writes: for a group's leader, a meeting of that group."""
    if pen.groups is None:
        return True
    if record.draft is not None:
        return pen.may_write(read_draft(record))
    return record.current is not None and pen.may_write(read_version(record.current).content)


def _without_leaders(held: Reach) -> Reach:
    return Reach(tuple(hold for hold in held.holds if hold.role is not Role.GROUP_LEADER))
