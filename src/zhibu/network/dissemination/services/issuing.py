"""Verbs of a text that goes down: issue, amend, forward, recall.

Each is one short transaction, whatever the number of those whom it is for: whom to expect and whom
to tell is worked out afterwards, by jobs that a worker does in chunks.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import IO
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from zhibu.documents.literal import clean, clean_line
from zhibu.ledger.services import note as write_line
from zhibu.network.dissemination.facts import judged_facts
from zhibu.network.dissemination.models import (
    Audience,
    Forward,
    Text,
    TextFile,
    TextJob,
    TextVersion,
)
from zhibu.network.dissemination.queries import audience_paths, path_of
from zhibu.network.dissemination.refusals import TextConflict, TextIncomplete, TextRefused
from zhibu.network.dissemination.services.writing import (
    UNTITLED,
    bytes_go_with,
    hold_draft,
    hold_text,
    inspect_file,
    keep_file,
)
from zhibu.network.notices.services import settle_occasion
from zhibu.network.themes.services import carry_text, drop_text
from zhibu.org import paths
from zhibu.org.models import Organization
from zhibu.people.keys import new_key
from zhibu.people.models import Person
from zhibu.rules.reach import (
    Mode,
    Readers,
    Wording,
    common_paths,
    has_arrived,
    judge_amendment,
    judge_text,
)
from zhibu.rules.verdicts import Severity

_Kind = TextJob.Kind


@transaction.atomic
def issue_text(*, text: Text, revision: int, by: Person, at: datetime) -> Text:
    """Send it down. Raises TextIncomplete, TextConflict, TextRefused.

    Nobody is looked up: the roster and the tree of this day say whom it is for.
    """
    held = hold_draft(text, revision)
    organization = held.organization
    today = timezone.localdate(at)
    if organization.dissolved_on is not None and organization.dissolved_on < today:
        raise TextRefused(f"“{organization.name}”已经撤销，不能下发文件。")
    files = list(TextFile.objects.filter(text=held, is_current=True))
    if held.title == UNTITLED:
        held.title = ""  # nobody has written one: the rules say so
    facts = judged_facts(held, organization, has_files=bool(files))
    if verdicts := judge_text(facts, today):
        raise TextIncomplete(verdicts)
    held.state, held.version, held.revision = Text.State.ISSUED, 1, held.revision + 1
    held.issued_by, held.issued_at, held.issued_on, held.path = by, at, today, organization.path
    held.save()
    _fix_audience(held)
    _write_version(held, files, "", by, at)
    _ask_for(held, by, at)
    if held.theme_id is not None:
        carry_text(
            theme_id=held.theme_id, text_id=held.pk, organization_id=organization.pk, day=today
        )
    write_line(
        by=by, verb="issue_text", organization_id=organization.pk, subject=held, at=at,
        detail={"title": held.title, "mode": held.mode, "readers": held.readers},
    )  # fmt: skip
    return held


def amend_text(
    *,
    text: Text,
    revision: int,
    title: str,
    body: str,
    note: str,
    is_new_version: bool,
    by: Person,
    at: datetime,
    keep: Collection[UUID] | None = None,
    added: Sequence[tuple[str, IO[bytes]]] = (),
) -> Text:
    """Change what was issued. A small correction keeps the receipts, a new version asks again.

    `note` says what was changed and why; `keep` are the keys of the attachments that stay (None:
    all), `added` new ones by name. Raises TextIncomplete, TextConflict, TextRefused,
    AttachmentRefused.
    """
    made = [(inspect_file(text, name, stream, by, at), stream) for name, stream in added]
    with bytes_go_with([row for row, _ in made]), transaction.atomic():
        held = hold_text(text)
        _check_asking(held)
        if held.revision != revision:
            raise TextConflict(held)
        before = _wording(held)
        files = TextFile.objects.filter(text=held, is_current=True)
        if keep is not None:
            files.exclude(pk__in=keep).update(is_current=False)
        for row, stream in made:
            keep_file(held, row, stream, by, at)
        held.title, held.body = clean_line(title), clean(body).strip()
        after, said = _wording(held), clean_line(note)
        verdicts = judge_amendment(
            before, after, note=said, is_new_version=is_new_version, has_files=bool(after.files)
        )
        if any(verdict.severity is Severity.ERROR for verdict in verdicts):
            raise TextIncomplete(verdicts)
        held.revision += 1
        held.version += int(is_new_version)
        held.save(update_fields=["title", "body", "revision", "version"])
        _write_version(held, list(files.all()), said, by, at)
        if is_new_version:
            _plan(held, _Kind.ANNOUNCE, "", by, at)
        write_line(
            by=by, verb="amend_text", organization_id=held.organization_id, subject=held, at=at,
            detail={"version": held.version, "is_new": is_new_version, "note": said},
        )  # fmt: skip
    return held


@transaction.atomic
def recall_text(*, text: Text, reason: str, by: Person, at: datetime) -> Text:
    """Take it back: nobody is asked any more, who had it reads why. Raises TextRefused.

    Who has been reached stays on record.
    """
    reason = clean_line(reason)[:500]
    if not reason:
        raise TextRefused("撤回文件须写明理由。")
    held = hold_text(text)
    _check_asking(held)
    held.state = Text.State.RECALLED
    held.recalled_by, held.recalled_at, held.recall_reason = by, at, reason
    held.revision += 1
    held.save(update_fields=["state", "recalled_by", "recalled_at", "recall_reason", "revision"])
    _plan(held, _Kind.TAKE_BACK, "", by, at)
    drop_text(text_id=held.pk)
    write_line(
        by=by, verb="recall_text", organization_id=held.organization_id, subject=held, at=at,
        detail={"title": held.title, "reason": reason},
    )  # fmt: skip
    return held


@transaction.atomic
def forward_text(
    *, text: Text, organization: Organization, words: str, by: Person, at: datetime
) -> Forward:
    """Send on what has come down to this organisation, with words of its own. Raises TextRefused.

    Once a level has been dissolved, whoever may act for it from above sends it on in its place.
    """
    held = hold_text(text)
    _check_asking(held)
    path = path_of(held, organization)
    if not held.is_by_level:
        raise TextRefused("这份文件已经直接传达到全体，不需要转发。")
    if refusal := why_not_forward(held, organization, path):
        raise TextRefused(refusal)
    try:
        with transaction.atomic():
            made = Forward.objects.create(
                text=held, organization=organization, path=path,
                words=clean(words).strip(), at=at, by=by,
            )  # fmt: skip
    except IntegrityError as error:
        raise TextRefused("本级已经转发过这份文件。") from error
    settle_occasion(once=to_forward(held, organization.pk), at=at)
    tell_below(held, path, is_branch=organization.kind == Organization.Kind.BRANCH, by=by, at=at)
    write_line(
        by=by, verb="forward_text", organization_id=organization.pk, subject=held, at=at,
        detail={"title": held.title},
    )  # fmt: skip
    return made


def why_not_forward(text: Text, organization: Organization, path: str) -> str:
    """Why a level cannot send a text on, in Chinese; "" when it can, or has done so already."""
    audience = audience_paths(text)
    is_between = any(one.startswith(path) for one in audience)
    if organization.kind == Organization.Kind.GROUP or path == text.path:
        return "这份文件不需要本级转发。"
    if not path.startswith(text.path) or not (is_between or common_paths(audience, path)):
        return "这份文件的传达范围不包括本级。"
    if organization.kind == Organization.Kind.BRANCH and text.readers != Readers.MEMBERS.value:
        return "这份文件不需要党支部再转发。"
    forwarded = set(
        Forward.objects.filter(text=text, path__in=paths.ancestors(path)).values_list(
            "path", flat=True
        )
    )
    if not has_arrived(text.path, path, Mode(text.mode), forwarded):
        return "上级还没有转发这份文件，本级暂不能转发。"
    return ""


def to_forward(text: Text, organization: UUID) -> str:
    """The occasion on which an organisation is told that it is its turn to send a text on."""
    return f"text:{text.pk}:forward:{organization}"


def tell_below(text: Text, path: str, *, is_branch: bool, by: Person, at: datetime) -> None:
    """The jobs that follow when a text has come one level further down."""
    is_of_members = text.readers == Readers.MEMBERS.value
    if is_branch:
        _plan(text, _Kind.ANNOUNCE, path, by, at)
        return
    _plan(text, _Kind.HAND_DOWN, path, by, at)
    if not is_of_members:
        _plan(text, _Kind.ANNOUNCE, path, by, at)


def _ask_for(text: Text, by: Person, at: datetime) -> None:
    _plan(text, _Kind.COUNT, "", by, at)
    if text.is_by_level:
        is_branch = text.organization.kind == Organization.Kind.BRANCH
        tell_below(text, text.path, is_branch=is_branch, by=by, at=at)
    else:
        _plan(text, _Kind.ANNOUNCE, "", by, at)


def _plan(text: Text, kind: TextJob.Kind, path: str, by: Person, at: datetime) -> None:
    TextJob.objects.bulk_create(
        [
            TextJob(
                id=new_key(), text=text, kind=kind, version=text.version, path=path,
                on=timezone.localdate(at), by=by, made_at=at,
            )
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def _check_asking(text: Text) -> None:
    if text.is_draft:
        raise TextRefused("这份文件还没有下发。")
    if not text.is_asking:
        raise TextRefused("这份文件已经撤回。")


def _fix_audience(text: Text) -> None:
    """The paths of the day of issue: the organisations may have moved since the draft was saved."""
    rows = list(Audience.objects.filter(text=text).select_related("organization"))
    for row in rows:
        row.path = row.organization.path
    Audience.objects.bulk_update(rows, ["path"])


def _write_version(
    text: Text, files: Sequence[TextFile], said: str, by: Person, at: datetime
) -> None:
    known = TextVersion.objects.filter(text=text, version=text.version).count()
    TextVersion.objects.create(
        text=text, version=text.version, correction=known, title=text.title, body=text.body,
        files=[str(file.pk) for file in files], note=said[:500], at=at, by=by,
    )  # fmt: skip
    keys = [file.pk for file in files if not file.is_issued]
    if keys:
        TextFile.objects.filter(pk__in=keys).update(is_issued=True)


def _wording(text: Text) -> Wording:
    digests = TextFile.objects.filter(text=text, is_current=True).order_by("digest", "name")
    return Wording(
        text.title, text.body, tuple(f"{d} {n}" for d, n in digests.values_list("digest", "name"))
    )
