"""What can be found, as it reads now: the same texts are indexed and shown as finds.

Who attended is left out on purpose: search is no way to follow a person from meeting to meeting.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from zhibu.handbook.models import Record
from zhibu.handbook.versions import read_version
from zhibu.network.dissemination.models import Text, TextFile, TextVersion
from zhibu.network.search.models import SearchEntry
from zhibu.rules.contents import RecordContent
from zhibu.rules.labels import label
from zhibu.rules.norm import Activity


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a document, under the name that its page gives it."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """One thing that can be found. `path` is where its organisation hangs today."""

    kind: SearchEntry.Kind
    subject: UUID
    source: UUID
    organization_id: UUID
    organization: str
    path: str
    day: date
    title: str
    passages: tuple[Passage, ...]
    is_talk: bool = False
    sent_from: str = ""  # of a text: the path of who sent it, on the day of issue

    @property
    def texts(self) -> tuple[str, ...]:
        """All that is looked into."""
        return (self.title, *(passage.text for passage in self.passages))


def documents_of(kind: str, subjects: Iterable[UUID]) -> list[Document]:
    """The documents of these keys that can be found at all; drafts never."""
    if kind == SearchEntry.Kind.RECORD:
        rows = Record.objects.filter(pk__in=list(subjects), current__isnull=False)
        return [of_record(row) for row in rows.select_related("current", "branch")]
    texts = sent_texts(subjects)
    sources = _newest_versions([text.pk for text in texts])
    return [of_text(text, sources.get(text.pk, text.pk)) for text in texts]


def of_record(record: Record) -> Document:
    """A filed record, `current` and `branch` selected. What was blacked out is not there."""
    version = record.current
    if version is None:
        raise LookupError("not filed")
    content = read_version(version).content
    kinds = "、".join(label(activity) for activity in content.activities)
    return Document(
        kind=SearchEntry.Kind.RECORD,
        subject=record.pk,
        source=version.pk,
        organization_id=record.branch_id,
        organization=record.branch.short_name,
        path=record.branch.path,
        day=version.happened_on,
        title=content.topic or kinds,
        passages=tuple(passage for passage in _passages(content, kinds) if passage.text),
        is_talk=Activity.TALK.value in version.activities.split(),
    )


def _passages(content: RecordContent, kinds: str) -> Iterable[Passage]:
    yield Passage("类别", kinds)
    yield Passage("议程", content.agenda)
    yield Passage("会议记录", content.minutes)
    for decision in content.decisions:
        yield Passage("决议", decision.text)
    for words in content.elements.values():
        yield Passage("记录内容", words)
    yield Passage("地点", content.place)
    yield Passage("列席", "、".join(content.guests))
    yield Passage("传达文件", "、".join(each.title for each in content.texts))
    yield Passage("专题", "、".join(each.title for each in content.themes))
    yield Passage("跟进任务", "、".join(each.title for each in content.follow_ups))
    yield Passage("附件", "、".join(each.name for each in content.attachments))


def sent_texts(keys: Iterable[UUID]) -> QuerySet[Text]:
    """The texts of these keys that were sent, as `of_text` takes them: two queries."""
    current = Prefetch("files", TextFile.objects.filter(is_current=True), to_attr="attached")
    rows = Text.objects.sent().filter(pk__in=list(keys))
    return rows.select_related("organization").prefetch_related(current)


def of_text(text: Text, source: UUID) -> Document:
    """A text that was sent, as it stands now, with the names of its files; from `sent_texts`."""
    attached = "、".join(file.name for file in getattr(text, "attached", ()))
    passages = (Passage("正文", text.body), Passage("附件", attached))
    return Document(
        kind=SearchEntry.Kind.TEXT,
        subject=text.pk,
        source=source,
        organization_id=text.organization_id,
        organization=text.organization.short_name,
        path=text.organization.path,
        sent_from=text.path,
        day=text.issue_day,
        title=text.title,
        passages=tuple(passage for passage in passages if passage.text),
    )


def _newest_versions(texts: list[UUID]) -> dict[UUID, UUID]:
    rows = TextVersion.objects.filter(text__in=texts).order_by("version", "correction")
    return dict(rows.values_list("text_id", "pk"))
