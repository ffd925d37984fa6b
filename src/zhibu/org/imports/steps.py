"""Verbs of importing: start, decide, confirm, discard. Long ones go on as a job.

Judging writes nothing to the roster. Confirming judges again inside its transaction, compares with
what was shown, and writes everything or nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from zhibu.documents.roster_faults import RosterFileError
from zhibu.ledger.services import note
from zhibu.org import paths
from zhibu.org.imports.cells import pack, read_cells
from zhibu.org.imports.collecting import no_collecting
from zhibu.org.imports.judging import Found, Progress, judge
from zhibu.org.imports.known import own_columns, own_labels
from zhibu.org.imports.members import MemberWriter
from zhibu.org.imports.organizations import TreeWriter
from zhibu.org.imports.refusals import ImportOutdated
from zhibu.org.imports.report import fingerprint, to_data
from zhibu.org.models import Organization, RosterImport
from zhibu.org.services import Refused
from zhibu.people.models import Person
from zhibu.rules.roster_tree_judging import TreeJudgement

logger = logging.getLogger("zhibu.imports")

SMALL_FILE: Final = 300_000  # bytes that are read while somebody waits
SMALL_ROSTER: Final = 2_000  # rows that are judged, or written, while somebody waits
STALE_AFTER: Final = timedelta(minutes=3)  # a job that has said nothing for so long is dead
FORGOTTEN_AFTER: Final = timedelta(days=30)
_TELL_EVERY: Final = 0.7  # seconds
_BROKEN: Final = (
    "核对时出错，已记入日志。请换用“Excel 工作簿（.xlsx）”重试；仍然出错的，请联系管理员。"
)
_UNWRITTEN: Final = "写入时出错，已记入日志，什么也没有导入。请联系管理员。"
State = RosterImport.State
_JUDGED: Final = frozenset({State.FAULTY, State.ASKING, State.READY})


def imports_of(organization: Organization) -> QuerySet[RosterImport]:
    """The imports of an organisation, the newest first, without their contents."""
    return (
        RosterImport.objects.filter(organization=organization)
        .defer("content", "cells", "report", "made", "decisions")
        .select_related("made_by", "applied_by", "undone_by")
        .order_by("-made_at", "-id")
    )


def start_import(
    *,
    organization: Organization,
    kind: str,
    content: bytes,
    file_name: str,
    effective_on: date,
    by: Person | None,
    at: datetime,
    in_background: bool = True,
    progress: Progress | None = None,
) -> RosterImport:
    """Take a file and judge it, at once or as a job. A bad file ends in the state `refused`."""
    with transaction.atomic():
        held = RosterImport.objects.create(
            organization=organization,
            kind=kind,
            file_name=file_name.replace("\\", "/").rsplit("/", 1)[-1][-200:],
            effective_on=effective_on,
            content=content,
            made_by=by,
            made_at=at,
            touched_at=at,
        )
        note(
            by=by, verb="start_import", organization_id=organization.pk, subject=held, at=at,
            detail={"kind": kind, "file": held.file_name},
        )  # fmt: skip
        if in_background and len(content) > SMALL_FILE:
            _enqueue_judging(held)
            return held
    return judge_import(held=held, at=at, progress=progress)


def judge_import(
    *, held: RosterImport, at: datetime, progress: Progress | None = None
) -> RosterImport:
    """Read the file if that is still to be done, and say what it would do.

    Done twice, it does the same twice. Whatever is wrong ends in a state with a message.
    """
    held = RosterImport.objects.select_related("organization").get(pk=held.pk)
    if held.state not in {State.WAITING, State.JUDGING, *_JUDGED}:
        return held
    teller = _Teller(held, progress)
    try:
        if held.cells is None:
            _read(held, teller)
        teller.tell("核对", 0, held.total, is_forced=True)
        _put(held, judge(held, today=timezone.localdate(at), progress=teller.tell), at)
    except RosterFileError as refusal:
        _refuse(held, str(refusal), at)
    except Exception:
        logger.exception("import %s could not be judged", held.pk)
        _refuse(held, _BROKEN, at)
    return held


def _read(held: RosterImport, teller: _Teller) -> None:
    teller.tell("读取", 0, 0, is_forced=True)
    is_tree = held.kind == RosterImport.Kind.ORGANIZATIONS
    own = () if is_tree else own_labels(held.organization)
    with no_collecting():
        cells = read_cells(bytes(held.content or b""), held.file_name, is_tree=is_tree, own=own)
        held.cells, held.content, held.total = pack(cells), None, len(cells.rows)
    held.save(update_fields=["cells", "content", "total"])


def _put(held: RosterImport, found: Found, at: datetime, message: str = "") -> None:
    held.report = to_data(found.report())
    held.digest = fingerprint(found.judgement)
    held.state, held.message, held.touched_at = found.state, message, at
    held.phase, held.done = "", held.total
    held.save(update_fields=["report", "digest", "state", "message", "touched_at", "phase", "done"])


def _refuse(held: RosterImport, message: str, at: datetime) -> None:
    held.content = held.cells = None
    held.state, held.message, held.touched_at, held.phase = State.REFUSED, message, at, ""
    held.save(update_fields=["content", "cells", "state", "message", "touched_at", "phase"])


class _Teller:
    """Writes the progress down so that others see it, not too often."""

    def __init__(self, held: RosterImport, further: Progress | None) -> None:
        self._held = held
        self._further = further
        self._last = 0.0

    def tell(self, phase: str, done: int, total: int, *, is_forced: bool = False) -> None:
        if self._further is not None:
            self._further(phase, done, total)
        now = time.monotonic()
        if not is_forced and now - self._last < _TELL_EVERY:
            return
        self._last = now
        RosterImport.objects.filter(
            pk=self._held.pk, state__in=[State.WAITING, State.JUDGING]
        ).update(
            state=State.JUDGING, phase=phase, done=done, total=total, touched_at=timezone.now()
        )


def decide_questions(
    *,
    held: RosterImport,
    answers: Mapping[str, str],
    by: Person | None,
    at: datetime,
    in_background: bool = True,
) -> RosterImport:
    """Keep the answers and judge again. Answers to questions that nobody asked are let fall."""
    with transaction.atomic():
        held = _lock(held)
        if not held.may_decide:
            raise Refused(_not_now(held))
        asked = {
            one["key"]: {each["value"] for each in one["options"]}
            for one in held.report["questions"]
        }
        good = {key: value for key, value in answers.items() if value in asked.get(key, ())}
        held.decisions = {**held.decisions, **good}
        held.touched_at = at
        held.save(update_fields=["decisions", "touched_at"])
        note(
            by=by, verb="decide_import", organization_id=held.organization_id, subject=held, at=at,
            detail={"answers": len(good)},
        )  # fmt: skip
        if in_background and held.total > SMALL_ROSTER:
            held.state = State.WAITING
            held.save(update_fields=["state"])
            _enqueue_judging(held)
            return held
    return judge_import(held=held, at=at)


def confirm_import(
    *,
    held: RosterImport,
    by: Person | None,
    at: datetime,
    in_background: bool = True,
    progress: Progress | None = None,
) -> RosterImport:
    """Take everything in, at once or as a job.

    Raises Refused when there is nothing to confirm, ImportOutdated when the roster has changed since
    it was shown; the import has then been judged again.
    """
    with transaction.atomic():
        held = _lock(held)
        if not held.may_confirm:
            raise Refused(_not_now(held))
        held.state, held.phase, held.done, held.touched_at = State.APPLYING, "写入", 0, at
        held.applied_by = by
        held.save(update_fields=["state", "phase", "done", "touched_at", "applied_by"])
        if in_background and held.total > SMALL_ROSTER:
            _enqueue_applying(held)
            return held
    held = apply_import(held=held, at=at, progress=progress)
    if held.state != State.APPLIED:
        raise ImportOutdated if held.message == ImportOutdated.says else Refused(held.message)
    return held


def apply_import(
    *, held: RosterImport, at: datetime, progress: Progress | None = None
) -> RosterImport:
    """Do what was confirmed, in one transaction. Done twice, or by two, it is done once.

    Where the roster has changed, or its dates do not allow it, nothing is written: the import goes
    back to its preview with a message.
    """
    try:
        return _apply(held, at, progress)
    except ImportOutdated as refusal:
        message = str(refusal)
    except Refused as refusal:
        message = str(refusal)
    except IntegrityError:
        # Somebody else wrote the same thing between our look and our writing.
        logger.warning("import %s met another writer", held.pk, exc_info=True)
        message = ImportOutdated.says
    except (OperationalError, InterfaceError):
        raise  # the database is away: the job is taken up again (`resume_imports`)
    except Exception:
        # Tried again it would end the same way, and its page would say for ever that it is at it.
        logger.exception("import %s could not be written", held.pk)
        message = _UNWRITTEN
    held = RosterImport.objects.select_related("organization").get(pk=held.pk)
    if held.state == State.APPLYING:
        held.applied_by = None
        held.save(update_fields=["applied_by"])
        _put(held, judge(held, today=timezone.localdate(at)), at, message)
    return held


@transaction.atomic
def _apply(held: RosterImport, at: datetime, progress: Progress | None) -> RosterImport:
    # The row of the tree's root is the queue of all imports: two never write at once.
    root = held.organization.path[: paths.WIDTH]
    Organization.objects.select_for_update().get(path=root)
    held = _lock(held)
    if held.state != State.APPLYING:
        return held
    today = timezone.localdate(at)
    found = judge(held, today=today)
    if found.state != State.READY or fingerprint(found.judgement) != held.digest:
        raise ImportOutdated

    def tell(done: int) -> None:
        if progress is not None:
            progress("写入", done, held.total)

    writer = (
        TreeWriter(found.judgement, effective_on=held.effective_on, tell=tell)
        if isinstance(found.judgement, TreeJudgement)
        else MemberWriter(
            found.judgement,
            found.members,
            effective_on=held.effective_on,
            today=today,
            tell=tell,
            own=own_columns(held.organization)[0],
        )
    )
    with no_collecting():
        held.made = writer.write().pack()
    held.state, held.message, held.phase = State.APPLIED, "", ""
    held.applied_at = held.touched_at = at
    held.done, held.cells = held.total, None
    held.save()
    counts: dict[str, Any] = held.report["counts"]
    note(
        by=held.applied_by, verb="apply_import", organization_id=held.organization_id, subject=held,
        at=at, detail={"kind": held.kind, "new": counts["new"], "changed": counts["changed"]},
    )  # fmt: skip
    return held


@transaction.atomic
def discard_import(*, held: RosterImport, by: Person | None, at: datetime) -> RosterImport:
    """Put an import away that is not wanted; what was read of the file is forgotten."""
    held = _lock(held)
    if held.state in {State.APPLYING, State.APPLIED, State.UNDONE, State.DISCARDED}:
        raise Refused(_not_now(held))
    held.state, held.content, held.cells, held.touched_at = State.DISCARDED, None, None, at
    held.report, held.decisions = {}, {}
    held.save(update_fields=["state", "content", "cells", "touched_at", "report", "decisions"])
    note(by=by, verb="discard_import", organization_id=held.organization_id, subject=held, at=at)
    return held


def resume_imports(at: datetime) -> int:
    """Give the jobs of dead workers to the queue again, and forget imports that nobody finished.

    A chore: it may run at any time, and twice at once. Gives the number of jobs.
    """
    stale = RosterImport.objects.filter(touched_at__lt=at - STALE_AFTER)
    count = 0
    for held in stale.filter(state__in=[State.WAITING, State.JUDGING, State.APPLYING]).defer(
        "content"
    ):
        # Who touches it first has it.
        mine = RosterImport.objects.filter(pk=held.pk, touched_at=held.touched_at, state=held.state)
        if mine.update(touched_at=at):
            count += 1
            (_enqueue_applying if held.state == State.APPLYING else _enqueue_judging)(held)
    RosterImport.objects.filter(state__in=[*_JUDGED], touched_at__lt=at - FORGOTTEN_AFTER).update(
        state=State.DISCARDED, content=None, cells=None, report={}, decisions={}
    )
    return count


def _lock(held: RosterImport) -> RosterImport:
    return (
        RosterImport.objects.select_for_update(of=("self",))
        .select_related("organization")
        .get(pk=held.pk)
    )


def _not_now(held: RosterImport) -> str:
    return f"这次导入现在是“{held.get_state_display()}”，不能这样办理。请刷新页面查看。"


def _enqueue_judging(held: RosterImport) -> None:
    from zhibu.org.imports.jobs import judge_in_background

    transaction.on_commit(lambda: judge_in_background.enqueue(str(held.pk)))


def _enqueue_applying(held: RosterImport) -> None:
    from zhibu.org.imports.jobs import apply_in_background

    transaction.on_commit(lambda: apply_in_background.enqueue(str(held.pk)))
