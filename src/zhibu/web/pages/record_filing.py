"""The step before filing: what will be permanent, and what it will tick in the table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from zhibu.handbook.facts import read_draft
from zhibu.handbook.models import Attachment, Record
from zhibu.handbook.versions import read_version
from zhibu.network.dissemination.facts import texts_not_passed_on
from zhibu.plans.models import PlanLine
from zhibu.rules import wording
from zhibu.rules.attendance import Tally, tally_attendance
from zhibu.rules.contents import Attendance
from zhibu.rules.contents_data import to_data
from zhibu.rules.records import RecordContent, is_fit_to_file
from zhibu.rules.verdicts import Severity
from zhibu.web.forms.record_form import too_long, without_blanks
from zhibu.web.pages.record_desk import Desk
from zhibu.web.pages.record_form import Remark, remarks_of
from zhibu.web.pages.record_sheet import Sheet, build_sheet


@dataclass(frozen=True, slots=True)
class FilingPage:
    """What is going to be filed."""

    record: Record
    revision: int
    submission: str
    renewed: str  # the mark of what is shown, where the stored draft says something else
    reason: str
    is_correction: bool
    content: RecordContent
    sheet: Sheet
    tally: Tally
    lines: tuple[PlanLine, ...]
    files: tuple[Attachment, ...]
    errors: tuple[Remark, ...]
    warnings: tuple[Remark, ...]
    notes: tuple[Remark, ...]
    may_file: bool


def build_filing(
    desk: Desk,
    *,
    record: Record,
    files: Iterable[Attachment],
    submission: str,
    reason: str,
    now: datetime,
) -> FilingPage:
    """The page for a draft as it is stored; `now` is when it would be filed."""
    content = what_is_shown(desk)
    stored = read_draft(record)
    faults = too_long(content)
    remarks = remarks_of(desk.verdicts, faults, content)

    def of(severity: Severity) -> tuple[Remark, ...]:
        return tuple(remark for remark in remarks if remark.severity is severity)

    return FilingPage(
        record=record,
        revision=record.revision,
        submission=submission,
        renewed=mark_of(desk) if is_renewed(desk, stored) else "",
        reason=reason,
        is_correction=record.current_id is not None,
        content=content,
        sheet=build_sheet(content, roster=desk.roster, labels=desk.labels, groups=desk.group_names),
        tally=tally_attendance(content),
        lines=desk.lines,
        files=tuple(files),
        errors=of(Severity.ERROR),
        warnings=(
            *_say_moved(record, stored, content),
            *of(Severity.WARNING),
            *_not_passed_on(content, now),
        ),
        notes=of(Severity.NOTE),
        may_file=is_fit_to_file(desk.verdicts) and not faults,
    )


def what_is_shown(desk: Desk) -> RecordContent:
    """The content that this step shows: with the roster, table and tasks as they are now."""
    return without_blanks(desk.content)


def is_renewed(desk: Desk, stored: RecordContent) -> bool:
    """Whether the stored draft says something else than what is shown.

    A roster that was corrected backwards, or a line that was taken from the table, moves what is
    shown and not the draft. Only what was shown may be filed.
    """
    shown = what_is_shown(desk)
    return shown != replace(stored, attachments=shown.attachments)


def mark_of(desk: Desk) -> str:
    """A mark of what is shown: the same for the same content."""
    said = json.dumps(to_data(what_is_shown(desk)), sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


def _say_moved(record: Record, stored: RecordContent, shown: RecordContent) -> tuple[Remark, ...]:
    """Who is newly expected or no longer, since the draft was saved or since the record was filed.

    Whoever is newly expected starts as present: the recorder has not said so yet.
    """
    filed = record.current
    before = read_version(filed).content if filed is not None else stored
    if not before.attendance:
        return ()
    was, now = _counted(before), _counted(shown)
    added = "、".join(row.name for key, row in now.items() if key not in was)
    gone = "、".join(row.name for key, row in was.items() if key not in now)
    other = "、".join(row.name for key, row in now.items() if key in was and was[key] != row)
    if not (added or gone or other):
        return ()
    parts = (
        f"新列入{added}" if added else "",
        f"不再列入{gone}" if gone else "",
        f"{other}的应到、表决资格有变化" if other else "",
    )
    since = "与已归档的相比" if filed is not None else "草稿保存后党员名册有变动"
    expected = [tally_attendance(one).expected for one in (before, shown)]
    said = "应到{}人改为{}人".format(*expected) if expected[0] != expected[1] else "应到人数不变"
    ask = "请核对出席情况，不符的返回修改。"
    return (
        Remark(
            "attendance",
            Severity.WARNING,
            f"{since}，{said}：{'；'.join(filter(None, parts))}。{ask}",
        ),
    )


def _counted(content: RecordContent) -> dict[str, Attendance]:
    """The members of a list by their keys, as what they count for and not how they attended."""
    return {
        row.member: Attendance(
            row.member, row.name,
            is_expected=row.is_expected, has_vote=row.has_vote, is_committee=row.is_committee,
        )
        for row in content.attendance
        if row.member
    }  # fmt: skip


def _not_passed_on(content: RecordContent, now: datetime) -> tuple[Remark, ...]:
    """Said before filing: nobody shall believe that a text was passed on which was not."""
    return tuple(
        Remark("texts", Severity.WARNING, f"《{title}》：{wording.say(verdict)}")
        for title, verdict in texts_not_passed_on(content, now)
    )
