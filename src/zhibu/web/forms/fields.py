"""Fields that several forms share."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from zhibu.web import clock

# The Party was founded in July 1921; nothing that is kept here is older than its oldest members.
EARLIEST: Final = date(1900, 1, 1)
LATEST: Final = date(2100, 12, 31)


class DayField(forms.DateField):
    """One day; anything impossible gets a sentence that says what to write."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        options.setdefault("input_formats", ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日"])
        options.setdefault(
            "error_messages",
            {"invalid": "请填写日期，例如 2026-03-12。", "required": "请填写日期。"},
        )
        super().__init__(**options)
        self.validators += [
            MinValueValidator(EARLIEST, "日期过早，请检查年份。"),
            MaxValueValidator(LATEST, "日期过晚，请检查年份。"),
        ]


AHEAD: Final = timedelta(days=366)


class DecidedDayField(DayField):
    """The day of what has happened or is decided: a year written wrongly is not years ahead."""

    def validate(self, value: Any) -> None:
        """No later than a year from today."""
        super().validate(value)
        if value and value > clock.today() + AHEAD:
            raise forms.ValidationError("日期在一年以后，请检查年份。")
