"""Themes of the demonstration: one that runs over two years, one of last year, one of a branch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

from django.db.models import Q

from zhibu.network.themes.models import Carrying, Theme
from zhibu.network.themes.services import begin_theme
from zhibu.ops.demo.population import Population, morning
from zhibu.ops.demo.stage import Stage
from zhibu.org.models import Organization
from zhibu.people.models import Person
from zhibu.plans.models import PlanLine
from zhibu.rules.norm import Activity

QUARTERS: Final = (3, 6, 9, 12)


def put_themes(
    stage: Stage, committee: Organization, office: Person, populations: Sequence[Population]
) -> None:
    """The themes, and the lines that carry them; what was recorded follows through the lines."""
    last, this = stage.today.year - 1, stage.today.year
    theory = _begin(
        stage, committee, office, "党的创新理论学习教育", date(last, 3, 1), None,
        "坚持学思用贯通、知信行统一。各支部每季度至少安排一次专题党课或集体学习，"
        "联系口岸检验检疫岗位实际交流体会，学习情况随记录归档，不另行报送。",
    )  # fmt: skip
    safety = _begin(
        stage, committee, office, "国家安全宣传教育", date(last, 4, 1), date(last, 6, 30),
        "结合全民国家安全教育日，以主题党日等形式开展一次国门安全、保密纪律教育。",
    )  # fmt: skip
    first = populations[0]
    own = _begin(
        stage, first.branch, first.secretary, "窗口服务提升行动", date(this, 1, 5), date(this, 12, 31),
        "党员亮身份、践承诺，每季度围绕窗口服务开展一次主题党日。",
    )  # fmt: skip
    # The last branch has not begun yet: what an office looks for.
    busy = [each.branch.pk for each in populations[:-1]]
    _carry(theory, busy, Q(activity=Activity.LESSON))
    spring = Q(activity=Activity.THEME_DAY, planned_on__month=4)
    _carry(safety, busy, spring & Q(year=last))
    quarters = Q(activity=Activity.THEME_DAY, planned_on__month__in=QUARTERS)
    _carry(own, [first.branch.pk], quarters & Q(year=this))


def _begin(
    stage: Stage,
    organization: Organization,
    by: Person,
    title: str,
    since: date,
    until: date | None,
    text: str,
) -> Theme:
    return begin_theme(
        organization=organization, title=title, text=text, since=since, until=until, by=by,
        at=min(morning(since), stage.now),
    )  # fmt: skip


def _carry(theme: Theme, branches: Sequence[UUID], which: Q) -> None:
    lines = PlanLine.objects.filter(which, branch__in=branches, planned_on__gte=theme.since)
    Carrying.objects.bulk_create(
        Carrying(theme=theme, organization_id=line.branch_id, line=line)
        for line in lines.order_by("branch__path", "planned_on", "id")
    )
