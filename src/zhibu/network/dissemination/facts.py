"""Rows → the values that the rules judge, and what a form hands over."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from zhibu.network.dissemination.models import Text
from zhibu.org.models import Organization
from zhibu.rules.contents import RecordContent
from zhibu.rules.reach import (
    AudienceFacts,
    DraftFacts,
    Mode,
    Readers,
    TextDraft,
    judge_meeting,
)
from zhibu.rules.verdicts import Verdict

__all__ = ["TextDraft", "draft_of", "judged_facts", "meeting_span", "texts_not_passed_on"]


def draft_of(text: Text) -> TextDraft:
    """A stored text as it was written: one query."""
    return TextDraft(
        title=text.title,
        body=text.body,
        organizations=tuple(
            text.audiences.order_by("path").values_list("organization_id", flat=True)
        ),
        readers=Readers(text.readers),
        kinds=text.only_kinds,
        fields=text.only_fields,
        mode=Mode(text.mode),
        reach_by=text.reach_by,
        theme_id=text.theme_id,
    )


def judged_facts(text: Text, organization: Organization, *, has_files: bool) -> DraftFacts:
    """A draft as the rules judge it, by the paths of today."""
    audience = AudienceFacts(
        tuple(text.audiences.order_by("path").values_list("organization__path", flat=True)),
        Readers(text.readers),
        text.only_kinds,
        text.only_fields,
    )
    return DraftFacts(
        issuer=organization.path,
        title=text.title,
        body=text.body,
        has_files=has_files,
        audience=audience,
        reach_by=text.reach_by,
        mode=Mode(text.mode),
    )


def meeting_span(content: RecordContent) -> tuple[datetime, datetime] | None:
    """When the meeting began and ended; its beginning twice where no end was written."""
    if content.began_at is None:
        return None
    began, ended = content.began_at, content.ended_at or content.began_at
    if timezone.is_naive(began):
        began, ended = timezone.make_aware(began), timezone.make_aware(ended)
    return began, ended


def texts_not_passed_on(
    content: RecordContent, filed_at: datetime
) -> tuple[tuple[str, Verdict], ...]:
    """The titles of the texts that this meeting names and cannot have passed on, each with why.

    One query, and none for a record that names no text.
    """
    met = meeting_span(content)
    titles = {}  # as the record has them: a key that was forged shows no title
    for one in content.texts:
        with suppress(ValueError):
            titles[UUID(one.key)] = one.title
    if met is None or not titles:
        return ()
    found = []
    for text in Text.objects.sent().filter(pk__in=titles).order_by("issued_at", "pk"):
        if text.issued_at is None:
            continue
        against = judge_meeting(  # local moments, since they are said in words
            issued_at=timezone.localtime(text.issued_at),
            recalled_at=timezone.localtime(text.recalled_at) if text.recalled_at else None,
            began_at=met[0], ended_at=met[1], filed_at=filed_at,
        )  # fmt: skip
        if against:
            found.append((titles[text.pk], against))
    return tuple(found)
