"""检索: what was found, where it stands, and the words around it.

The index says what may hold the words; here it is read as it stands now, checked, and cut. Whether
somebody may open a find is asked twice: by the condition of the search, and of the thing itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from zhibu.handbook.models import Record
from zhibu.network.dissemination.models import Text
from zhibu.network.dissemination.queries import (
    places_held,
    stays_of_person,
    texts_of_person,
    texts_seen,
)
from zhibu.network.search.documents import Document, of_record, of_text, sent_texts
from zhibu.network.search.marks import marks_of_records, marks_of_texts
from zhibu.network.search.models import SearchEntry
from zhibu.network.search.queries import END, Search, find, find_members
from zhibu.norms.facts import norm_of
from zhibu.norms.models import NormVersion
from zhibu.org import paths
from zhibu.org.models import Membership
from zhibu.org.reach import Reach
from zhibu.people.roles import Verb
from zhibu.rules.norm import Norm, Requirement
from zhibu.rules.searching import (
    LONGEST,
    Asked,
    Piece,
    holds,
    mark,
    read_query,
    snippet,
)
from zhibu.web import clock
from zhibu.web.access import person_of, reach
from zhibu.web.record_access import EVER_TALK, is_talk, may_read_talks, readable

SIZE: Final = 20
"""So many finds are shown at a time."""

LOOKED_AT: Final = 30
"""So many entries are read for it: of a longer word's pairs some may stand apart."""

FEW: Final = 5
"""So many people and requirements are shown beside finds of other kinds."""

MANY: Final = 50
"""So many of them alone."""

ALL, RECORDS, TEXTS, RULES, PEOPLE = "", "record", "text", "rule", "people"
KINDS: Final = (
    (ALL, "全部"), (RECORDS, "记录"), (TEXTS, "传达"), (RULES, "规范"), (PEOPLE, "党员"),
)  # fmt: skip
_LABELS: Final = {SearchEntry.Kind.RECORD: "记录", SearchEntry.Kind.TEXT: "传达"}


@dataclass(frozen=True, slots=True)
class Find:
    """One find: where it opens, its title with the hits, and the words around the first one."""

    label: str
    address: str
    title: tuple[Piece, ...]
    where: str
    day: date | None
    passage: str
    pieces: tuple[Piece, ...]
    state: str = ""  # 已作废, 已撤回


@dataclass(frozen=True, slots=True)
class Tab:
    """One kind to look in."""

    label: str
    address: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What was asked and what was found."""

    query: str
    kind: str
    tabs: tuple[Tab, ...]
    is_too_short: bool
    finds: tuple[Find, ...] = ()
    people: tuple[Find, ...] = ()
    rules: tuple[Find, ...] = ()
    more: str = ""  # the address of older finds
    more_people: str = ""
    more_rules: str = ""
    is_first: bool = True
    longest: int = LONGEST

    @property
    def is_asked(self) -> bool:
        """Whether anything was looked for."""
        return bool(self.query) and not self.is_too_short

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found here, and nothing more can be asked for."""
        return not (self.finds or self.people or self.rules or self.more)

    @property
    def hint(self) -> str:
        """What kinds were looked through."""
        return next(label for kind, label in KINDS if kind == self.kind)


def build_search(
    request: HttpRequest, query: str, *, kind: str = ALL, below: int | None = None
) -> SearchPage:
    """The page for what was typed. At most eight queries."""
    query, asked = query.strip(), read_query(query)
    held = reach(request)
    open_to = [each for each in KINDS if each[0] != PEOPLE or held.has(Verb.SEE_ROSTER)]
    kind = kind if kind in {each for each, _ in open_to} else ALL
    tabs = tuple(Tab(label, _address(query, each), each == kind) for each, label in open_to)
    if not asked.is_long_enough:
        return SearchPage(query, kind, tabs, is_too_short=bool(query))
    finds, last = _finds(request, held, asked, kind, below)
    is_first = below is None
    people = _people(held, asked, kind) if is_first else []
    rules = _rules(asked, kind) if is_first else []
    most = FEW if kind == ALL else MANY
    return SearchPage(
        query=query,
        kind=kind,
        tabs=tabs,
        is_too_short=False,
        finds=tuple(finds),
        people=tuple(people[:most]),
        rules=tuple(rules[:most]),
        more=_address(query, kind, below=last) if last else "",
        more_people=_address(query, PEOPLE) if kind == ALL and len(people) > most else "",
        more_rules=_address(query, RULES) if kind == ALL and len(rules) > most else "",
        is_first=is_first,
    )


def _address(query: str, kind: str, *, below: int = 0) -> str:
    given = {"q": query, "kind": kind, "below": below}
    return f"{reverse('search')}?{urlencode({name: v for name, v in given.items() if v})}"


def _finds(
    request: HttpRequest, held: Reach, asked: Asked, kind: str, below: int | None
) -> tuple[list[Find], int]:
    """Records and texts, the newest first, and from where older ones are to be asked for."""
    if kind not in {ALL, RECORDS, TEXTS}:
        return [], 0
    search = _search(request, held, asked, kind)
    entries = find(search, most=LOOKED_AT, below=below or END)
    documents = _read(request, entries)
    found: list[Find] = []
    last = 0
    for entry in entries:
        document = documents.get(entry.subject)
        if document is not None and holds(document[0].texts, asked):
            if len(found) == SIZE:
                return found, last
            found.append(_find(*document, asked))
            last = entry.number
    return found, entries[-1].number if len(entries) == LOOKED_AT else 0


