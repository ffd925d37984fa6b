"""Charts as SVG, drawn on the server so that page, PDF and print show the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from xml.sax.saxutils import escape

from zhibu.documents.literal import clean_line

FONTS: Final = (
    "Noto Sans CJK SC, Source Han Sans SC, Microsoft YaHei, PingFang SC, SimHei, "
    "WenQuanYi Micro Hei, sans-serif"
)
_INK: Final = "#333333"
_LOWEST_PIECE: Final = 13  # pixels that a number of 11 needs


@dataclass(frozen=True, slots=True)
class MonthCount:
    """The lines of one month by how they stand.

    Done in time, done late, overdue, waived, and still ahead.
    """

    label: str
    done: int = 0
    late: int = 0
    overdue: int = 0
    waived: int = 0
    ahead: int = 0


@dataclass(frozen=True, slots=True)
class _Series:
    field: str
    label: str
    fill: str
    ink: str  # colour of the number on it
    mark: str  # stands before the number, so that colour is not needed to tell the series


_SERIES: Final = (
    _Series("done", "按时完成", "#3f6f5b", "#ffffff", "✓"),
    _Series("late", "逾期完成", "#a9c6a4", "#222222", "△"),
    _Series("overdue", "逾期未完成", "#b01e23", "#ffffff", "!"),
    _Series("waived", "经批准免除", "#b9b5ab", "#222222", "–"),
    _Series("ahead", "尚未到期", "#e6e2d8", "#222222", "○"),
)


def draw_year_course(
    months: Sequence[MonthCount],
    *,
    description: str = "全年各月安排完成情况",
    width: int = 640,
    height: int = 220,
) -> bytes:
    """The year's course as stacked bars by month: SVG in UTF-8, without script and outside files.

    `description` is what a screen reader says; `width` and `height` of the plot are in pixels.
    """
    # Late, since they take 0.6 s and most processes never draw.
    import altair as alt
    import vl_convert

    svg = vl_convert.vegalite_to_svg(_spec(alt, months, width, height).to_json())
    # The labels that Vega would write for screen readers are English; one of ours takes their place.
    said = escape(clean_line(f"{description}。{_say(months)}"), {'"': "&quot;"})
    named = svg.replace("<svg ", f'<svg role="img" aria-label="{said}" ', 1)
    return named.encode("utf-8")


def _say(months: Sequence[MonthCount]) -> str:
    """The whole year in words: 按时完成30项，逾期未完成2项。"""
    sums = [sum(counts) for counts in zip(*map(_counts, months), strict=True)]
    said = [f"{s.label}{count}项" for s, count in zip(_SERIES, sums, strict=False) if count]
    return "，".join(said) + "。" if said else "没有安排。"


def _counts(month: MonthCount) -> list[int]:
    return [max(0, int(getattr(month, series.field))) for series in _SERIES]


def _rows(months: Sequence[MonthCount], height: int) -> list[dict[str, Any]]:
    """One value for each piece of a bar; a piece too low for its number goes without it."""
    highest = max((sum(_counts(month)) for month in months), default=0)
    rows: list[dict[str, Any]] = []
    for month in months:
        for order, (series, count) in enumerate(zip(_SERIES, _counts(month), strict=True)):
            is_readable = count * height >= highest * _LOWEST_PIECE
            rows.append(
                {
                    "month": month.label,
                    "state": f"{series.mark} {series.label}",
                    "order": order,
                    "count": count,
                    "note": f"{series.mark}{count}" if count and is_readable else "",
                }
            )
    return rows


def _spec(alt: Any, months: Sequence[MonthCount], width: int, height: int) -> Any:
    names = [f"{series.mark} {series.label}" for series in _SERIES]
    labels = [month.label for month in months]
    chart = alt.Chart(alt.Data(values=_rows(months, height)))
    x = alt.X("month:N", sort=labels, title=None, axis=alt.Axis(labelAngle=0, ticks=False))
    y = alt.Y(
        "count:Q",
        stack="zero",
        title="项数",
        axis=alt.Axis(titleFontWeight="normal", tickMinStep=1, gridColor="#eeeae0"),
    )
    order = alt.Order("order:Q")
    bars = chart.mark_bar().encode(
        x=x,
        y=y,
        order=order,
        color=alt.Color(
            "state:N",
            title=None,
            sort=names,
            scale=alt.Scale(domain=names, range=[series.fill for series in _SERIES]),
            legend=alt.Legend(orient="bottom", direction="horizontal", symbolType="square"),
        ),
    )
    notes = chart.mark_text(fontSize=11).encode(
        x=x,
        y=alt.Y("count:Q", stack="zero", bandPosition=0.5),
        order=order,
        detail="state:N",
        text="note:N",
        color=alt.Color(
            "state:N",
            scale=alt.Scale(domain=names, range=[series.ink for series in _SERIES]),
            legend=None,
        ),
    )
    return (
        alt.layer(bars, notes)
        .resolve_scale(color="independent")
        .properties(width=width, height=height)
        .configure(font=FONTS, background="transparent", aria=False)
        .configure_axis(labelColor=_INK, titleColor=_INK, domainColor="#999999")
        .configure_legend(labelColor=_INK)
        .configure_view(stroke=None)
    )
