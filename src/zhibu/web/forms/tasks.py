"""Forms of tasks and assignments."""

from __future__ import annotations

from typing import Any, Final

from django import forms

from zhibu.network.tasks.services.assigning import KINDS
from zhibu.org.models import Member, Organization
from zhibu.org.queries import children_of
from zhibu.web.forms.fields import DayField

MOST_OFFERED: Final = 200
_KIND_WORDS: Final = {kind.value: kind.label for kind in Organization.Kind}


class WordsForm(forms.Form):
    """A few words that are stored with the step."""

    words = forms.CharField(
        label="办理情况", max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, label: str, hint: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["words"].label = label
        self.fields["words"].help_text = hint
        self.fields["words"].error_messages["required"] = f"请写明{label}。"


class TaskForm(forms.Form):
    """Who carries it out, and by when."""

    owner = forms.ModelChoiceField(
        label="办理人",
        queryset=Member.objects.none(),
        required=False,
        empty_label="支部（集体办理）",
    )
    due_on = DayField(label="期限")
    words = forms.CharField(label="原因", max_length=500, required=False)

    def __init__(self, *args: Any, members: Any, has_date: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        owner = self.fields["owner"]
        if isinstance(owner, forms.ModelChoiceField):
            owner.queryset = members
        if not has_date:
            self.fields["due_on"].disabled = True
            self.fields["due_on"].help_text = "由上级交办，期限由上级确定。"


class AssignmentForm(forms.Form):
    """What is given to whom, out of which meeting."""

    title = forms.CharField(label="任务", max_length=500)
    text = forms.CharField(
        label="具体要求", max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    proof = forms.CharField(
        label="以什么证明完成",
        max_length=500,
        required=False,
        help_text="如：隐患清单；能不要材料的不要。",
    )
    due_on = DayField(label="期限")
    meeting = forms.CharField(
        label="议定的会议", max_length=200, required=False, help_text="如：局党委2026年第3次会议。"
    )
    met_on = DayField(label="会议日期", required=False)
    kinds = forms.MultipleChoiceField(
        label="交办给所属全部", required=False, widget=forms.CheckboxSelectMultiple
    )
    chosen = forms.ModelMultipleChoiceField(
        label="或者只交办给下列直属组织", queryset=Organization.objects.none(), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip

    def __init__(self, *args: Any, organization: Organization, today: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        kinds, chosen = self.fields["kinds"], self.fields["chosen"]
        if isinstance(kinds, forms.MultipleChoiceField):
            kinds.choices = [(kind.value, _KIND_WORDS[kind.value]) for kind in KINDS]
        below = children_of(organization, today).exclude(kind=Organization.Kind.GROUP)
        if isinstance(chosen, forms.ModelMultipleChoiceField):
            chosen.queryset = below
            shown = list(below[: MOST_OFFERED + 1])
            chosen.choices = [(one.pk, one.short_name or one.name) for one in shown[:MOST_OFFERED]]
            if len(shown) > MOST_OFFERED:
                chosen.help_text = f"只列出前{MOST_OFFERED}个；更多的请按类型交办。"

    def clean(self) -> dict[str, Any]:
        """One of both must be chosen; chosen ones go before kinds."""
        found = super().clean() or {}
        if not found.get("kinds") and not found.get("chosen") and not self.errors:
            self.add_error("kinds", "请选择交办给哪些组织。")
        return found
