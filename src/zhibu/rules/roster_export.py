"""A kept member, or organisation, as the cells that `roster_sheet` and `roster_tree` read back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from zhibu.rules.roster_columns import RosterField, TreeField
from zhibu.rules.roster_comparing import KnownMember
from zhibu.rules.roster_tree import FIELD_NAMES, KIND_NAMES, KnownOrganization, say_theme_day
from zhibu.rules.roster_values import OFFICE_WORDS, told_offices

F = RosterField
T = TreeField
ROSTER_COLUMNS: Final = (
    F.NAME, F.SEX, F.BORN_ON, F.CATEGORY, F.JOINED_ON, F.FULL_ON, F.BRANCH, F.GROUP, F.SINCE, F.OFFICE,
    F.OFFICE_SINCE, F.IS_LEADER, F.AWAY, F.AWAY_SINCE, F.INFIRM, F.INFIRM_SINCE, F.VOTELESS, F.VOTELESS_SINCE,
    F.KEY,
)  # fmt: skip
"""The columns of the template and of the full export, in their order."""
TREE_COLUMNS: Final = (
    T.NAME, T.SHORT_NAME, T.KIND, T.FIELD, T.PARENT, T.CODE, T.PARENT_CODE, T.FOUNDED_ON, T.IS_PILOT, T.THEME_DAY, T.KEY,
)  # fmt: skip
DAYS: Final = frozenset(
    {F.BORN_ON, F.JOINED_ON, F.FULL_ON, F.SINCE, F.AWAY_SINCE, F.INFIRM_SINCE, F.VOTELESS_SINCE, T.FOUNDED_ON}
)  # fmt: skip
_SEXES: Final = {"m": "男", "f": "女"}


def member_cells(
    member: KnownMember,
    *,
    branch: str,
    group: str,
    today: date,
    own: Sequence[str] = (),
    has_brought: bool = False,
) -> list[Any]:
    """One row of the export; `branch` and `group` are names that are found again.

    `own` are the names of added columns, whose texts follow; then what was written elsewhere.
    """
    spells = dict(member.spells)
    posts = dict(member.posts)
    offices = told_offices(posts)
    is_full = member.full_on is not None and member.full_on <= today
    values: dict[RosterField, Any] = {
        F.NAME: member.name,
        F.SEX: _SEXES.get(member.sex, ""),
        F.BORN_ON: member.born_on,
        F.CATEGORY: "正式党员" if is_full else "预备党员",
        F.JOINED_ON: member.joined_on,
        F.FULL_ON: member.full_on,
        F.BRANCH: branch,
        F.GROUP: group or "无",
        F.SINCE: member.since,
        F.OFFICE: "、".join(OFFICE_WORDS[office] for office in offices) or "无",
        F.OFFICE_SINCE: _days_of_offices([posts[office] for office in offices]),
        F.IS_LEADER: "是" if member.is_leader else "否",
        F.KEY: member.key,
    }
    for field, since in (
        (F.AWAY, F.AWAY_SINCE), (F.INFIRM, F.INFIRM_SINCE), (F.VOTELESS, F.VOTELESS_SINCE),
    ):  # fmt: skip
        began = spells.get(field.value)
        values[field] = "否" if began is None else "是"
        values[since] = began
    texts = dict(member.own)
    cells = [*(values[field] for field in ROSTER_COLUMNS), *(texts.get(name, "") for name in own)]
    return [*cells, "；".join(member.brought)] if has_brought else cells


def _days_of_offices(days: list[date]) -> Any:
    if len(set(days)) <= 1:
        return days[0].isoformat() if days else ""
    return "、".join(day.isoformat() for day in days)


def organization_cells(
    one: KnownOrganization, *, code: str, parent: str, parent_code: str
) -> list[Any]:
    """One row of the export of the tree; the codes tell namesakes apart."""
    values: dict[TreeField, Any] = {
        T.NAME: one.name,
        T.SHORT_NAME: one.short_name,
        T.KIND: KIND_NAMES[one.kind],
        T.FIELD: FIELD_NAMES[one.field],
        T.PARENT: parent,
        T.CODE: code,
        T.PARENT_CODE: parent_code,
        T.FOUNDED_ON: one.founded_on,
        T.IS_PILOT: "是" if one.is_pilot else "否",
        T.THEME_DAY: say_theme_day(one.theme_day),
        T.KEY: one.key,
    }
    return [values[field] for field in TREE_COLUMNS]
