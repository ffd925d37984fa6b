"""Forms of 传达: a text, its change, its recall, words for the level below, a visit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet

from zhibu.network.dissemination.facts import TextDraft
from zhibu.network.dissemination.models import Text, TextFile
from zhibu.network.themes.models import Theme
from zhibu.org.models import Member, Organization
from zhibu.rules.reach import Mode, Readers
from zhibu.web.forms.fields import DayField
from zhibu.web.forms.tree import LISTED, OrganizationNamesField

LONGEST_TITLE: Final = 200
LONGEST_BODY: Final = 100_000
LONGEST_WORDS: Final = 5_000
LONGEST_REASON: Final = 500
_KINDS: Final = [
    choice for choice in Organization.Kind.choices if choice[0] != Organization.Kind.GROUP
]
# The most a page names by themselves, for a screen reader and for a thumb.
WRITING: Final = ("title", "body")
AUDIENCE: Final = ("organizations", "names", "readers")
LIMITS: Final = ("kinds", "fields_")
MANNER: Final = ("mode", "reach_by", "theme")


class SeveralFiles(forms.ClearableFileInput):
    """Chooses several files at once."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files, or none."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("required", False)
        options.setdefault("label", "附件")
        options.setdefault("widget", SeveralFiles())
        options.setdefault("help_text", "可以一次选择多个：PDF、图片（jpg、png 等）、Office 文档。")
        super().__init__(**options)

    def clean(self, data: Any, initial: Any = None) -> Any:
        """The files that were sent, in their order."""
        sent = data if isinstance(data, list | tuple) else [data] if data else []
        files: list[UploadedFile[Any]] = [
            super(FilesField, self).clean(one, initial) for one in sent
        ]
        return files


@dataclass(frozen=True, slots=True)
class Offered:
    """What a composer of this organisation can choose from."""

    organization: Organization
    children: tuple[Organization, ...]  # right below; none where there are too many to list
    below: QuerySet[Organization]  # every level, for names that are written
    themes: tuple[Theme, ...]

    @classmethod
    def of(cls, organization: Organization, day: date, themes: Iterable[Theme]) -> Offered:
        """For this organisation on this day."""
        below = (
            Organization.objects.under(organization.path)
            .standing_on(day)
            .exclude(kind=Organization.Kind.GROUP)
            .exclude(pk=organization.pk)
        )
        children = tuple(below.filter(parent=organization).order_by("path")[: LISTED + 1])
        return cls(organization, children if len(children) <= LISTED else (), below, tuple(themes))


class RevisionField(forms.IntegerField):
    """The revision that a writer has seen. What is none is one that is long gone."""

    def __init__(self) -> None:
        super().__init__(widget=forms.HiddenInput, min_value=0, required=False)

    def clean(self, value: Any) -> int:
        """A number, 0 for anything else."""
        try:
            return super().clean(value) or 0
        except forms.ValidationError:
            return 0


class RevisedForm(forms.Form):
    """A form that names the revision that its writer has seen."""

    revision = RevisionField()

    def renumber(self, revision: int) -> None:
        """The writer has been shown a later one."""
        data: Any = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict
        data["revision"] = str(revision)
        self.data = data


class TextForm(RevisedForm):
    """A text and whom it is for."""

    title = forms.CharField(label="标题", max_length=LONGEST_TITLE, required=False)
    body = forms.CharField(
        label="正文",
        max_length=LONGEST_BODY,
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text="可以只写一段说明，把文件放在附件里。",
    )
    attachments = FilesField()
    organizations = forms.MultipleChoiceField(
        label="发给下级中的",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="一个也不选的，发给本组织和全部下级。",
    )
    names = OrganizationNamesField(
        label="其他下级组织",
        required=False,
        queryset=Organization.objects.none(),
        help_text="隔着一级或者上面没有列出的，一行写一个，写全称或简称。",
        widget=forms.Textarea(attrs={"rows": 2, "class": "short"}),
    )
    readers = forms.ChoiceField(
        label="传达对象",
        choices=Text.READERS,
        initial=Readers.MEMBERS.value,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择传达对象。"},
    )
    kinds = forms.MultipleChoiceField(
        label="只限这些类型的组织",
        choices=_KINDS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="一个也不选的，不限类型。",
    )
    fields_ = forms.MultipleChoiceField(
        label="只限这些领域的组织",
        choices=Organization.Field.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="一个也不选的，不限领域。",
    )
    mode = forms.ChoiceField(
        label="怎样传达",
        choices=Text.MODES,
        initial=Mode.AT_ONCE.value,
        widget=forms.RadioSelect,
        help_text="逐级传达的，每一级转发以后，下一级才能看到；转发时可以加上本级的意见。",
        error_messages={"required": "请选择怎样传达。"},
    )
    reach_by = DayField(label="传达期限", required=False)
    theme = forms.ChoiceField(label="所属专题", required=False)

    def __init__(self, *args: Any, offered: Offered, **options: Any) -> None:
        super().__init__(*args, **options)
        self.offered = offered
        names: Any = self.fields["names"]
        names.queryset = offered.below
        children: Any = self.fields["organizations"]
        children.choices = [(str(each.pk), each.short_name) for each in offered.children]
        themes: Any = self.fields["theme"]
        themes.choices = [("", "不属于专题"), *((str(t.pk), t.title) for t in offered.themes)]
        if not offered.themes:
            del self.fields["theme"]
        if not offered.children:
            del self.fields["organizations"]
        if offered.organization.kind == Organization.Kind.BRANCH:
            for name in ("names", "kinds", "fields_", "mode"):
                del self.fields[name]

    @property
    def draft(self) -> TextDraft:
        """What was written, as the services take it; call after `is_valid`."""
        given = self.cleaned_data
        chosen = [UUID(key) for key in given.get("organizations", ())]
        named = given.get("names")
        chosen += [each.pk for each in named] if named is not None else []
        theme = given.get("theme")
        return TextDraft(
            title=given["title"],
            body=given["body"].replace("\r\n", "\n").strip(),
            organizations=tuple(dict.fromkeys(chosen)) or (self.offered.organization.pk,),
            readers=Readers(given["readers"]),
            kinds=tuple(given.get("kinds", ())),
            fields=tuple(given.get("fields_", ())),
            mode=Mode(given.get("mode") or Mode.AT_ONCE),
            reach_by=given["reach_by"],
            theme_id=UUID(theme) if theme else None,
        )


