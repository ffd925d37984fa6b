"""Themes: begun, changed, ended; carried by lines, records and texts; counted without counting twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from tests.handbook.scene import AT, ZONE, Scene, make_scene

from zhibu.handbook.models import RecordVersion
from zhibu.handbook.services import correct_record, file_record, start_correction, void_record
from zhibu.handbook.services.drafts import save_draft
from zhibu.ledger.models import Entry
from zhibu.network.reports.facts import month_facts
from zhibu.network.themes import course, services
from zhibu.network.themes.models import Carrying, Theme
from zhibu.network.themes.queries import themes_of, themes_of_lines
from zhibu.network.tree.services import move
from zhibu.org.models import Organization
from zhibu.org.services import Refused
from zhibu.plans.models import PlanLine
from zhibu.plans.services import draft_plan
from zhibu.rules.contents import Carried, RecordContent
from zhibu.rules.norm import Activity

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]
DAY = AT.date()


@pytest.fixture
def scene(db: Any) -> Scene:
    return make_scene()


def begin(scene: Scene, organization: Organization | None = None, **changes: Any) -> Theme:
    values: dict[str, Any] = {
        "organization": organization or scene.cast.committee, "title": "深入贯彻中央八项规定精神学习教育",
        "text": "每个支部至少开展一次专题学习。", "since": date(2026, 1, 1), "until": None,
        "by": scene.cast.office, "at": AT,
    }  # fmt: skip
    return services.begin_theme(**{**values, **changes})


def carried(*themes: Theme) -> tuple[Carried, ...]:
    return tuple(Carried(str(theme.pk), theme.title) for theme in themes)


def records(theme: Theme, scope: Organization) -> list[tuple[int, int, int, int]]:
    return [(m.year, m.month, m.records, m.organizations) for m in course.months_of(theme, scope)]


@pytest.mark.parametrize(
    ("where", "kinds", "sees"),
    [
        ("commission", (), True), ("committee", (), True), ("branch", (), True),
        ("other_branch", (), False), ("far_committee", (), False), ("commission", ("branch",), True),
        ("commission", ("committee", "branch"), True), ("commission", ("committee",), False),
        ("branch", ("committee",), True),
    ],
)  # fmt: skip
def test_whom_a_theme_is_meant_for(
    scene: Scene, where: str, kinds: Sequence[str], sees: bool
) -> None:
    """Its own organisation, and those below of its kinds; a neighbour's theme is not offered."""
    theme = begin(scene, getattr(scene.cast, where), kinds=kinds)
    for branch in (scene.branch, scene.cast.group):  # a group works as part of its branch
        found = [row["key"] for row in themes_of(branch, DAY)]
        if branch == scene.branch or where != "branch":
            assert found == ([theme.pk] if sees else [])


def test_offers_come_in_a_union_with_others(scene: Scene) -> None:
    """The offers have the columns that the agenda joins: key, title, since; on both databases."""
    theme = begin(scene)
    more = themes_of(scene.cast.far_branch, DAY)
    rows = list(themes_of(scene.branch, DAY).union(more, all=True))
    assert rows == [{"key": theme.pk, "title": theme.title, "since": theme.since}]


def test_a_theme_runs_from_its_first_to_its_last_day(scene: Scene) -> None:
    """Before and after it is not offered; an early end counts."""
    theme = begin(scene, since=DAY, until=DAY + timedelta(days=9))
    offered = [
        offset for offset in range(-1, 12) if themes_of(scene.branch, DAY + timedelta(days=offset))
    ]
    assert offered == list(range(10))
    services.end_theme(
        theme=theme, revision=1, on=DAY + timedelta(days=3), reason="已提前完成", by=scene.cast.office,
        at=AT,
    )  # fmt: skip
    assert not themes_of(scene.branch, DAY + timedelta(days=4))


def test_ending_wants_a_reason_and_a_day_within(scene: Scene) -> None:
    """No end without a reason, before the beginning or after the planned end; none twice."""
    theme = begin(scene, until=date(2026, 12, 31))
    for on, reason, why in (
        (DAY, " ", "理由"), (date(2025, 12, 31), "完成", "早于"), (date(2027, 1, 1), "完成", "晚于"),
    ):  # fmt: skip
        with pytest.raises(Refused, match=why):
            services.end_theme(
                theme=theme, revision=1, on=on, reason=reason, by=scene.cast.office, at=AT
            )
    ended = services.end_theme(
        theme=theme, revision=1, on=DAY, reason="完成", by=scene.cast.office, at=AT
    )
    with pytest.raises(Refused, match="已经结束"):
        services.end_theme(
            theme=theme, revision=ended.revision, on=DAY, reason="又", by=scene.cast.office, at=AT
        )


