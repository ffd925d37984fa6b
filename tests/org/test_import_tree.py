"""Importing organisations: founded with their places, parents first; shown, undone, kept."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.cast import AT, Cast, make_cast

from zhibu.documents.roster_writing import SheetColumn, write_roster
from zhibu.org import paths
from zhibu.org.imports import (
    ImportKept,
    confirm_import,
    organizations_xlsx,
    read_report,
    start_import,
    template_xlsx,
    undo_import,
)
from zhibu.org.models import Organization, Place, RosterImport
from zhibu.org.services import admit_member, found_organization

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
START = date(2026, 1, 1)
TREE = RosterImport.Kind.ORGANIZATIONS
ROWS = [
    {"组织全称": "市局业务二支部", "上级组织": "市局业务党总支", "成立日期": "2021-03-01", "简称": "业务二支部"},
    {"组织全称": "市局业务党总支", "上级组织": "市局直属机关党委", "成立日期": "2020.05", "类型": "党总支"},
    {"组织全称": "第一党小组", "上级组织": "市局业务二支部", "类型": "党小组", "主题党日固定日": "每月5日"},
    {"组织全称": "第一党支部", "上级组织": "市局直属机关党委", "简称": "一支部", "试点单位": "是"},
]  # fmt: skip


@pytest.fixture
def cast(db: Any) -> Cast:
    return make_cast()


def started(
    cast: Cast, rows: list[dict[str, Any]] | None = None, content: bytes = b""
) -> RosterImport:
    rows = ROWS if rows is None else rows
    headings = list(dict.fromkeys(name for row in rows for name in row))
    cells = [[row.get(name, "") for name in headings] for row in rows]
    return start_import(
        organization=cast.committee, kind=TREE, file_name="组织.xlsx", effective_on=START, by=cast.office,
        at=NOW, content=content or write_roster("组织", [SheetColumn(one) for one in headings], cells),
    )  # fmt: skip


def everything() -> list[Any]:
    return [
        sorted(map(str, model._default_manager.values_list())) for model in (Organization, Place)
    ]


def test_organisations_come_in(cast: Cast) -> None:
    """Parents before children whatever their order, each with its place, path and day."""
    held = started(cast)
    assert held.state == RosterImport.State.READY, read_report(held).faults
    report = read_report(held)
    assert {one.name: one.place for one in report.added} == {
        "市局业务党总支": "市局直属机关党委", "市局业务二支部": "市局业务党总支", "第一党小组": "市局业务二支部",
    }  # fmt: skip
    (change,) = report.changes
    assert {(f.label, f.after) for f in change.fields} == {("简称", "一支部"), ("试点单位", "是")}
    confirm_import(held=held, by=cast.office, at=NOW)
    general = Organization.objects.get(name="市局业务党总支")
    branch = Organization.objects.get(name="市局业务二支部")
    group = branch.children.get()
    assert (general.kind, general.founded_on) == ("general_branch", date(2020, 5, 1))
    assert (branch.parent, branch.kind, branch.short_name) == (general, "branch", "业务二支部")
    assert (group.kind, group.theme_day) == ("group", "day:5")
    assert group.founded_on == START  # of the import, later than its branch
    for one in (general, branch, group):
        assert one.parent is not None
        assert paths.parent(one.path) == one.parent.path
        place = one.places.get()
        assert (place.path, place.parent, place.since) == (one.path, one.parent, one.founded_on)
    cast.branch.refresh_from_db()
    assert (cast.branch.short_name, cast.branch.is_pilot) == ("一支部", True)
    assert cast.branch.places.get().short_name == "一支部"


def test_paths_go_on(cast: Cast) -> None:
    """What is founded after an import stands beside what it founded; a path is given once."""
    confirm_import(held=started(cast), by=cast.office, at=NOW)
    more = found_organization(
        name="第九党支部", kind="branch", parent=cast.committee, founded_on=START, by=None, at=AT
    )
    assert Organization.objects.filter(path=more.path).count() == 1


def test_same_list_and_export_change_nothing(cast: Cast) -> None:
    """The same file again, or the full export: nothing new, nothing other."""
    confirm_import(held=started(cast), by=cast.office, at=NOW)
    before = everything()
    for content in (b"", organizations_xlsx(cast.committee, on=NOW.date())):
        held = started(cast, content=content)
        counts = read_report(held).counts
        assert (counts.new, counts.changed, counts.faulty) == (0, 0, 0), read_report(held)
        confirm_import(held=held, by=cast.office, at=NOW)
    assert everything() == before


def test_faults(cast: Cast) -> None:
    """An unknown parent is answered with the nearest; nothing can be confirmed."""
    held = started(
        cast, [{"组织全称": "新支部", "上级组织": "市局直属机关党组", "成立日期": "2020-01-01"}]
    )
    assert held.state == RosterImport.State.FAULTY
    (fault,) = read_report(held).faults
    assert fault.rule == "FOUND-06"
    assert "市局直属机关党委" in fault.text
    empty = started(cast, content=template_xlsx(TREE))
    assert [one.rule for one in read_report(empty).faults] == ["FOUND-20"]


def test_undoing(cast: Cast) -> None:
    """Everything is as before; with a member in a new branch it stays, and says so."""
    before = everything()
    held = undo_import(
        held=confirm_import(held=started(cast), by=cast.office, at=NOW), by=cast.office, at=NOW
    )
    assert held.state == RosterImport.State.UNDONE
    assert everything() == before
    held = confirm_import(held=started(cast), by=cast.office, at=NOW)
    branch = Organization.objects.get(name="市局业务二支部")
    admit_member(name="赵新", branch=branch, joined_on=START, since=START, by=None, at=NOW)
    with pytest.raises(ImportKept) as caught:
        undo_import(held=held, by=cast.office, at=NOW)
    assert "市局业务二支部" in str(caught.value)
    assert Organization.objects.filter(pk=branch.pk).exists()


def test_an_office_does_not_rename_its_own_committee(cast: Cast) -> None:
    """Names and the pilot mark of where the file is brought in are the level above's, as on its page."""
    own = {
        "组织全称": "改了名的党委",
        "类型": "党委",
        "系统编号": str(cast.committee.pk),
        "试点单位": "是",
    }
    held = started(cast, [own])
    assert held.state == RosterImport.State.FAULTY
    assert {one.text for one in read_report(held).faults if "由上级党组织修改" in one.text}
    from_above = start_import(
        organization=cast.commission, kind=TREE, file_name="组织.xlsx", effective_on=START,
        by=cast.keeper, at=NOW,
        content=write_roster("组织", [SheetColumn(one) for one in own], [list(own.values())]),
    )  # fmt: skip
    assert from_above.state == RosterImport.State.READY
