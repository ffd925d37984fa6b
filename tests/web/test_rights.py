"""Every address, asked by everybody, about everybody's objects: the table of roles is the whole answer.

What is expected stands in `tests.web.world`. Whoever may not gets a 404, reading or writing, with
htmx or without, that tells no more than the 404 of something that never was; and nothing in the
database moves.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from tests.cast import client_of
from tests.handbook.scene import AT
from tests.web.world import ANYWHERE, ONLY_POST, World, make_world, may, names, state

from zhibu.handbook.models import Record
from zhibu.org.models import Grant
from zhibu.people.models import Person
from zhibu.people.roles import FROM_ABOVE, Role, Verb
from zhibu.web.routes import PUBLIC, SIGNED_IN
from zhibu.web.urls import RIGHTS

pytestmark = pytest.mark.usefixtures("data_dir")
_CHANGING = re.compile(
    r'"X-CSRFToken": "\w+"|name="csrfmiddlewaretoken" value="\w+"| aria-current="page"'
    # What a page before this one had to say, and led away from.
    r'|<p class="notice info">[^<]*</p>'
)
HTMX = {"HX-Request": "true"}
# For addresses of nobody's organisation that are about something.
ARGUMENTS = {
    "feed-revoke": (uuid4(),),
    "norm": ("small", "1"), "norm-requirement": ("small", "1", "D1"), "norm-source": ("small", "1"), "link-remove": (1,),
    "mfa_remove_webauthn": (1,), "notice": (UUID(int=1),), "channel": (UUID(int=1),),
    "feedback-one": (UUID(int=1),), "task-report": (UUID(int=1),),
    "text": (UUID(int=1),), "text-acknowledge": (UUID(int=1),), "text-file": (UUID(int=1),),
    "channel-try": (UUID(int=1),), "channel-remove": (UUID(int=1),),
}  # fmt: skip
# What would be a good form, should somebody forget to ask for the right.
SENT = {
    "revision": "1", "reason": "按上级要求调整", "do": "save", "topic": "不该写进来的题目",
    "name": "不该写进来的名称", "short_name": "不该", "number": "9", "until": "2026-03-20",
    "dissolved_on": "2026-03-20", "year": "2026",
}  # fmt: skip
OPENS = {200, 204, 302, 303}  # 204 sends htmx to another page
# An empty form that may be sent there: done, shown again with what is missing, or told.
TAKES = {*OPENS, 409, 422}


@dataclass
class Walk:
    """Counts what was asked, and keeps what was answered against the table."""

    asked: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[object, ...]] = field(default_factory=list)

    def note(self, kind: str, is_right: bool, *about: object) -> None:
        self.asked[kind] += 1
        if not is_right:
            self.wrong.append((kind, *about))

    def check(self, at_least: int) -> None:
        assert not self.wrong, (len(self.wrong), self.wrong[:20])
        assert self.asked.total() >= at_least, self.asked


@pytest.fixture
def world(db: Any, freeze: Callable[..., None]) -> World:
    freeze(AT)
    return make_world()


@pytest.fixture
def quick_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each book and each picture is made for the first who asks for it."""
    for name in (
        "books.typeset_book", "books.write_book_docx", "overview.draw_year_course",
        "reports.typeset_official", "reports.write_official_docx",
    ):  # fmt: skip
        module, _, function = name.partition(".")
        real = getattr(__import__(f"zhibu.web.views.{module}", fromlist=["_"]), function)
        monkeypatch.setattr(f"zhibu.web.views.{name}", cache_by_text(real))


def cache_by_text(make: Callable[..., Any]) -> Callable[..., Any]:
    made: dict[str, Any] = {}

    def once(*values: Any, **more: Any) -> Any:
        key = repr((values, more))
        if key not in made:
            made[key] = make(*values, **more)
        return made[key]

    return once


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written inside is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _plain(page: bytes) -> str:
    """A page without what differs from one answer to the next: tokens, and where one is."""
    return _CHANGING.sub("", page.decode())


