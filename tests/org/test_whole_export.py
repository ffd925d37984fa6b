"""Mistake 13: an export that drops fields. Every stored field has its column, or says why it has none."""

from __future__ import annotations

import io
from datetime import date
from typing import Any, Final

import openpyxl
import pytest
from django.db import models
from tests.cast import Cast, make_cast
from tests.org.test_imports import NOW, START, TODAY, confirmed, person, started

from zhibu.org.imports import organizations_xlsx, read_report, roster_xlsx
from zhibu.org.models import (
    Member,
    Membership,
    MemberSpell,
    Organization,
    OwnField,
    Place,
    Post,
    Term,
)
from zhibu.org.services import transfer_member
from zhibu.rules.roster_columns import (
    ROSTER_TOLD,
    TREE_TOLD,
    RosterField,
    TreeField,
    label_of,
)
from zhibu.rules.roster_export import ROSTER_COLUMNS, TREE_COLUMNS

F, T = RosterField, TreeField
Where = dict[tuple[type[models.Model], str], tuple[RosterField | TreeField, ...] | str]
SPELLS = (F.AWAY, F.INFIRM, F.VOTELESS)
# A field that is stored and stands neither here nor in a column fails the test below.
ROSTER: Final[Where] = {
    (Member, "id"): (F.KEY,),
    (Member, "name"): (F.NAME,),
    (Member, "sex"): (F.SEX,),
    (Member, "born_on"): (F.BORN_ON,),
    (Member, "joined_on"): (F.JOINED_ON,),
    (Member, "full_on"): (F.FULL_ON, F.CATEGORY),
    (Member, "is_leader"): (F.IS_LEADER,),
    (Member, "own"): "a column for each own field",
    (Member, "person"): "an account, not a fact about the member; accounts are opened by slips",
    (Membership, "member"): (F.KEY,),
    (Membership, "branch"): (F.BRANCH,),
    (Membership, "group"): (F.GROUP,),
    (Membership, "since"): (F.SINCE,),
    (Membership, "until"): "told under 组织关系经历; empty for whoever belongs here now",
    (MemberSpell, "member"): (F.KEY,),
    (MemberSpell, "kind"): SPELLS,
    (MemberSpell, "since"): (F.AWAY_SINCE, F.INFIRM_SINCE, F.VOTELESS_SINCE),
    (MemberSpell, "until"): "told under 以往情形; empty for a time that goes on",
    (Post, "member"): (F.KEY,),
    (Post, "organization"): (F.BRANCH, F.GROUP),
    (Post, "office"): (F.OFFICE,),
    (Post, "since"): (F.OFFICE_SINCE,),
    (Post, "until"): "told under 曾任职务; empty for an office that is held now",
}
TREE: Final[Where] = {
    (Organization, "id"): (T.KEY,),
    (Organization, "kind"): (T.KIND,),
    (Organization, "field"): (T.FIELD,),
    (Organization, "name"): (T.NAME,),
    (Organization, "short_name"): (T.SHORT_NAME,),
    (Organization, "parent"): (T.PARENT, T.PARENT_CODE, T.CODE),
    (Organization, "founded_on"): (T.FOUNDED_ON,),
    (Organization, "is_pilot"): (T.IS_PILOT,),
    (Organization, "theme_day"): (T.THEME_DAY,),
    (Organization, "path"): "follows from the superior",
    (Organization, "dissolved_on"): "empty for an organisation that stands",
    (
        Organization,
        "in_use_since",
    ): "told under 启用日期; given by the level above alone, on a page of its own",
    (Organization, "soon_days"): "told under 临近到期提前天数; chosen under 本组织设置",
    (Organization, "class_labels"): "told under 类别名称; chosen under 本组织设置",
}


@pytest.fixture
def cast(db: Any) -> Cast:
    return make_cast()


def stored(*kinds: type[models.Model]) -> set[tuple[type[models.Model], str]]:
    """The fields of the tables, keys of the dated rows left out."""
    return {
        (kind, field.name)
        for kind in kinds
        for field in kind._meta.concrete_fields
        if not field.primary_key or kind in {Member, Organization}
    }


