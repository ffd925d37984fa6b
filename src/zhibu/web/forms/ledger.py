"""What to look for in the ledger."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone

from zhibu.ledger.models import Entry
from zhibu.ledger.wording import VERBS
from zhibu.org.models import Organization
from zhibu.web.forms.fields import DayField


class LedgerForm(forms.Form):
    """By deed, person, organisation and days; nothing given means everything."""

    verb = forms.ChoiceField(
        label="操作", choices=[("", "全部操作"), *VERBS.items()], required=False
    )
    who = forms.CharField(label="人员（姓名或用户名）", max_length=64, required=False)
    where = forms.CharField(label="组织名称", max_length=200, required=False)
    since = DayField(label="起", required=False)
    until = DayField(label="止", required=False)

    def clean(self) -> dict[str, Any]:
        """The end comes after the beginning."""
        data = super().clean() or {}
        if (since := data.get("since")) and (until := data.get("until")) and until < since:
            self.add_error("until", "截止日期不能早于起始日期。")
        return data

    def narrow(self, rows: QuerySet[Entry]) -> QuerySet[Entry]:
        """The lines that fit; what was wrongly asked for narrows to nothing."""
        if not self.is_valid():
            return rows.none()
        asked = self.cleaned_data
        if asked["verb"]:
            rows = rows.filter(verb=asked["verb"])
        if who := asked["who"]:
            rows = rows.filter(Q(person__username__icontains=who) | Q(person__name__icontains=who))
        if where := asked["where"]:
            named = Organization.objects.filter(
                Q(name__icontains=where) | Q(short_name__icontains=where)
            )
            rows = rows.filter(organization_id__in=named.values("pk"))
        if asked["since"]:
            rows = rows.filter(at__gte=_midnight(asked["since"]))
        if asked["until"]:
            rows = rows.filter(at__lt=_midnight(asked["until"] + timedelta(days=1)))
        return rows


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