def test_every_address_has_a_right_and_is_walked(world: World) -> None:
    """A new address that nobody thought of fails here."""
    assert names() == set(RIGHTS)
    wanting = {name for name, verb in RIGHTS.items() if isinstance(verb, Verb)} - ANYWHERE
    assert wanting == set(world.things)


def test_everybody_sees_what_the_table_of_roles_says(world: World, quick_documents: None) -> None:
    """An allowed page, part, export or file opens; any other is not there, and looks like nothing.

    Every person, every address; every object that is refused, as a whole page and as htmx asks; of
    what somebody may see, three objects of each address as a page and one as a part.
    """
    walk = Walk()
    seen: set[str] = set()
    for who, person in world.scene.cast.people().items():
        client = client_of(person)
        opened: Counter[str] = Counter()
        nothing = _plain(client.get(reverse("record", args=[uuid4()])).content)
        for name, verb, thing in world.asked():
            is_allowed = may(person, name, verb, thing, writes=False)
            if is_allowed:
                seen.add(name)
                opened[name] += 1
            if name in ONLY_POST:
                continue
            address = reverse(name, args=thing.args)
            for kind, headers in (("page", {}), ("part", HTMX)):
                if is_allowed and opened[name] > (3 if kind == "page" else 1):
                    continue
                answer = client.get(address, headers=headers)
                got = answer.status_code
                is_right = got in OPENS if is_allowed else got == 404
                if not is_allowed and is_right:
                    is_right = _plain(answer.content) == nothing
                walk.note(kind, is_right, who, name, thing, is_allowed, got)
    assert {name for name, verb in RIGHTS.items() if isinstance(verb, Verb)} == seen
    walk.check(at_least=5_000)


def test_a_form_is_taken_from_those_who_may_and_from_nobody_else(world: World) -> None:
    """404 (405 where nothing is ever sent), and every row of the database stays as it was.

    Every person sends every form about every object; what they may send is answered, and undone.
    """
    walk = Walk()
    before = state()
    for who, person in world.scene.cast.people().items():
        client = client_of(person)
        for number, (name, verb, thing) in enumerate(world.asked()):
            address = reverse(name, args=thing.args)
            headers = HTMX if number % 2 else {}
            if may(person, name, verb, thing, writes=True):
                with undone():
                    got = client.post(address, {"revision": "0"}, headers=headers).status_code
                walk.note("taken", got in {*TAKES, 405}, who, name, thing, got)
                continue
            sent = {**SENT, "submission": str(uuid4())}
            got = client.post(address, sent, headers=headers).status_code
            walk.note("refused", got in {404, 405}, who, name, thing, got)
        assert state() == before, who
    walk.check(at_least=4_000)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE"])
def test_no_other_method_is_a_way_in(world: World, method: str) -> None:
    """Who may not is refused by each of them, and nobody changes a thing, overriding or not."""
    walk = Walk()
    before = state()
    cast = world.scene.cast
    for who in ("secretary", "member", "stranger"):
        person = getattr(cast, who)
        client = client_of(person)
        for name, verb, thing in world.asked():
            is_allowed = may(person, name, verb, thing, writes=False)
            if is_allowed and name.startswith(("book-", "overview-")):
                continue  # asked for in the walk above
            headers = {} if method == "HEAD" else {"X-HTTP-Method-Override": "POST"}
            address = reverse(name, args=thing.args)
            answer = client.generic(method, address, "do=save&name=x", headers=headers)
            got = answer.status_code
            is_right = got in ({*OPENS, 405} if is_allowed else {404, 405})
            walk.note(method, is_right, who, name, thing, got)
    assert state() == before
    walk.check(at_least=900)


