"""Rows → the values that the rules judge a record from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from zhibu.handbook.models import Attachment, Record
from zhibu.handbook.versions import FiledContent
from zhibu.norms.facts import NormMissing, norm_by_key, norm_for
from zhibu.org.choices import own_elements
from zhibu.org.facts import meeting_facts
from zhibu.org.models import Member, Organization
from zhibu.plans.models import PlanLine
from zhibu.rules.branches import BranchFacts
from zhibu.rules.contents import AttachmentNote, RecordContent
from zhibu.rules.contents_data import from_data
from zhibu.rules.elements import MIXED
from zhibu.rules.norm import Activity, Element, Norm, PracticeClass, Requirement, Unit
from zhibu.rules.records import LineTarget, judge_ballots, judge_record
from zhibu.rules.verdicts import Verdict


def read_draft(record: Record) -> RecordContent:
    """What is being written. Raises LookupError when nothing is."""
    if record.draft is None:
        raise LookupError("nothing is being written")
    return from_data(record.draft)


def attachment_notes(files: Iterable[Attachment]) -> tuple[AttachmentNote, ...]:
    """Files as a content names them."""
    return tuple(
        AttachmentNote(
            key=str(file.id),
            name=file.name,
            media_type=file.media_type,
            size=file.size,
            digest=file.digest,
        )
        for file in files
    )


def line_keys(keys: Iterable[str]) -> list[UUID]:
    """The keys as keys; what is none is left out."""
    return [key for key in map(_as_key, keys) if key is not None]


def named_lines(keys: Iterable[str]) -> tuple[PlanLine, ...]:
    """The stored lines with these keys; what is no key of a line is left out."""
    wanted = line_keys(keys)
    if not wanted:
        return ()
    return tuple(PlanLine.objects.filter(pk__in=wanted).select_related("plan", "group"))


def named_people(contents: Iterable[RecordContent]) -> dict[str, str]:
    """The names of all whom the contents name by a key: those on their lists, presiders, recorders."""
    named: dict[str, str] = {}
    wanted: set[str] = set()
    for one in contents:
        named |= {row.member: row.name for row in one.attendance if row.member and row.name}
        wanted |= {one.presider, one.recorder}
    # A name may look like anything, also like a key that is none.
    if missing := line_keys(wanted - set(named)):
        rows = Member.objects.filter(pk__in=missing).values_list("pk", "name")
        named |= {str(key): name for key, name in rows}
    return named


def line_target(line: PlanLine, record_id: UUID | None) -> LineTarget:
    """A line as the rules judge whether the record may discharge it."""
    is_other = line.discharged_by is not None and line.discharged_by != record_id
    return LineTarget(
        line=str(line.id),
        activity=Activity(line.activity),
        opens=line.opens_on,
        due=line.due_on,
        title=line.title,
        group=str(line.group_id) if line.group_id else "",
        is_waived=line.waived_at is not None,
        discharged_by=str(line.discharged_by) if is_other else "",
    )


def requirements_for(
    branch: Organization, content: RecordContent, lines: Sequence[PlanLine], *, today: date
) -> tuple[Requirement, ...]:
    """The requirements that a record answers.

    Those of the lines that it names, by the norm that each table was made from; and for an activity
    that no line speaks of, the first one of the branch's norm of that day, unless its kind is mixed.
    """
    found: dict[str, Requirement] = {}
    for line in lines:
        if not line.requirement:
            continue
        asked = norm_by_key(line.plan.norm_id).requirement(line.requirement)
        if asked is not None:
            found.setdefault(asked.code, asked)
    spoken_of = {asked.activity for asked in found.values()}
    left = [kind for kind in content.activities if kind not in spoken_of and kind not in MIXED]
    if not left:
        return tuple(found.values())
    day = content.began_at.date() if content.began_at is not None else today
    try:
        _, norm = norm_for(branch, day)
    except NormMissing:
        return tuple(found.values())
    for activity in left:
        usual = _usual_requirement(norm, activity)
        if usual is not None:
            found.setdefault(usual.code, usual)
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Setting:
    """What a record is judged by beside its lines: the branch as it was on the record's day."""

    branch: Organization
    today: date
    facts: BranchFacts
    own: tuple[Element, ...]


def setting_of(branch: Organization, content: RecordContent, *, today: date) -> Setting:
    """Read what the record of this content is judged by."""
    day = content.began_at.date() if content.began_at is not None else today
    return Setting(branch, today, meeting_facts(branch, day)[0], own_elements(branch, day))


def judge_draft(
    content: RecordContent, setting: Setting, lines: Sequence[PlanLine], *, record_id: UUID
) -> tuple[Verdict, ...]:
    """All that the rules say of a record: the same while it is written and when it is filed.

    `lines` are those of the branch that it names, `record_id` the record itself, whose own lines
    are not taken by another.
    """
    return judge_record(
        content,
        requirements_for(setting.branch, content, lines, today=setting.today),
        setting.facts,
        today=setting.today,
        lines=[line_target(line, record_id) for line in lines],
        own=setting.own,
    )


def judge_filed(
    branch: Organization, filed: FiledContent, lines: Sequence[PlanLine]
) -> tuple[Verdict, ...]:
    """Quorum and votes of what was filed, by the rules that judged it; `lines` are what it names.

    Nothing when a part that it would be told from is blacked out.
    """
    content = filed.content
    if content.began_at is None or not content.attendance or "decisions" in filed.redacted:
        return ()
    day = content.began_at.date()
    return judge_ballots(content, requirements_for(branch, content, lines, today=day))


def _usual_requirement(norm: Norm, activity: Activity) -> Requirement | None:
    """The requirement that an activity usually answers: a regular one that binds, if there is one."""
    asked = [one for one in norm.requirements if one.activity is activity]
    asked.sort(
        key=lambda one: (
            one.cadence.unit is Unit.EVENT,
            one.practice_class is not PracticeClass.B,
        )
    )
    return asked[0] if asked else None


def _as_key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
