"""Verbs of themes: begin, change, end one; give it to a line, a text; follow the records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from zhibu.handbook.followers import Filed
from zhibu.ledger.services import note
from zhibu.network.themes.models import KINDS, Carrying, Theme
from zhibu.network.themes.queries import running_themes
from zhibu.org.models import Organization
from zhibu.org.services import Refused
from zhibu.people.models import Person
from zhibu.plans.models import Plan, PlanLine
from zhibu.plans.queries import last_year_lines
from zhibu.plans.services import add_line, draft_plan
from zhibu.rules.contents import Carried
from zhibu.rules.lines import Theme as Topic


class ThemeConflict(Refused):
    """Somebody else changed the theme meanwhile."""

    def __init__(self, theme: Theme) -> None:
        super().__init__("这个专题刚才已被他人修改，请看过现在的内容再保存。")
        self.theme = theme


def begin_theme(
    *,
    organization: Organization,
    title: str,
    text: str,
    since: date,
    until: date | None = None,
    kinds: Sequence[str] = (),
    by: Person,
    at: datetime,
) -> Theme:
    """Begin a theme for the organisation and all below it, or those of these kinds.

    Raises Refused for a span that ends before it begins, and for the same one a second time.
    """
    if organization.kind == Organization.Kind.GROUP:
        raise Refused("专题由党支部以上的党组织设立。")
    _check_span(since, until)
    try:
        with transaction.atomic():
            made = Theme.objects.create(
                organization=organization, title=title, text=text, since=since, until=until,
                kinds=_written(kinds), begun_at=at, begun_by=by,
            )  # fmt: skip
            note(
                by=by, verb="begin_theme", organization_id=organization.pk, subject=made, at=at,
                detail={"name": title, "since": since.isoformat()},
            )  # fmt: skip
    except IntegrityError:
        raise Refused(f"已经有同一天开始的专题“{title}”。") from None
    return made


def change_theme(
    *,
    theme: Theme,
    revision: int,
    title: str,
    text: str,
    since: date,
    until: date | None,
    kinds: Sequence[str],
    by: Person,
    at: datetime,
) -> Theme:
    """Change what a theme says. Raises ThemeConflict, or Refused where it has ended."""
    _check_span(since, until)
    try:
        with transaction.atomic():
            held = _lock(theme, revision)
            before = {"name": held.title, "since": held.since.isoformat()}
            held.title, held.text, held.since, held.until = title, text, since, until
            held.kinds = _written(kinds)
            _save(held, "title", "text", "since", "until", "kinds")
            note(
                by=by, verb="change_theme", organization_id=held.organization_id, subject=held,
                at=at, detail={"name": title, "since": since.isoformat(), "before": before},
            )  # fmt: skip
    except IntegrityError:
        raise Refused(f"已经有同一天开始的专题“{title}”。") from None
    return held


@transaction.atomic
def end_theme(
    *, theme: Theme, revision: int, on: date, reason: str, by: Person, at: datetime
) -> Theme:
    """End a theme before its time, `on` being its last day. What carries it keeps it.

    Raises ThemeConflict, or Refused without a reason or with a day that is outside of its time.
    """
    if not reason.strip():
        raise Refused("请写明结束的理由。")
    held = _lock(theme, revision)
    if on < held.since:
        raise Refused("结束日期不能早于开始日期。")
    if held.until is not None and on > held.until:
        raise Refused("结束日期不能晚于原定的结束日期。")
    held.ended_on, held.end_reason = on, reason.strip()
    _save(held, "ended_on", "end_reason")
    note(
        by=by, verb="end_theme", organization_id=held.organization_id, subject=held, at=at,
        detail={"name": held.title, "on": on.isoformat(), "reason": held.end_reason},
    )  # fmt: skip
    return held


@transaction.atomic
def give_line_themes(
    *, line: PlanLine, themes: Iterable[UUID], day: date, by: Person, at: datetime
) -> None:
    """The line carries these themes from now on, and no others of those that run.

    A theme that has ended stays on the line. Raises Refused for one that does not run for the branch.
    """
    held = PlanLine.objects.select_for_update(of=("self",)).select_related("branch").get(pk=line.pk)
    wanted = set(themes)
    running = {theme.pk: theme for theme in running_themes(held.branch, day)}
    if wanted - set(running):
        raise Refused("所选专题中有的已不适用于本支部，请刷新后重新选择。")
    carried = set(
        Carrying.objects.filter(line=held, theme__in=running).values_list("theme_id", flat=True)
    )
    if carried == wanted:
        return
    Carrying.objects.filter(line=held, theme__in=carried - wanted).delete()
    Carrying.objects.bulk_create(
        Carrying(theme_id=key, organization_id=held.branch_id, line=held)
        for key in wanted - carried
    )
    titles = [theme.title for key, theme in running.items() if key in wanted]
    note(
        by=by, verb="give_line_themes", organization_id=held.branch_id, subject=held, at=at,
        detail={"name": held.title, "themes": titles},
    )  # fmt: skip


@transaction.atomic
def draft_table(
    *, branch: Organization, year: int, by: Person, at: datetime, topics: Sequence[Topic] = ()
) -> Plan:
    """Draft a table (`plans.services.draft_plan`) that goes on with last year's themes.

    A line carries what the same duty's line carried last year, as far as it runs in the new year.
    """
    plan = draft_plan(branch=branch, year=year, by=by, at=at, themes=topics)
    carry_over(plan=plan, day=max(timezone.localdate(at), date(year, 1, 1)))
    return plan


@transaction.atomic
def add_line_for(
    *, plan: Plan, themes: Iterable[UUID], day: date, by: Person, at: datetime, **line: Any
) -> PlanLine:
    """Add a line of the branch's own (`plans.services.add_line`) that carries these themes."""
    made = add_line(plan=plan, by=by, at=at, **line)
    give_line_themes(line=made, themes=themes, day=day, by=by, at=at)
    return made


