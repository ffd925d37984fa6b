"""The course of a theme as an official report: what it asks, the years, who did what."""

from __future__ import annotations

from datetime import date

from zhibu.documents.blocks import Grid
from zhibu.documents.official import OfficialDocument, OfficialSection
from zhibu.network.themes import course
from zhibu.network.themes.course import YearCourse
from zhibu.org.models import Organization
from zhibu.org.queries import children_of
from zhibu.web.pages.themes import Seen, say_kinds, say_span, year_rows

MOST_ROWS = 2000  # of the annex; what lies deeper is reported from there


def build_report(seen: Seen, day: date) -> OfficialDocument:
    """The report: all of it read from what branches have filed."""
    theme, organization = seen.theme, seen.organization
    years = year_rows(seen, day)
    by_year = tuple(_say_year(row.counts) for row in years)
    return OfficialDocument(
        title=f"“{theme.title}”专题开展情况",
        addressee="",
        opening=(
            f"现将{organization.name}“{theme.title}”专题（{say_span(theme)}）开展情况汇总如下。",
            "各项数字由各支部归档的记录和通过的安排表得出。",
        ),
        sections=(
            OfficialSection("工作要求", (theme.text,)),
            OfficialSection(
                "适用范围", (f"{theme.organization.name}部署，适用于{say_kinds(theme)}。",)
            ),
            OfficialSection("历年开展情况", by_year),
            *(_end(seen)),
        ),
        signer=organization.name,
        signed_on=day,
        annex_title="各组织开展情况",
        annex=_annex(seen, day),
        annex_note="按组织顺序排列，不排名次。",
    )


def _say_year(year: YearCourse) -> str:
    said = f"{year.year}年：开展{year.records}次，{year.organizations}个组织参加"
    if year.lines:
        said += f"；列入安排{year.lines}项，完成{year.done}项"
    if year.texts:
        said += f"；下发文件{year.texts}份"
    return f"{said}。"


def _end(seen: Seen) -> tuple[OfficialSection, ...]:
    reason = seen.theme.end_reason
    return (OfficialSection("提前结束的理由", (reason,)),) if reason else ()


def _annex(seen: Seen, day: date) -> Grid | None:
    organization = seen.organization
    if organization.kind in {Organization.Kind.BRANCH, Organization.Kind.GROUP}:
        return None
    found = course.years_by_child(seen.theme, organization)
    rows = []
    for number, child in enumerate(children_of(organization, day)[:MOST_ROWS], 1):
        years = found.get(child.path, ())
        said = "；".join(
            f"{year.year}年{year.records}次"
            + ("" if child.kind == Organization.Kind.BRANCH else f"（{year.organizations}个组织）")
            for year in years
            if year.records
        )
        lines, done = sum(year.lines for year in years), sum(year.done for year in years)
        rows.append(
            (str(number), child.name, said or "尚未开展", f"{done}/{lines}" if lines else "—")
        )
    return Grid(
        header=("序号", "党组织", "开展次数", "安排完成"),
        rows=tuple(rows),
        widths=(1, 5, 6, 2),
        centred=(0, 3),
    )