def initial_of(draft: TextDraft, offered: Offered) -> dict[str, Any]:
    """The fields of a draft that is being written."""
    chosen = [key for key in draft.organizations if key != offered.organization.pk]
    listed = {each.pk for each in offered.children}
    others = [key for key in chosen if key not in listed]
    names = (
        list(offered.below.filter(pk__in=others).values_list("name", flat=True)) if others else []
    )
    return {
        "title": draft.title,
        "body": draft.body,
        "organizations": [str(key) for key in chosen if key in listed],
        "names": "\n".join(names),
        "readers": draft.readers.value,
        "kinds": list(draft.kinds),
        "fields_": list(draft.fields),
        "mode": draft.mode.value,
        "reach_by": draft.reach_by,
        "theme": str(draft.theme_id or ""),
    }


class AmendForm(RevisedForm):
    """Another wording of what was issued, and whether it asks again."""

    extent = forms.ChoiceField(
        label="这次修改属于",
        choices=[
            ("correction", "文字更正：意思没有变，已经阅知的仍然有效"),
            ("version", "内容修改：请所有人重新阅知，并向他们列出改动"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择属于哪一种修改。"},
    )
    note = forms.CharField(
        label="修改说明",
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2, "class": "short"}),
        help_text="改了什么、为什么改，读到的人都会看到。",
        error_messages={"required": "请写明改了什么、为什么改。"},
    )
    title = forms.CharField(
        label="标题", max_length=LONGEST_TITLE, error_messages={"required": "请填写标题。"}
    )
    body = forms.CharField(
        label="正文",
        max_length=LONGEST_BODY,
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12}),
    )
    keep = forms.MultipleChoiceField(
        label="保留的附件", required=False, widget=forms.CheckboxSelectMultiple
    )
    attachments = FilesField(label="增加附件")

    def __init__(self, *args: Any, held: Iterable[TextFile], **options: Any) -> None:
        super().__init__(*args, **options)
        keep: Any = self.fields["keep"]
        keep.choices = [(str(file.pk), file.name) for file in held]
        if not keep.choices:
            del self.fields["keep"]

    @property
    def kept(self) -> tuple[UUID, ...]:
        """The files that stay; call after `is_valid`."""
        return tuple(UUID(key) for key in self.cleaned_data.get("keep", ()))

    @property
    def body_text(self) -> str:
        """The body as it is stored; call after `is_valid`."""
        return str(self.cleaned_data["body"].replace("\r\n", "\n").strip())


class RecallForm(forms.Form):
    """Why it is taken back."""

    reason = forms.CharField(
        label="撤回理由",
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3, "class": "short"}),
        help_text="已经看到的人会看到这条理由。",
        error_messages={"required": "请写明撤回的理由。"},
    )


class ForwardForm(forms.Form):
    """A level's own words for those below."""

    words = forms.CharField(
        label="本级意见",
        max_length=LONGEST_WORDS,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="例如结合本单位实际怎样贯彻落实。下级看到文件时，先看到这段意见。",
    )


class VisitForm(forms.Form):
    """Who went to see a member, and when."""

    visited_on = DayField(label="走访日期")
    visitor = forms.ModelChoiceField(
        label="走访人",
        queryset=Member.objects.none(),
        empty_label="请选择",
        error_messages={"required": "请选择走访人。", "invalid_choice": "请选择本支部的党员。"},
    )

    def __init__(self, *args: Any, visitors: QuerySet[Member], **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["visitor"]
        field.queryset = visitors


class WithdrawForm(forms.Form):
    """Why a visit that was written down does not count."""

    reason = forms.CharField(
        label="取消理由",
        max_length=LONGEST_REASON,
        error_messages={"required": "请写明取消的理由。"},
    )
