"""The step before filing: what will be permanent, and what it will tick in the table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from zhibu.handbook.models import Attachment, Record
from zhibu.network.dissemination.facts import texts_not_passed_on
from zhibu.plans.models import PlanLine
from zhibu.rules import wording
from zhibu.rules.attendance import Tally, tally_attendance
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
    content = without_blanks(desk.content)
    faults = too_long(content)
    remarks = remarks_of(desk.verdicts, faults, content)

    def of(severity: Severity) -> tuple[Remark, ...]:
        return tuple(remark for remark in remarks if remark.severity is severity)

    return FilingPage(
        record=record,
        revision=record.revision,
        submission=submission,
        reason=reason,
        is_correction=record.current_id is not None,
        content=content,
        sheet=build_sheet(content, roster=desk.roster, labels=desk.labels, groups=desk.group_names),
        tally=tally_attendance(content),
        lines=desk.lines,
        files=tuple(files),
        errors=of(Severity.ERROR),
        warnings=(*of(Severity.WARNING), *_not_passed_on(content, now)),
        notes=of(Severity.NOTE),
        may_file=is_fit_to_file(desk.verdicts) and not faults,
    )


def _not_passed_on(content: RecordContent, now: datetime) -> tuple[Remark, ...]:
    """Said before filing: nobody shall believe that a text was passed on which was not."""
    return tuple(
        Remark("texts", Severity.WARNING, f"《{title}》：{wording.say(verdict)}")
        for title, verdict in texts_not_passed_on(content, now)
    )