def test_two_who_change_at_once(scene: Scene) -> None:
    """The second is told, and nothing of the first is lost."""
    theme = begin(scene)
    values: dict[str, Any] = {
        "theme": theme, "revision": 1, "text": "改", "since": theme.since, "until": None, "kinds": (),
        "by": scene.cast.office, "at": AT,
    }  # fmt: skip
    services.change_theme(title="甲", **values)
    with pytest.raises(services.ThemeConflict) as caught:
        services.change_theme(title="乙", **values)
    assert caught.value.theme.title == "甲"
    assert Theme.objects.get().title == "甲"


def test_the_same_theme_is_begun_once(scene: Scene) -> None:
    """A form sent twice begins one theme, and leaves one line of the ledger."""
    begin(scene)
    with pytest.raises(Refused, match="已经有"):
        begin(scene)
    assert Theme.objects.count() == Entry.objects.filter(verb="begin_theme").count() == 1
    with pytest.raises(Refused, match="早于"):
        begin(scene, title="又一个", until=date(2025, 1, 1))
    with pytest.raises(Refused, match="党支部以上"):
        begin(scene, scene.cast.group)


def test_the_database_keeps_what_a_row_can_break(scene: Scene) -> None:
    """A carrying is of one thing; a theme ends no earlier than it begins, and with a reason."""
    theme = begin(scene)
    line = scene.lines(Activity.LESSON)[0]
    bad: list[dict[str, Any]] = [
        {}, {"line": line, "day": DAY}, {"text_id": uuid4()}, {"line": line, "text_id": uuid4()},
    ]  # fmt: skip
    for values in bad:
        with pytest.raises(IntegrityError), transaction.atomic():
            Carrying.objects.create(theme=theme, organization=scene.branch, **values)
    for values in ({"until": date(2025, 1, 1)}, {"ended_on": DAY}, {"title": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Theme.objects.filter(pk=theme.pk).update(**values)


def test_a_record_serves_its_themes_and_stops_with_it(scene: Scene) -> None:
    """Filed with a theme, corrected to another, voided: the course follows each."""
    first, second = begin(scene), begin(scene, title="学习贯彻全会精神")
    version = scene.file(themes=carried(first))
    assert (
        records(first, scene.branch) == records(first, scene.cast.commission) == [(2026, 3, 1, 1)]
    )
    assert records(first, scene.cast.other_branch) == []
    correct(scene, version, themes=carried(second))
    assert records(first, scene.branch) == []
    assert records(second, scene.branch) == [(2026, 3, 1, 1)]
    correct(scene, version, themes=carried(second), began_at=datetime(2026, 2, 12, 9, 0),
            ended_at=datetime(2026, 2, 12, 10, 0))  # fmt: skip
    assert records(second, scene.branch) == [(2026, 2, 1, 1)]
    void_record(record=version.record, reason="重复", by=scene.cast.secretary, at=AT)
    assert not Carrying.objects.exists()


def correct(scene: Scene, version: RecordVersion, **changes: Any) -> None:
    record = start_correction(record=version.record, by=scene.cast.secretary, at=AT)
    content: RecordContent = scene.content(**changes)
    record = save_draft(
        record=record, draft=content, revision=record.revision, by=scene.cast.secretary, at=AT
    )
    correct_record(
        record=record, revision=record.revision, submission=uuid4(), by=scene.cast.secretary, at=AT,
        reason="更正",
    )  # fmt: skip


def test_a_forged_key_serves_nothing(scene: Scene) -> None:
    """Neither a neighbour's theme, nor one that never was, nor junk: the record files all the same."""
    far = begin(scene, scene.cast.far_committee)
    keys = (*carried(far), Carried(str(uuid4()), "无"), Carried("不是编号", "无"), Carried("", ""))
    scene.file(themes=keys)
    assert not Carrying.objects.exists()


def test_records_without_themes_ask_nothing(scene: Scene) -> None:
    """Filing is a hot path: a record that serves no theme makes no statement on themes."""
    record = scene.start()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        file_record(
            record=record, revision=record.revision, submission=uuid4(), by=scene.cast.secretary, at=AT
        )  # fmt: skip
    assert not [query for query in queries if "themes_" in query["sql"]]


def test_a_line_brings_its_theme_to_the_record_that_discharges_it(scene: Scene) -> None:
    """Given before or after; a record that says so too counts once; released with the record."""
    theme = begin(scene)
    line = scene.lines(Activity.LESSON)[2]
    give(scene, line, theme)
    assert course.years_of(theme, scene.branch)[0].lines == 1
    assert records(theme, scene.branch) == []
    lesson = {"activities": (Activity.LESSON,), "lines": (str(line.pk),)}
    version = scene.file(**lesson, themes=carried(theme))
    assert records(theme, scene.branch) == [(2026, 3, 1, 1)]
    year = course.years_of(theme, scene.branch)[0]
    assert (year.lines, year.done, year.records) == (1, 1, 1)
    assert course.things_of(theme, scene.branch).count() == 1
    line.refresh_from_db()
    give(scene, line)
    assert records(theme, scene.branch) == [(2026, 3, 1, 1)]  # it says so itself
    void_record(record=version.record, reason="重复", by=scene.cast.secretary, at=AT)
    give(scene, line, theme)
    assert records(theme, scene.branch) == []


def give(scene: Scene, line: PlanLine, *themes: Theme) -> None:
    services.give_line_themes(
        line=line, themes=[theme.pk for theme in themes], day=DAY, by=scene.cast.secretary, at=AT
    )


def test_only_running_themes_are_given_to_a_line(scene: Scene) -> None:
    """A theme of somebody else is refused; one that has ended stays where it is."""
    line = scene.lines(Activity.LESSON)[0]
    with pytest.raises(Refused, match="不适用"):
        give(scene, line, begin(scene, scene.cast.far_committee))
    ended, running = begin(scene), begin(scene, title="乙")
    give(scene, line, ended)
    services.end_theme(
        theme=ended, revision=1, on=DAY - timedelta(days=1), reason="完成", by=scene.cast.office, at=AT
    )  # fmt: skip
    give(scene, line, running)
    give(scene, line, running)  # said twice
    assert themes_of_lines([line.pk]) == {line.pk: (ended, running)}
    assert Entry.objects.filter(verb="give_line_themes").count() == 2


def test_the_next_table_carries_on(scene: Scene) -> None:
    """The same duty carries the theme next year while it runs: several years, one picture."""
    running, over = begin(scene), begin(scene, title="乙", until=date(2026, 12, 31))
    line = scene.lines(Activity.LESSON)[0]
    give(scene, line, running, over)
    plan = draft_plan(branch=scene.branch, year=2027, by=scene.cast.secretary, at=AT)
    for _ in range(2):
        services.carry_over(plan=plan, day=date(2027, 1, 5))
    rows = Carrying.objects.filter(line__plan=plan).select_related("line", "theme")
    assert [(row.theme, row.line.ordinal if row.line else 0) for row in rows] == [(running, line.ordinal)]  # fmt: skip
    # A draft of a table is not the course yet.
    assert [year.year for year in course.years_of(running, scene.branch)] == [2026]


def test_texts_serve_a_theme(scene: Scene) -> None:
    """Said twice it counts once; recalled it counts no more."""
    theme, text = begin(scene), uuid4()
    for _ in range(2):
        services.carry_text(
            theme_id=theme.pk, text_id=text, organization_id=scene.cast.committee.pk, day=DAY
        )
    assert course.years_of(theme, scene.cast.committee)[0].texts == 1
    services.drop_text(text_id=text)
    assert course.years_of(theme, scene.cast.committee) == ()


def test_the_course_by_level_year_and_branch_agree(scene: Scene) -> None:
    """By month, by year, by branch and by child: the same records, each once."""
    theme = begin(scene, scene.cast.commission, since=date(2025, 1, 1))
    scene.file(themes=carried(theme))
    scene.file(
        themes=carried(theme), began_at=datetime(2026, 3, 2, 9), ended_at=datetime(2026, 3, 2, 10)
    )
    top = scene.cast.commission
    assert records(theme, top) == [(2026, 3, 2, 1)]
    (year,) = course.years_of(theme, top)
    assert (year.records, year.organizations, year.last_on) == (2, 1, date(2026, 3, 12))
    assert course.years_by_unit(theme, [scene.branch.pk, scene.cast.other_branch.pk]) == {
        scene.branch.pk: (year,)
    }
    assert course.years_by_child(theme, top) == {scene.cast.committee.path: (year,)}
    units = course.units_of(theme, top, DAY)
    assert list(units) == [scene.branch, scene.cast.other_branch, scene.cast.far_branch]
    assert list(course.idle_units(theme, units, is_idle=False)) == [scene.branch]
    assert list(course.idle_units(theme, units, is_idle=True)) == [
        scene.cast.other_branch, scene.cast.far_branch,
    ]  # fmt: skip
    (month,) = month_facts(scene.cast.committee, 2026, 3, day=DAY).themes
    assert (month.title, month.records) == (theme.title, 2)


def test_a_branch_that_moves_keeps_what_it_said(scene: Scene) -> None:
    """Corrected after the branch hangs elsewhere, a record still serves the theme that it named."""
    theme = begin(scene)
    version = scene.file(themes=carried(theme))
    at = datetime(2026, 3, 25, 9, tzinfo=ZONE)
    move(
        organization=scene.branch, parent=scene.cast.far_committee, on=at.date(), by=scene.cast.office,
        at=at,
    )  # fmt: skip
    scene.branch.refresh_from_db()
    correct(scene, version, themes=carried(theme), topic="改过的题目")
    assert Carrying.objects.filter(theme=theme, record=version.record).count() == 1
