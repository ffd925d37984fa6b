"""One row beside one member that is kept: whether they may be one person, and what differs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from zhibu.rules.roster_columns import OWN
from zhibu.rules.roster_faults import FieldChange
from zhibu.rules.roster_places import Places
from zhibu.rules.roster_sheet import SPELLS, MemberRow
from zhibu.rules.roster_values import told_offices

_PLAIN: Final = ("name", "sex", "born_on", "joined_on", "full_on", "is_leader")


@dataclass(frozen=True, slots=True)
class KnownMember:
    """One member as kept: `branch` and `group` are keys, `posts` and `spells` what holds now."""

    key: str
    name: str
    joined_on: date
    branch: str
    since: date
    sex: str = ""
    born_on: date | None = None
    full_on: date | None = None
    is_leader: bool = False
    group: str = ""
    posts: tuple[tuple[str, date], ...] = ()  # office, since
    spells: tuple[tuple[str, date], ...] = ()  # away, infirm, voteless; since
    own: tuple[tuple[str, str], ...] = ()  # columns that the organisation added: name, text
    brought: tuple[str, ...] = ()  # "name：text" of columns that the branch does not have


def _agrees(row: MemberRow, name: str, kept: date | None) -> bool | None:
    """Whether the row's day is the kept one; None when only one of them is known."""
    day: date | None = getattr(row, name)
    if day is None or kept is None:
        return True if day is kept else None
    if name in row.months:
        return (day.year, day.month) == (kept.year, kept.month)
    return day == kept


def is_exact(row: MemberRow, one: KnownMember) -> bool:
    """Whether birth and joining are the same, as far as the file gives them."""
    return _agrees(row, "joined_on", one.joined_on) is True and (
        _agrees(row, "born_on", one.born_on) is True
    )


def likeness(row: MemberRow, one: KnownMember, branch: str) -> int | None:
    """How much a namesake may be the person; None when there is nothing to ask.

    In the same branch every namesake is asked about; elsewhere only who joined on the same day and
    was not born on another.
    """
    joined, born = _agrees(row, "joined_on", one.joined_on), _agrees(row, "born_on", one.born_on)
    score = bool(joined) + bool(born)
    if one.branch == branch:
        return 1 + score
    return score if joined and born is not False else None


def changes_of(
    row: MemberRow,
    member: KnownMember,
    branch: str,
    group: str | None,
    full_on: date | None,
    places: Places,
) -> tuple[FieldChange, ...]:
    """What the file says otherwise. What it leaves blank stays as it is."""
    changes: list[FieldChange] = []
    for name in _PLAIN:
        value = full_on if name == "full_on" else getattr(row, name)
        kept = getattr(member, name)
        if value in {None, "", kept}:
            continue
        if name in row.months and _agrees(row, name, kept):
            continue  # the month agrees, and what is kept is more exact
        changes.append(FieldChange(name, kept, value))
    if branch and branch != member.branch:
        changes.append(FieldChange("branch", places.name(member.branch), places.name(branch)))
        if group:
            changes.append(FieldChange("group", "", places.name(group)))
    elif group is not None and group != member.group:
        changes.append(FieldChange("group", places.name(member.group), places.name(group)))
    elif row.since is not None and not _agrees(row, "since", member.since):
        changes.append(FieldChange("since", member.since, row.since))
    changes += _special_changes(row, member)
    kept_own = dict(member.own)
    changes += [
        FieldChange(f"{OWN}{label}", kept_own.get(label, ""), text)
        for label, text in changed_own(row, member)
    ]
    return tuple(changes)


def changed_own(row: MemberRow, member: KnownMember | None) -> list[tuple[str, str]]:
    """The texts of added columns that are not those kept: a file loses blanks and what has no print."""
    kept = dict(member.own) if member is not None else {}
    return [(label, text) for label, text in row.own if _bare(text) != _bare(kept.get(label, ""))]


def _bare(text: str) -> str:
    return "".join(one for one in text if one.isprintable() and one != " ")


def _special_changes(row: MemberRow, member: KnownMember) -> list[FieldChange]:
    changes: list[FieldChange] = []
    if row.offices is not None:
        posts = dict(member.posts)
        held = {office: posts[office] for office in told_offices(posts)}
        if set(held) != set(row.offices):
            changes.append(FieldChange("office", tuple(held), row.offices))
        elif row.offices and len(row.office_since) in {1, len(row.offices)}:
            told = dict(zip(row.offices, spread(row), strict=True))
            if told != held:
                days = tuple(told[office] for office in held)
                changes.append(FieldChange("office_since", tuple(held.values()), days))
    spells = dict(member.spells)
    for name in SPELLS:
        value: Any = getattr(row, name)
        if value is not None and value != (name in spells):
            changes.append(FieldChange(name, name in spells, value))
        began = getattr(row, f"{name}_since")
        if began is not None and name in spells and value is not False and began != spells[name]:
            changes.append(FieldChange(f"{name}_since", spells[name], began))
    return changes


def spread(row: MemberRow) -> tuple[date, ...]:
    """The day of each office of a row; one day stands for all of them, none gives none."""
    offices = row.offices or ()
    if len(row.office_since) == 1:
        return row.office_since * len(offices)
    return row.office_since if len(row.office_since) == len(offices) else ()