def read(content: bytes) -> list[dict[str, str]]:
    """The rows of a file by their headings, as text."""
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    headings, *rows = sheet.iter_rows(values_only=True)
    names = [str(heading) for heading in headings]
    assert len(set(names)) == len(names)
    return [
        dict(zip(names, ("" if cell is None else str(cell) for cell in row), strict=True))
        for row in rows
    ]


@pytest.mark.parametrize(
    ("where", "kinds", "columns"),
    [
        (ROSTER, (Member, Membership, MemberSpell, Post), ROSTER_COLUMNS),
        (TREE, (Organization,), TREE_COLUMNS),
    ],
)
def test_every_stored_field_has_a_column_or_a_reason(
    where: Where, kinds: tuple[type[models.Model], ...], columns: tuple[Any, ...]
) -> None:
    """A new field that nobody gave a column fails here, and so does a column of nothing."""
    assert stored(*kinds) == set(where)
    told = {field for place in where.values() if not isinstance(place, str) for field in place}
    assert told == set(columns)


def test_every_column_of_a_member_is_filled(cast: Cast) -> None:
    """Somebody of whom everything is known: no cell is empty, and each says what is kept."""
    member = cast.members[3]
    Member.objects.filter(pk=member.pk).update(sex="f", born_on=date(1980, 2, 3), is_leader=True)
    Post.objects.create(
        member=member, organization=cast.branch, office="discipline", since=date(2024, 5, 10)
    )
    for kind in MemberSpell.Kind.values:
        MemberSpell.objects.create(member=member, kind=kind, since=date(2025, 4, 5))
    (row,) = [
        one for one in read(roster_xlsx(cast.committee, on=TODAY)) if one["姓名"] == member.name
    ]
    assert {name for name, cell in row.items() if not cell} == set(ROSTER_TOLD)
    expected = {
        F.SEX: "女", F.BORN_ON: "1980-02-03", F.JOINED_ON: "2005-07-01", F.FULL_ON: "2006-07-01",
        F.CATEGORY: "正式党员", F.BRANCH: cast.branch.name, F.SINCE: "2015-01-01", F.OFFICE: "纪检委员",
        F.OFFICE_SINCE: "2024-05-10", F.IS_LEADER: "是", F.KEY: str(member.pk),
        **dict.fromkeys(SPELLS, "是"),
        **dict.fromkeys((F.AWAY_SINCE, F.INFIRM_SINCE, F.VOTELESS_SINCE), "2025-04-05"),
    }  # fmt: skip
    assert {one: row[label_of(one)][: len(text)] for one, text in expected.items()} == expected


def test_every_column_of_an_organisation_is_filled(cast: Cast) -> None:
    """The same of the list of organisations."""
    Organization.objects.filter(pk=cast.branch.pk).update(is_pilot=True)
    rows = read(organizations_xlsx(cast.committee, on=TODAY))
    (row,) = [one for one in rows if one["组织全称"] == cast.branch.name]
    assert {name for name, cell in row.items() if not cell} <= set(TREE_TOLD)


def test_what_was_before_is_told(cast: Cast) -> None:
    """Past branches, offices and times of a member, and the file comes in as if they were not there."""
    member = cast.members[3]
    Membership.objects.filter(member=member).update(since=date(2020, 1, 1))
    Membership.objects.create(
        member=member, branch=cast.far_branch, since=date(2015, 1, 1), until=date(2019, 12, 31)
    )
    Post.objects.create(
        member=member, organization=cast.branch, office="publicity",
        since=date(2021, 1, 1), until=date(2023, 6, 30),
    )  # fmt: skip
    MemberSpell.objects.create(
        member=member, kind="away", since=date(2022, 1, 1), until=date(2022, 8, 31)
    )
    content = roster_xlsx(cast.committee, on=TODAY)
    (row,) = [one for one in read(content) if one["姓名"] == member.name]
    assert [row[label] for label in ROSTER_TOLD] == [
        f"{cast.far_branch.name}（2015-01-01至2019-12-31）",
        f"{cast.branch.name}宣传委员（2021-01-01至2023-06-30）",
        "流动外出（2022-01-01至2022-08-31）",
    ]
    report = read_report(started(cast, content=content))
    assert (report.counts.changed, report.counts.new) == (0, 0), report.changes


