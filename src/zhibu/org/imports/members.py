"""Takes the rows of a judged roster in: bulk inserts, one journal. The caller holds the transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db import models
from django.db.models import Q

from zhibu.org.imports.journal import Journal
from zhibu.org.imports.refusals import ImportOutdated
from zhibu.org.models import Member, Membership, MemberSpell, Organization, Post
from zhibu.org.services import Refused
from zhibu.people.keys import new_key
from zhibu.rules.roster_columns import OWN
from zhibu.rules.roster_comparing import KnownMember, spread
from zhibu.rules.roster_judging import Difference, Judgement, Outcome
from zhibu.rules.roster_sheet import SPELLS, MemberRow

BATCH: Final = 1_000
Tell = Callable[[int], None]
M = TypeVar("M", bound=models.Model)
_PLAIN: Final = frozenset({"name", "sex", "born_on", "joined_on", "full_on", "is_leader"})


class MemberWriter:
    """Writes one judgement. `effective_on` stands where the file gives no day, `today` for changes."""

    def __init__(
        self,
        judgement: Judgement,
        known: Sequence[KnownMember],
        *,
        effective_on: date,
        today: date,
        tell: Tell,
        own: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self.own = own or {}  # branch → name of an added column → its key
        self.judgement = judgement
        self.known = {one.key: one for one in known}
        self.effective_on = effective_on
        self.today = today
        self.tell = tell
        self.journal = Journal()
        self.founded: dict[str, date] = {}
        self.members: list[Member] = []
        self.memberships: list[Membership] = []
        self.posts: list[Post] = []
        self.spells: list[MemberSpell] = []

    def write(self) -> Journal:
        """Do it all. Raises Refused for a change that the dates kept do not allow."""
        new = self.judgement.of(Outcome.NEW)
        changed = self.judgement.of(Outcome.CHANGED)
        self._learn_foundings(new, changed)
        self._relieve_secretaries([*new, *changed])
        for done, one in enumerate(changed):
            if done % BATCH == 0:
                self.tell(done)
            self._change(one)
        for one in new:
            self._admit(one)
        self._insert(Member, self.members, len(changed))
        self._insert(Membership, self.memberships)
        self._insert(Post, self.posts)
        self._insert(MemberSpell, self.spells)
        return self.journal

    def _insert(self, model: type[M], rows: list[M], before: int | None = None) -> None:
        name = str(model._meta.model_name)
        for at in range(0, len(rows), BATCH):
            model._default_manager.bulk_create(rows[at : at + BATCH])
            if before is not None:
                self.tell(before + min(at + BATCH, len(rows)))
        for row in rows:
            self.journal.note_made(name, row.pk)

    def _learn_foundings(self, *parts: Iterable[Difference]) -> None:
        keys = {one.branch for part in parts for one in part if one.branch}
        wanted = sorted(keys)
        for at in range(0, len(wanted), BATCH):
            # Held until the end, so that none of them is dissolved meanwhile.
            rows = Organization.objects.select_for_update(no_key=True).filter(
                pk__in=wanted[at : at + BATCH]
            )
            for row in rows.order_by("pk").only("founded_on", "dissolved_on"):
                if row.dissolved_on is not None:
                    raise ImportOutdated
                self.founded[str(row.pk)] = row.founded_on

    # ------------------------------------------------------------------------------- new members

    def _admit(self, one: Difference) -> None:
        row = one.row
        assert row.joined_on is not None  # noqa: S101  a row without it is faulty
        member = Member(
            id=new_key(),
            name=row.name,
            sex=row.sex,
            born_on=row.born_on,
            joined_on=row.joined_on,
            full_on=one.full_on,
            is_leader=bool(row.is_leader),
            own=self._own(one.branch, row.own),
        )
        since = row.since or max(self.effective_on, row.joined_on, self._founded(one.branch))
        self.members.append(member)
        group = one.group or None
        self.memberships.append(
            Membership(
                id=new_key(), member=member, branch_id=UUID(one.branch),
                group_id=UUID(group) if group else None, since=since,
            )
        )  # fmt: skip
        for office, began in self._offices(row, since):
            self._add_post(member.pk, office, one.branch, group, began)
        for name, field in SPELLS.items():
            if getattr(row, name):
                self._add_spell(member.pk, name, getattr(row, field) or since)

    def _own(self, branch: str, texts: Iterable[tuple[str, str]]) -> dict[str, str]:
        keys = self.own.get(branch, {})
        return {keys[label]: text for label, text in texts}

    def _founded(self, branch: str) -> date:
        return self.founded.get(branch, self.effective_on)

    def _offices(self, row: MemberRow, since: date) -> Iterable[tuple[str, date]]:
        offices = row.offices or ()
        return zip(offices, spread(row) or (since,) * len(offices), strict=True)

    def _add_post(
        self, member: UUID, office: str, branch: str, group: str | None, since: date
    ) -> None:
        leads = office == Post.Office.GROUP_LEADER and group
        place = UUID(group) if leads and group else UUID(branch)
        self.posts.append(
            Post(id=new_key(), member_id=member, organization_id=place, office=office, since=since)
        )

    def _add_spell(self, member: UUID, kind: str, since: date) -> None:
        self.spells.append(MemberSpell(id=new_key(), member_id=member, kind=kind, since=since))

    # --------------------------------------------------------------------------- changed members

    def _change(self, one: Difference) -> None:
        changes = {change.field: change.after for change in one.changes}
        member = Member.objects.select_for_update().get(pk=one.member)
        seat = Membership.objects.select_for_update().get(member=member, until__isnull=True)
        self._check_unchanged(one, member, seat)
        self._set(member, {name: changes[name] for name in changes.keys() & _PLAIN})
        own = [(name.removeprefix(OWN), changes[name]) for name in changes if name.startswith(OWN)]
        if own:
            texts = self._own(one.branch or str(seat.branch_id), own)
            self._set(member, {"own": {**member.own, **texts}})
        if "branch" in changes or "group" in changes:
            seat = self._move(one, member, seat, "branch" in changes)
        elif "since" in changes:
            self._redate(one, seat, changes["since"])
        if "office" in changes or ("branch" in changes and one.row.offices):
            self._set_offices(one, member, seat)
        elif "office_since" in changes:
            self._redate_offices(one, member, seat)
        for name, since in SPELLS.items():
            if name in changes:
                self._set_spell(one, member, name, changes[name])
            elif since in changes:
                self._redate_spell(member, name, changes[since])

    def _check_unchanged(self, one: Difference, member: Member, seat: Membership) -> None:
        """Whether the locked rows are still what was judged a moment ago."""
        known = self.known[one.member]
        if str(seat.branch_id) != known.branch or str(seat.group_id or "") != known.group:
            raise ImportOutdated
        if any(getattr(member, name) != getattr(known, name) for name in _PLAIN):
            raise ImportOutdated

    def _set(self, row: models.Model, values: dict[str, Any]) -> None:
        """Change a row, and keep in the journal what it was."""
        if not values:
            return
        before = {name: getattr(row, name) for name in values}
        for name, value in values.items():
            setattr(row, name, value)
        row.save(update_fields=list(values))
        self.journal.note_change(str(row._meta.model_name), row.pk, before, values)

    def _move(
        self, one: Difference, member: Member, seat: Membership, is_transfer: bool
    ) -> Membership:
        group = UUID(one.group) if one.group else None
        on = (one.row.since if is_transfer else None) or self.today
        if on <= seat.since:
            if is_transfer:
                raise Refused(
                    f"第{one.row.row}行：{member.name}于{_say(seat.since)}才到现所在支部，"
                    "转入日期须晚于这一天。请补填或改正转入日期。"
                )
            # Put into a group on the day of coming: there is nothing to keep of the time before.
            self._set(seat, {"group_id": group})
            return seat
        self._set(seat, {"until": on - timedelta(days=1)})
        if is_transfer:
            self._end_posts(member, seat, on - timedelta(days=1))
        moved = Membership(
            id=new_key(), member=member, branch_id=UUID(one.branch), group_id=group, since=on
        )
        # At once and not with the new ones: the open one has to be closed before it.
        moved.save(force_insert=True)
        self.journal.note_made("membership", moved.pk)
        return moved

    def _redate(self, one: Difference, seat: Membership, since: date) -> None:
        earlier = Membership.objects.filter(member_id=seat.member_id, until__gte=since).exclude(
            pk=seat.pk
        )
        if earlier.exists():
            raise Refused(f"第{one.row.row}行：{_say(since)}还在原党支部，转入日期须晚于转出日期。")
        self._set(seat, {"since": since})

    def _open_posts(self, member: Member, seat: Membership) -> list[Post]:
        inside = Q(organization=seat.branch_id) | Q(organization__parent=seat.branch_id)
        return list(
            Post.objects.select_for_update(of=("self",)).filter(
                inside, member=member, until__isnull=True
            )
        )

    def _end_posts(self, member: Member, seat: Membership, until: date) -> None:
        for post in self._open_posts(member, seat):
            self._set(post, {"until": max(until, post.since)})

    def _set_offices(self, one: Difference, member: Member, seat: Membership) -> None:
        wanted = set(one.row.offices or ())
        held = set()
        for post in self._open_posts(member, seat):
            held.add(post.office)
            if post.office not in wanted:
                self._set(post, {"until": max(self.today - timedelta(days=1), post.since)})
        group = one.group if one.group is not None else str(seat.group_id or "")
        for office, since in self._offices(one.row, self.today):
            if office not in held:
                self._add_post(member.pk, office, str(seat.branch_id), group, since)

    def _redate_offices(self, one: Difference, member: Member, seat: Membership) -> None:
        told = dict(self._offices(one.row, self.today))
        for post in self._open_posts(member, seat):
            if post.office in told and post.since != told[post.office]:
                self._set(post, {"since": told[post.office]})

    def _spell_now(self, member: Member, kind: str) -> MemberSpell | None:
        return (
            MemberSpell.objects.select_for_update()
            .filter(member=member, kind=kind, since__lte=self.today)
            .filter(Q(until__isnull=True) | Q(until__gt=self.today))
            .order_by("since", "id")
            .first()
        )

    def _set_spell(self, one: Difference, member: Member, kind: str, holds: Any) -> None:
        if holds:
            self._add_spell(member.pk, kind, getattr(one.row, SPELLS[kind]) or self.today)
            return
        spell = self._spell_now(member, kind)
        if spell is not None:
            self._set(spell, {"until": max(self.today - timedelta(days=1), spell.since)})

    def _redate_spell(self, member: Member, kind: str, since: date) -> None:
        spell = self._spell_now(member, kind)
        if spell is not None:
            self._set(spell, {"since": since})

    # --------------------------------------------------------------------------------- secretaries

    def _relieve_secretaries(self, rows: Iterable[Difference]) -> None:
        """Who is in office gives way to the one whom the file names."""
        named = {
            one.branch: one
            for one in rows
            if one.branch and one.row.offices and Post.Office.SECRETARY in one.row.offices
        }
        if not named:
            return
        sitting = Post.objects.select_for_update().filter(
            organization__in=list(named), office=Post.Office.SECRETARY, until__isnull=True
        )
        for post in sitting:
            one = named[str(post.organization_id)]
            if one.member == str(post.member_id):
                continue
            begins = dict(self._offices(one.row, self.today))[Post.Office.SECRETARY]
            if post.since >= begins:
                raise Refused(
                    f"第{one.row.row}行：现任书记于{_say(post.since)}任职，新任书记的任职日期须晚于"
                    "这一天。请补填或改正任职日期。"
                )
            self._set(post, {"until": begins - timedelta(days=1)})


def _say(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
