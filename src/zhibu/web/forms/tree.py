"""Forms that change the tree, and the choice of one organisation among many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.db.models import Q, QuerySet

from zhibu.org.models import Member, Organization
from zhibu.web.forms.fields import DayField

LISTED: Final = 60
"""Up to so many organisations are offered in a list; of more one writes the name."""
TOLD: Final = 8


class OrganizationNameField(forms.CharField):
    """One organisation by its full or short name, or by a part of it that fits no other."""

    def __init__(self, *, queryset: QuerySet[Organization], **options: Any) -> None:
        options.setdefault("max_length", 200)
        options.setdefault("help_text", "写全称、简称，或其中能够区分的几个字。")
        super().__init__(**options)
        self.queryset = queryset

    def clean(self, value: Any) -> Any:
        """The organisation. Says which ones fit when there are several."""
        name = super().clean(value)
        if not name:
            return None
        exact = self.queryset.filter(Q(name=name) | Q(short_name=name))
        found = list(exact[: TOLD + 1]) or list(
            self.queryset.filter(Q(name__icontains=name) | Q(short_name__icontains=name))[
                : TOLD + 1
            ]
        )
        if len(found) == 1:
            return found[0]
        if not found:
            raise forms.ValidationError(f"没有找到“{name}”，请核对名称。")
        told = "、".join(each.name for each in found[:TOLD])
        more = "等" if len(found) > TOLD else ""
        raise forms.ValidationError(f"有多个组织符合，请写全称：{told}{more}。")


class OrganizationNamesField(forms.CharField):
    """Several organisations, a name on each line: for those that are too many for a list."""

    def __init__(self, *, queryset: QuerySet[Organization], **options: Any) -> None:
        options.setdefault("widget", forms.Textarea(attrs={"rows": 8}))
        options.setdefault("help_text", "一行写一个，写全称或简称。")
        options.setdefault("max_length", 100_000)
        super().__init__(**options)
        self.queryset = queryset

    def clean(self, value: Any) -> Any:
        """The organisations; the lines that fit none, or several, are told."""
        lines = (line.strip() for line in super().clean(value).splitlines())
        wanted = list(dict.fromkeys(line for line in lines if line))
        by_name: dict[str, list[Organization]] = defaultdict(list)
        for each in self.queryset.filter(Q(name__in=wanted) | Q(short_name__in=wanted)):
            for name in {each.name, each.short_name}:
                by_name[name].append(each)
        errors = [
            f"有多个组织叫“{line}”，请写全称。"
            if by_name[line]
            else f"没有找到“{line}”，请核对名称。"
            for line in wanted
            if len(by_name[line]) != 1
        ]
        if errors:
            more = f"另有{len(errors) - TOLD}行也没有找到。"
            raise forms.ValidationError(errors[:TOLD] + ([more] if len(errors) > TOLD else []))
        return self.queryset.filter(pk__in={by_name[line][0].pk for line in wanted})


def organization_field(queryset: QuerySet[Organization], label: str) -> forms.Field:
    """A list where it is short, else a name to write."""
    queryset = queryset.order_by("path")
    if queryset[LISTED : LISTED + 1].exists():
        return OrganizationNameField(queryset=queryset, label=label)
    return forms.ModelChoiceField(label=label, queryset=queryset, empty_label="请选择")


class RenameForm(forms.Form):
    """A new name from a day."""

    name = forms.CharField(label="新的全称", max_length=200)
    short_name = forms.CharField(label="新的简称", max_length=60)
    on = DayField(label="更名日期", help_text="此日起使用新名称，此前的仍用原名称。")


class MoveForm(forms.Form):
    """Another superior from a day."""

    on = DayField(label="划转日期", help_text="此日起到期的事项计入新的上级，此前的仍计入原上级。")

    def __init__(self, *args: Any, parents: QuerySet[Organization], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["parent"] = organization_field(parents, "划入（新的上级组织）")
        self.order_fields(["parent", "on"])


class MergeForm(forms.Form):
    """Into which other organisation, from a day."""

    on = DayField(label="合并日期", help_text="本组织截至前一日；此日起党员、下级组织归入对方。")

    def __init__(self, *args: Any, targets: QuerySet[Organization], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["target"] = organization_field(targets, "并入")
        self.order_fields(["target", "on"])


class SplitForm(forms.Form):
    """A new organisation, and what goes over to it."""

    name = forms.CharField(label="新组织全称", max_length=200)
    short_name = forms.CharField(label="新组织简称", max_length=60)
    on = DayField(label="成立日期")

    def __init__(
        self,
        *args: Any,
        members: QuerySet[Member] | None = None,
        children: QuerySet[Organization] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        chosen: Sequence[tuple[str, str, Any]] = (
            ("members", "转入新支部的党员", members),
            ("children", "划入新组织的下级组织", children),
        )
        for field, label, queryset in chosen:
            if field == "children" and queryset is not None and queryset[LISTED : LISTED + 1]:
                errors = {"required": f"请写明{label}。"}
                self.fields[field] = OrganizationNamesField(
                    label=label, queryset=queryset, error_messages=errors
                )
            elif queryset is not None:
                self.fields[field] = forms.ModelMultipleChoiceField(
                    label=label,
                    queryset=queryset,
                    widget=forms.CheckboxSelectMultiple,
                    error_messages={"required": f"请选择{label}。"},
                )


class DissolveForm(forms.Form):
    """The end of an organisation."""

    last_day = DayField(label="撤销日期", help_text="最后一天；此后到期、还没有做的事项不再应办。")
