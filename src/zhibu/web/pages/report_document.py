"""A month's report as the document that is issued."""

from __future__ import annotations

from datetime import date

from zhibu.documents.blocks import Grid
from zhibu.documents.official import OfficialDocument, OfficialSection
from zhibu.rules.reporting_values import KindRow, MonthReport


def official_of(report: MonthReport, signed_on: date) -> OfficialDocument:
    """The report as the document that is issued."""
    worked_out = date.fromisoformat(report.worked_out_on)
    header = (
        "事项", "类别", "应完成", "按时完成", "逾期完成", "逾期未完成", "未到期", "免除",
    )  # fmt: skip
    return OfficialDocument(
        title=report.title,
        addressee=report.superior,
        opening=(report.opening,),
        sections=tuple(
            OfficialSection(section.title, tuple(each.text for each in section.paragraphs))
            for section in report.sections
        ),
        signer=report.organization,
        signed_on=signed_on,
        annex_title=f"{report.year}年{report.month}月应完成事项情况表",
        annex=Grid(
            header,
            tuple(_cells(row) for row in (*report.rows, report.sum)),
            (4.4, 1.2, 1.5, 1.8, 1.8, 2.2, 1.5, 1.2),
            tuple(range(1, len(header))),
        ),
        annex_note=(
            f"截至{worked_out.year}年{worked_out.month}月{worked_out.day}日，"
            "按各党支部已通过的年度安排表和已归档的记录统计；应完成数含经批准免除的事项。"
        ),
    )


def _cells(row: KindRow) -> tuple[str, ...]:
    counts = (row.total, row.done, row.late, row.overdue, row.pending, row.waived)
    return (row.title, row.practice_class or "—", *map(str, counts))
