"""Rows → the values that the rules judge, and what a form hands over."""

from __future__ import annotations

from zhibu.network.dissemination.models import Text
from zhibu.org.models import Organization
from zhibu.rules.reach import AudienceFacts, DraftFacts, Mode, Readers, TextDraft

__all__ = ["TextDraft", "draft_of", "judged_facts"]


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