def test_without_signing_in_there_is_only_the_way_to_sign_in(world: World) -> None:
    """Neither reading nor sending; the public pages open."""
    client = Client()
    before = state()
    for name, _, thing in world.asked():
        for ask in (client.get, client.post):
            for headers in ({}, HTMX):
                answer = ask(reverse(name, args=thing.args), headers=headers)
                assert answer.status_code == 302, name
                assert answer["Location"].startswith(reverse("sign-in")), name
    for name in [name for name, verb in RIGHTS.items() if verb == SIGNED_IN]:
        args = ARGUMENTS.get(name, ())
        assert client.get(reverse(name, args=args))["Location"].startswith(reverse("sign-in"))
    for name in [name for name, verb in RIGHTS.items() if verb == PUBLIC]:
        assert client.get(reverse(name)).status_code == 200, name
    assert state() == before


def test_a_form_without_its_token_is_refused(world: World) -> None:
    """No address takes a form that another site made, in the name of whoever has the right there."""
    before = state()
    for who in ("secretary", "office"):
        client = Client(enforce_csrf_checks=True)
        client.force_login(getattr(world.scene.cast, who))
        for name, _, thing in world.asked():
            for headers in ({}, {**HTMX, "Origin": "https://elsewhere.example"}):
                answer = client.post(reverse(name, args=thing.args), SENT, headers=headers)
                assert answer.status_code == 403, (name, answer.status_code)
    assert state() == before


@pytest.mark.parametrize("verb", sorted(FROM_ABOVE))
def test_no_branch_does_to_itself_what_the_level_above_does(world: World, verb: Verb) -> None:
    """Also with the role of the office, granted on the branch itself, with all below."""
    branch = world.scene.branch
    person = world.scene.cast.secretary
    Grant.objects.create(
        person=person, role=Role.OFFICE, organization=branch, with_below=True, since=AT
    )
    client = client_of(person)
    before = state()
    for name, wanted, thing in world.asked():
        if wanted is verb and thing.path == branch.path:
            address = reverse(name, args=thing.args)
            assert client.post(address, SENT).status_code == 404, name
    assert state() == before


def test_a_role_opens_and_closes_at_its_moment(world: World, freeze: Callable[..., None]) -> None:
    """At 12:00:00 it still holds, a second later that door is closed; before its day it opens none."""
    cast = world.scene.cast
    noon = AT.replace(hour=12)
    grant = Grant.objects.filter(person=cast.neighbour)
    grant.update(since=noon - timedelta(hours=1), until=noon)
    client = client_of(cast.neighbour)
    address = reverse("record-list", args=[cast.other_branch.pk])
    for moment, status in ((-3601, 404), (-3600, 200), (-1, 200), (0, 404), (1, 404)):
        freeze(noon + timedelta(seconds=moment))
        assert client.get(address).status_code == status, moment


def test_a_revoked_role_and_a_closed_account_end_at_the_next_request(world: World) -> None:
    """The session stays, what it opened does not: reading, writing, files and exports."""
    cast = world.scene.cast
    client = client_of(cast.neighbour)
    address = reverse("record-list", args=[cast.other_branch.pk])
    assert client.get(address).status_code == 200
    Grant.objects.filter(person=cast.neighbour).update(until=AT)
    before = state()
    for name, _, thing in world.asked():
        for ask in (client.get, client.post):
            got = ask(reverse(name, args=thing.args)).status_code
            assert got in {404, 405}, (name, got)
    assert state() == before
    other = client_of(cast.stranger)
    address = reverse("record-list", args=[cast.far_branch.pk])
    assert other.get(address).status_code == 200
    Person.objects.filter(pk=cast.stranger.pk).update(is_active=False)
    assert other.get(address)["Location"].startswith(reverse("sign-in"))


def test_a_file_of_another_record_is_not_taken_out(world: World) -> None:
    """The key of a file in somebody else's draft, sent with one's own form, does nothing."""
    cast = world.scene.cast
    mine, theirs = (
        Record.objects.filter(branch=branch, current=None).order_by("id").first()
        for branch in (cast.other_branch, cast.far_branch)
    )
    assert mine is not None
    assert theirs is not None
    file = theirs.files.get()
    client_of(cast.neighbour).post(
        reverse("record-save", args=[mine.pk]),
        {"revision": mine.revision, "do": f"detach:{file.pk}"},
    )
    assert theirs.files.filter(pk=file.pk).exists()