def test_what_an_organisation_chose_is_told(cast: Cast) -> None:
    """Since when it uses the system, its choices, where it hung before, and its terms."""
    Organization.objects.filter(pk=cast.other_branch.pk).update(
        in_use_since=date(2024, 3, 1), soon_days=9, class_labels={"B": "规定动作"}
    )
    Place.objects.filter(organization=cast.other_branch).update(since=date(2018, 1, 1))
    Place.objects.create(
        organization=cast.other_branch, parent=cast.far_committee, path="zzzz", name="旧名党支部",
        short_name="旧名", since=date(2015, 1, 1), until=date(2017, 12, 31),
    )  # fmt: skip
    Term.objects.create(
        organization=cast.other_branch,
        number=2,
        began_on=date(2024, 1, 1),
        ends_on=date(2026, 12, 31),
    )
    content = organizations_xlsx(cast.committee, on=TODAY)
    (row,) = [one for one in read(content) if one["组织全称"] == cast.other_branch.name]
    assert [row[label] for label in TREE_TOLD] == [
        "2024-03-01",
        "9",
        "B：规定动作",
        f"旧名党支部，隶属{cast.far_committee.name}（2015-01-01至2017-12-31）",
        "第2届（2024-01-01至2026-12-31）",
    ]


def own_field(organization: Organization, label: str, **more: Any) -> OwnField:
    return OwnField.objects.create(
        organization=organization, about="member", label=label, since=START, **more
    )


@pytest.mark.parametrize(
    "text",
    ["第一组", "第１组（甲）", "  两头  有空", "=1+1", "2024-05-06", "007", "𠮷野", "A，B；C"],
)
def test_own_texts_go_out_and_come_in_unchanged(cast: Cast, text: str) -> None:
    """Whatever stands there; also under a column that was ended, or whose choices are others now."""
    member = cast.members[4]
    fields = (
        own_field(cast.committee, "志愿服务组别"),
        own_field(cast.branch, "政治生日卡", until=date(2026, 2, 1)),
        own_field(cast.branch, "特长", options=["书法", "摄影"]),
        own_field(cast.branch, "证件（甲）"),
        own_field(cast.branch, "证件（乙）"),
    )
    kept = text.strip()  # as a form keeps it
    Member.objects.filter(pk=member.pk).update(own={field.key: kept for field in fields})
    content = roster_xlsx(cast.committee, on=TODAY)
    (row,) = [one for one in read(content) if one["姓名"] == member.name]
    assert [row[field.label] for field in fields] == [kept] * 5
    report = read_report(started(cast, content=content))
    assert [fault for fault in report.faults if fault.severity == "error"] == []
    assert (report.counts.changed, report.counts.new) == (0, 0), report.changes


def test_a_choice_with_full_width_marks_comes_in(cast: Cast) -> None:
    """What may be chosen is compared as it is written; anything else is a fault."""
    field = own_field(cast.branch, "特长", options=["书法（软笔）", "摄影"])
    rows = [person("赵新", 特长="书法（软笔）"), person("钱新", 特长="书法")]
    report = read_report(started(cast, *rows))
    assert [(one.row, one.rule) for one in report.faults if one.severity == "error"] == [
        (3, "ROSTER-47")
    ]
    confirmed(cast, rows[0])
    assert Member.objects.get(name="赵新").own == {field.key: "书法（软笔）"}


def test_own_texts_of_elsewhere_are_not_dropped(cast: Cast) -> None:
    """Who came from another branch brings what was written there; a name used again keeps both."""
    member = cast.members[5]
    brought = own_field(cast.far_branch, "驾驶证类别")
    old = own_field(cast.branch, "车号", until=date(2026, 2, 1))
    new = own_field(cast.branch, "车号")
    texts = {brought.key: "C1", old.key: "甲00001", new.key: "甲00002"}
    Member.objects.filter(pk=member.pk).update(own=texts)
    transfer_member(
        member=member, branch=cast.other_branch, on=date(2026, 3, 1), by=cast.office, at=NOW
    )
    for organization in (cast.committee, cast.other_branch):
        content = roster_xlsx(organization, on=TODAY)
        (row,) = [one for one in read(content) if one["姓名"] == member.name]
        for text in texts.values():
            assert any(text in cell for cell in row.values()), (organization.name, text, row)
    report = read_report(started(cast, content=roster_xlsx(cast.committee, on=TODAY)))
    assert (report.counts.changed, report.counts.new) == (0, 0), report.changes