def _search(request: HttpRequest, held: Reach, asked: Asked, kind: str) -> Search:
    visible, seats, marks = Q(pk__in=[]), [], set()
    if kind != TEXTS:
        visible |= Q(kind=SearchEntry.Kind.RECORD) & readable(held, "organization__")
        seats = [hold.seat for hold in held.with_verb(Verb.SEE_BRANCH)]
        marks |= marks_of_records(seats)
    if kind != RECORDS:
        person = person_of(request)
        stays, places = stays_of_person(person), places_held(held, Verb.SEE_REACH)
        mine = texts_of_person(person, stays)
        seen = texts_seen(held, Verb.SEE_REACH, places)
        readable_texts = Q(subject__in=mine.order_by().values("pk")) | Q(
            subject__in=seen.order_by().values("pk")
        )
        visible |= Q(kind=SearchEntry.Kind.TEXT) & readable_texts
        marks |= marks_of_texts(
            (stay.seat.path for stay in stays), (place.path for place in places)
        )
    # Whoever looks from the top may look everywhere.
    is_all = any(len(path) <= paths.WIDTH for path in seats)
    return Search(asked, visible, places=None if is_all else tuple(sorted(marks)))


def _read(request: HttpRequest, entries: Sequence[SearchEntry]) -> dict[UUID, tuple[Document, str]]:
    """What the entries are of, as it reads now, with what has to be said of its state."""
    by_kind: dict[str, list[UUID]] = {kind: [] for kind in SearchEntry.Kind.values}
    for entry in entries:
        by_kind[entry.kind].append(entry.subject)
    found: dict[UUID, tuple[Document, str]] = {}
    if keys := by_kind[SearchEntry.Kind.RECORD]:
        rows = Record.objects.filter(pk__in=keys, current__isnull=False)
        for record in rows.select_related("current", "branch").annotate(was_talk=EVER_TALK):
            is_hidden = record.was_talk or is_talk(record)
            if not is_hidden or may_read_talks(request, record.branch):
                state = "已作废" if record.state == Record.State.VOIDED else ""
                found[record.pk] = (of_record(record), state)
    if keys := by_kind[SearchEntry.Kind.TEXT]:
        for text in sent_texts(keys):
            found[text.pk] = _as_shown(request, text)
    return found


def _as_shown(request: HttpRequest, text: Text) -> tuple[Document, str]:
    """A text as its page shows it: of a recalled one its readers have the title alone."""
    document = of_text(text, text.pk)
    if text.state != Text.State.RECALLED:
        return document, ""
    keeps = reach(request).may(Verb.ISSUE_TEXT, text.organization.path)
    return document if keeps else replace(document, passages=()), "已撤回"


def _find(document: Document, state: str, asked: Asked) -> Find:
    around = [(each.label, snippet(each.text, asked)) for each in document.passages]
    passage, pieces = next((one for one in around if one[1]), ("", ()))
    return Find(
        label=_LABELS[document.kind],
        address=reverse(document.kind.value, args=(document.subject,)),
        title=mark(document.title, asked),
        where=document.organization,
        day=document.day,
        passage=passage,
        pieces=pieces,
        state=state,
    )


def _people(held: Reach, asked: Asked, kind: str) -> list[Find]:
    if kind not in {ALL, PEOPLE} or not held.has(Verb.SEE_ROSTER):
        return []
    most = (FEW if kind == ALL else MANY) + 1
    rows = find_members(asked, held.within(Verb.SEE_ROSTER, "branch__"), most=most)
    return [_member(row, asked) for row in rows]


def _member(row: Membership, asked: Asked) -> Find:
    return Find(
        label="党员",
        address=reverse("member", args=(row.member_id,)),
        title=mark(row.member.name, asked),
        where=row.branch.short_name,
        day=None,
        passage="",
        pieces=(),
    )


def _rules(asked: Asked, kind: str) -> list[Find]:
    """Requirements of the norms in force; what one norm took over from another is shown once."""
    if kind not in {ALL, RULES}:
        return []
    today = clock.today()
    rows = NormVersion.objects.filter(in_force_from__lte=today).filter(
        Q(in_force_until__isnull=True) | Q(in_force_until__gte=today)
    )
    found: dict[tuple[str, str], Find] = {}
    for row in sorted(rows, key=lambda row: (row.extends_id is None, row.in_force_from)):
        norm = norm_of(row)
        for one in norm.requirements:
            key = (one.code, one.text)
            if key not in found and holds(_texts_of(one), asked):
                found[key] = _rule(norm, one, asked)
    return list(found.values())


def _texts_of(one: Requirement) -> Iterable[str]:
    return (one.title, one.text, one.guide, one.article.text, one.code)


def _rule(norm: Norm, one: Requirement, asked: Asked) -> Find:
    passages = (("条文", one.text), ("怎样做好", one.guide), ("依据", one.article.text))
    around = [(label, snippet(text, asked)) for label, text in passages]
    passage, pieces = next((each for each in around if each[1]), ("", ()))
    return Find(
        label="规范",
        address=reverse("norm-requirement", args=(norm.pack, norm.version, one.code)),
        title=mark(one.title, asked),
        where=f"{norm.title}（{norm.version}）",
        day=None,
        passage=passage,
        pieces=pieces,
    )