@transaction.atomic
def carry_over(*, plan: Plan, day: date) -> int:
    """Lines of a new table carry the themes that the same lines carried last year and that still run.

    How many. Part of drafting, which leaves its own line in the ledger.
    """
    running = {theme.pk for theme in running_themes(plan.branch, day)}
    if not running:
        return 0
    before = Carrying.objects.filter(
        theme__in=running, line__in=last_year_lines(plan.branch, plan.year)
    ).exclude(line__requirement="")
    themes: dict[tuple[str, UUID | None, int], list[UUID]] = {}
    for row in before.select_related("line"):
        if row.line is not None:
            duty = (row.line.requirement, row.line.group_id, row.line.ordinal)
            themes.setdefault(duty, []).append(row.theme_id)
    made = [
        Carrying(theme_id=theme, organization_id=plan.branch_id, line=line)
        for line in (plan.lines.exclude(requirement="") if themes else ())
        for theme in themes.get((line.requirement, line.group_id, line.ordinal), ())
    ]
    Carrying.objects.bulk_create(made, ignore_conflicts=True)
    return len(made)


def carry_text(*, theme_id: UUID, text_id: UUID, organization_id: UUID, day: date) -> None:
    """A text sent down by this organisation on this day serves the theme. Said twice, kept once."""
    row = Carrying(theme_id=theme_id, text_id=text_id, organization_id=organization_id, day=day)
    Carrying.objects.bulk_create([row], ignore_conflicts=True)


def drop_text(*, text_id: UUID) -> None:
    """The text serves no theme any more: it was recalled, or its theme was taken off."""
    Carrying.objects.filter(text_id=text_id).delete()


def follow_record(filed: Filed) -> None:
    """A version of a record says which themes it serves; of a voided one nothing is left.

    Nothing is asked of the database for a record that serves none and served none before.
    """
    began = filed.content.began_at
    wanted = _keys(filed.content.themes) if began else set()
    before = _keys(filed.before.themes) if filed.before else set()
    if not before and not wanted:
        return
    rows = Carrying.objects.filter(record=filed.record)
    # A branch that hangs elsewhere since keeps what its record has said before.
    kept = wanted & set(rows.values_list("theme_id", flat=True)) if before else set()
    rows.delete()
    if began is None or not wanted:
        return
    meant = Theme.objects.for_organization(filed.record.branch).filter(pk__in=wanted - kept)
    day = timezone.localtime(began).date() if timezone.is_aware(began) else began.date()
    Carrying.objects.bulk_create(
        Carrying(theme_id=key, organization_id=filed.record.branch_id, record=filed.record, day=day)
        for key in kept.union(meant.values_list("pk", flat=True))
    )


def _keys(themes: Iterable[Carried]) -> set[UUID]:
    found = set()
    for one in themes:
        with suppress(ValueError):
            found.add(UUID(one.key))
    return found


def _check_span(since: date, until: date | None) -> None:
    if until is not None and until < since:
        raise Refused("结束日期不能早于开始日期。")


def _written(kinds: Iterable[str]) -> str:
    chosen = [kind for kind, _ in KINDS if kind in set(kinds)]
    return f",{','.join(chosen)}," if 0 < len(chosen) < len(KINDS) else ""


def _lock(theme: Theme, revision: int) -> Theme:
    held = (
        Theme.objects.select_for_update(of=("self",))
        .select_related("organization")
        .get(pk=theme.pk)
    )
    if held.revision != revision:
        raise ThemeConflict(held)
    if held.ended_on is not None:
        raise Refused("这个专题已经结束，不能再改。")
    return held


def _save(theme: Theme, *fields: str) -> None:
    theme.revision += 1
    theme.save(update_fields=[*fields, "revision"])
