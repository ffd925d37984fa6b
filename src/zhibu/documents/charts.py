"""Charts as SVG, drawn on the server so that page, PDF and print show the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

FONTS: Final = (
    "Noto Sans CJK SC, Source Han Sans SC, Microsoft YaHei, PingFang SC, SimHei, "
    "WenQuanYi Micro Hei, sans-serif"
)
_INK: Final = "#333333"


@dataclass(frozen=True, slots=True)
class MonthCount:
    """The lines of one month by how they stand: done in time, done late, overdue, waived, and
    still ahead."""

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


def draw_year_course(months: Sequence[MonthCount], *, width: int = 640, height: int = 220) -> bytes:
    """The year's course as stacked bars by month: SVG, without script and outside files."""
    import altair  # noqa: PLC0415  0.6 s to import, and most processes never draw
    import vl_convert  # noqa: PLC0415

    spec = _spec(altair, months, width, height)
    svg = vl_convert.vegalite_to_svg(spec.to_json())
    return svg.encode("utf-8")


def _rows(months: Sequence[MonthCount]) -> list[dict[str, Any]]:
    """One value for each bar piece; nought pieces are left out, months without any stay."""
    rows: list[dict[str, Any]] = []
    for month in months:
        for order, series in enumerate(_SERIES):
            count = max(0, int(getattr(month, series.field)))
            rows.append(
                {
                    "month": month.label,
                    "state": f"{series.mark} {series.label}",
                    "order": order,
                    "count": count,
                    "note": f"{series.mark}{count}" if count else "",
                }
            )
    return rows


def _spec(altair: Any, months: Sequence[MonthCount], width: int, height: int) -> Any:
    names = [f"{series.mark} {series.label}" for series in _SERIES]
    labels = [month.label for month in months]
    chart = altair.Chart(altair.Data(values=_rows(months)))
    x = altair.X("month:N", sort=labels, title=None, axis=altair.Axis(labelAngle=0, ticks=False))
    y = altair.Y(
        "count:Q", stack="zero", title="项数", axis=altair.Axis(tickMinStep=1, gridColor="#eeeae0")
    )
    order = altair.Order("order:Q")
    bars = chart.mark_bar(stroke="#ffffff", strokeWidth=1).encode(
        x=x,
        y=y,
        order=order,
        color=altair.Color(
            "state:N",
            title=None,
            sort=names,
            scale=altair.Scale(domain=names, range=[series.fill for series in _SERIES]),
            legend=altair.Legend(orient="bottom", direction="horizontal", symbolType="square"),
        ),
    )
    notes = chart.mark_text(fontSize=11).encode(
        x=x,
        y=altair.Y("count:Q", stack="zero", bandPosition=0.5),
        order=order,
        detail="state:N",
        text="note:N",
        color=altair.Color(
            "state:N",
            scale=altair.Scale(domain=names, range=[series.ink for series in _SERIES]),
            legend=None,
        ),
    )
    return (
        altair.layer(bars, notes)
        .resolve_scale(color="independent")
        .properties(width=width, height=height)
        .configure(font=FONTS, background="transparent")
        .configure_axis(labelColor=_INK, titleColor=_INK, domainColor="#999999")
        .configure_legend(labelColor=_INK)
        .configure_view(stroke=None)
    )
