"""What is kept about the person who is signed in."""

from __future__ import annotations

from dataclasses import dataclass

from zhibu.org.choices import own_values
from zhibu.org.models import CorrectionRequest, Grant, Member, Membership, MemberSpell, Post
from zhibu.org.queries import branch_of_member
from zhibu.people.models import Person
from zhibu.web.forms.organization import CorrectionForm


@dataclass(frozen=True, slots=True)
class OwnPage:
    """All of it, and what was asked to be put right."""

    person: Person
    grants: tuple[Grant, ...]
    member: Member | None
    memberships: tuple[Membership, ...]
    posts: tuple[Post, ...]
    spells: tuple[MemberSpell, ...]
    corrections: tuple[CorrectionRequest, ...]
    form: CorrectionForm
    own: tuple[tuple[str, str], ...] = ()


def build_own(person: Person, form: CorrectionForm) -> OwnPage:
    """The page of a person's own data."""
    grants = Grant.objects.filter(person=person).select_related("organization")
    member = Member.objects.filter(person=person).first()
    if member is None:
        return OwnPage(person, tuple(grants.order_by("-since")), None, (), (), (), (), form)
    return OwnPage(
        person=person,
        grants=tuple(grants.order_by("-since")),
        member=member,
        memberships=tuple(member.memberships.select_related("branch", "group").order_by("-since")),
        posts=tuple(member.posts.select_related("organization").order_by("-since")),
        spells=tuple(member.spells.order_by("-since")),
        corrections=tuple(member.corrections.select_related("answered_by")),
        form=form,
        own=own_values(member, held.branch) if (held := branch_of_member(member.pk)) else (),
    )
