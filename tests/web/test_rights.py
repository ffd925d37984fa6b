"""Every address, asked by everybody, about everybody's objects: the table of roles is the whole answer.

What is expected follows from `RIGHTS` and from how far the person reaches at the path of the object;
the few addresses with a narrower rule are named in `_narrower`. Whoever may not gets a 404, reading
or writing, with htmx or without, and nothing in the database moves.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.test import Client
from django.urls import get_resolver, reverse
from tests.cast import client_of
from tests.handbook.scene import AT, Scene, make_scene

from zhibu.handbook.models import Record
from zhibu.handbook.services import add_attachment, file_record, start_record
from zhibu.ledger.services import seal_branch
from zhibu.org.models import Grant, Member, MemberSpell, Organization, Post
from zhibu.org.reach import Reach, reach_of
from zhibu.org.services import appoint, begin_spell
from zhibu.people.models import Person
from zhibu.people.roles import FROM_ABOVE, Role, Verb
from zhibu.plans.models import Plan
from zhibu.plans.services import adopt_plan, draft_plan
from zhibu.rules.contents import Attendance, Decision
from zhibu.rules.norm import Activity
from zhibu.web.routes import PUBLIC, SIGNED_IN
from zhibu.web.urls import RIGHTS

pytestmark = pytest.mark.usefixtures("data_dir")
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"

ONLY_POST = {"sign-out", "record-save", "seal", "seal-countersign", "grant-revoke"}
ANYWHERE = {"accounts", "account-open", "ledger"}  # of no organisation: the verb, held somewhere
AMENDS = {
    "plan-holidays", "plan-redraft", "plan-add", "plan-offers", "plan-upload", "line-edit",
    "line-remove",
}  # fmt: skip
OF_YEAR = {"plan-draft", "plan-adopt", "plan-changes", "plan-xlsx", "plan", *AMENDS} - {
    "line-edit",
    "line-remove",
}
OF_ORGANIZATION = {
    "overview", "overview-xlsx", "overview-overdue", "organization", "organization-edit",
    "organization-found", "organization-dissolve", "organization-term", "appoint", "grants",
}  # fmt: skip
OF_BRANCH = {"branch-home", "roster", "member-admit", "record-list", "record-new", "seal"}
OF_LINE = {"line", "line-edit", "line-remove", "line-waive", "line-restore"}
OF_MEMBER = {"member", "member-edit", "member-transfer", "spell-begin"}
OF_RECORD = {"record", "record-edit", "record-save", "record-file", "record-discard"}
OF_FILED = {"record", "record-correct", "record-void"}
# What would be a good form, should somebody forget to ask for the right.
SENT = {
    "revision": "1", "reason": "按上级要求调整", "do": "save", "topic": "不该写进来的题目",
    "name": "不该写进来的名称", "short_name": "不该", "number": "9", "until": "2026-03-20",
    "dissolved_on": "2026-03-20", "year": "2026",
}  # fmt: skip


@dataclass(frozen=True)
class Thing:
    """An object in an address: its arguments, the path of its organisation, what is narrower."""

    args: tuple[Any, ...]
    path: str
    is_draft: bool = False  # a record that was never filed
    group: UUID | None = None  # of the record
    is_adopted: bool = False  # the table that the address changes


@dataclass
class World:
    """The scene, and something of every kind in three branches."""

    scene: Scene
    things: dict[str, list[Thing]] = field(default_factory=dict)

    def put(self, names: set[str], *things: Thing) -> None:
        for name in names:
            self.things.setdefault(name, []).extend(things)

    def furnish(self) -> None:
        cast = self.scene.cast
        for organization in (
            cast.commission, cast.committee, cast.branch, cast.group, cast.far_branch,
        ):  # fmt: skip
            thing = Thing((organization.pk,), organization.path)
            self.put(OF_ORGANIZATION, thing)
            self.put({"overview-course"}, replace(thing, args=(organization.pk, 2026)))
        for person in (cast.secretary, cast.office, cast.stranger, cast.audit_admin):
            grant = Grant.objects.select_related("organization").get(person=person)
            self.put({"grant-revoke"}, Thing((grant.pk,), grant.organization.path))
        writers = (
            (cast.branch, cast.secretary), (cast.other_branch, cast.neighbour),
            (cast.far_branch, cast.stranger),
        )  # fmt: skip
        for branch, writer in writers:
            self.furnish_branch(branch, writer)
        group = str(cast.group.pk)
        other = str(cast.other_group.pk)
        for key in (group, other):
            meeting = self.scene.start(activities=(Activity.GROUP_MEETING,), group=key)
            thing = Thing((meeting.pk,), cast.branch.path, is_draft=True, group=UUID(key))
            self.put(OF_RECORD, thing)

    def furnish_branch(self, branch: Organization, writer: Person) -> None:
        path = branch.path
        thing = Thing((branch.pk,), path)
        self.put(OF_BRANCH, thing)
        self.put({"book", "book-pdf", "book-docx"}, replace(thing, args=(branch.pk, 2026)))
        self.put({"overview-cell"}, replace(thing, args=(branch.pk, 2026, 3)))
        members = list(Member.objects.filter(memberships__branch=branch).order_by("id"))
        self.put(OF_MEMBER, Thing((members[0].pk,), path))
        at, since = AT, date(2026, 1, 1)
        if branch != self.scene.branch:
            appoint(
                member=members[0], organization=branch, office=Post.Office.SECRETARY, since=since,
                by=writer, at=at,
            )  # fmt: skip
        post = Post.objects.filter(organization=branch).first()
        assert post is not None
        self.put({"relieve"}, Thing((post.pk,), path))
        begin_spell(
            member=members[-1], branch=branch, kind=MemberSpell.Kind.values[0], since=since,
            by=writer, at=at,
        )  # fmt: skip
        spell = MemberSpell.objects.get(member=members[-1])
        self.put({"spell-end"}, Thing((spell.pk,), path))
        self.furnish_plan(branch, writer)
        self.furnish_records(branch, writer, members)

    def furnish_plan(self, branch: Organization, writer: Person) -> None:
        plan = Plan.objects.filter(branch=branch, year=2026).first()
        if plan is None:  # the neighbour's stays a draft, the far one's is adopted
            plan = draft_plan(branch=branch, year=2026, by=writer, at=AT)
            if branch == self.scene.cast.far_branch:
                plan = adopt_plan(plan=plan, revision=plan.revision, by=writer, at=AT)
        is_adopted = plan.state == Plan.State.ADOPTED
        line = plan.lines.first()
        assert line is not None
        self.put(OF_YEAR, Thing((branch.pk, 2026), branch.path, is_adopted=is_adopted))
        self.put(OF_LINE, Thing((line.pk,), branch.path, is_adopted=is_adopted))

    def furnish_records(self, branch: Organization, writer: Person, members: list[Member]) -> None:
        ones = [one for one in members if one.full_on is not None]
        content = self.scene.content(
            presider=str(ones[0].pk),
            recorder=str(ones[1].pk),
            attendance=tuple(Attendance(member=str(one.pk), name=one.name) for one in ones),
            decisions=(Decision("通过年度工作计划", for_=len(ones)),),
        )
        filed, draft = (
            start_record(branch=branch, by=writer, at=AT, draft=content) for _ in range(2)
        )
        for record in (filed, draft):
            note = add_attachment(
                record=record, name="通知.pdf", stream=io.BytesIO(PDF), by=writer, at=AT
            )
            self.put({"attachment"}, Thing((note.pk,), branch.path, is_draft=record == draft))
        filed.refresh_from_db()
        file_record(
            record=filed, revision=filed.revision, submission=uuid4(), by=writer, at=AT
        )  # fmt: skip
        draft.refresh_from_db()
        self.put(OF_RECORD, Thing((draft.pk,), branch.path, is_draft=True))
        self.put(OF_FILED, Thing((filed.pk,), branch.path))
        seal = seal_branch(branch=branch, by=writer, at=AT)
        self.put({"seal-countersign"}, Thing((seal.pk,), branch.path))

    def asked(self) -> Iterator[tuple[str, Verb, Thing]]:
        """Every address that wants a verb, with every object."""
        for name, verb in RIGHTS.items():
            if isinstance(verb, Verb):
                for thing in [Thing((), "")] if name in ANYWHERE else self.things[name]:
                    yield name, verb, thing


@pytest.fixture
def world(db: Any, freeze: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> World:
    freeze(AT)
    # Typesetting is tested in its own room; here it is asked for by many.
    monkeypatch.setattr("zhibu.web.views.books.typeset_book", lambda _: PDF)
    monkeypatch.setattr("zhibu.web.views.books.write_book_docx", lambda _: b"PK")
    monkeypatch.setattr("zhibu.web.views.overview.draw_year_course", lambda _: "<svg/>")
    held.cache_clear()
    made = World(make_scene())
    made.furnish()
    return made


@cache
def held(person: Person) -> Reach:
    """How far somebody reaches, asked for once."""
    return reach_of(person, AT)


def may(person: Person, name: str, verb: Verb, thing: Thing, *, writes: bool) -> bool:
    """What the table of roles says."""
    reach = held(person)
    if name in ANYWHERE:
        return reach.has(verb)
    return reach.may(verb, thing.path) and _narrower(person, name, thing, writes=writes)


def _narrower(person: Person, name: str, thing: Thing, *, writes: bool) -> bool:
    """Where the right on the branch alone is not enough."""
    reach = held(person)
    if name == "organization-dissolve":  # by the level above
        return bool(thing.path[:-4]) and reach.may(Verb.EDIT_ORGANIZATION, thing.path[:-4])
    if name in AMENDS and thing.is_adopted and writes:
        return reach.may(Verb.ADOPT_PLAN, thing.path)
    if thing.is_draft:  # for those who could write it; a group's leader: the own group's
        if not reach.may(Verb.DRAFT_RECORD, thing.path):
            return False
        holds = [hold for hold in reach.holds if hold.role is not Role.GROUP_LEADER]
        return bool(holds) or thing.group in reach.groups(thing.path)
    return True


def state() -> dict[str, list[Any]]:
    """Every row of every table, but the sessions."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values_list())
        for model in apps.get_models()
        if model._meta.app_label != "sessions"
    }


def names() -> set[str]:
    """The name of every address of the project that is a page of ours."""
    found: set[str] = set()

    def walk(patterns: list[Any]) -> None:
        for each in patterns:
            if hasattr(each, "url_patterns"):
                walk(each.url_patterns)
            else:
                found.add(each.name)

    walk(get_resolver().url_patterns)
    return found


def test_every_address_has_a_right_and_is_walked(world: World) -> None:
    """A new address that nobody thought of fails here."""
    assert names() == set(RIGHTS)
    wanting = {name for name, verb in RIGHTS.items() if isinstance(verb, Verb)} - ANYWHERE
    assert wanting == set(world.things)


def test_everybody_sees_what_the_table_of_roles_says(world: World) -> None:
    """An allowed page opens; any other is not there, for htmx as for a whole page.

    Every refusal is asked for; of the pages that somebody may open, two of each address.
    """
    wrong = []
    seen = dict.fromkeys(RIGHTS, 0)
    for who, person in world.scene.cast.people().items():
        client = client_of(person)
        opened = dict.fromkeys(RIGHTS, 0)
        for number, (name, verb, thing) in enumerate(world.asked()):
            is_allowed = may(person, name, verb, thing, writes=False)
            opened[name] += is_allowed
            seen[name] += is_allowed
            if name in ONLY_POST or (is_allowed and opened[name] > 2):
                continue
            headers = {"HX-Request": "true"} if number % 2 else {}
            got = client.get(reverse(name, args=thing.args), headers=headers).status_code
            if got not in ({200, 302, 303} if is_allowed else {404}):
                wrong.append((who, name, thing, is_allowed, got))
    assert not wrong, wrong[:20]
    assert [
        name for name, verb, _ in world.asked() if not seen[name] and name not in ONLY_POST
    ] == []


def test_a_refused_form_changes_nothing(world: World) -> None:
    """404 (405 where nothing is ever sent), and every row of the database stays as it was.

    Everybody sends each form once, about the first object that is not theirs to change.
    """
    wrong = []
    people = world.scene.cast.people()
    clients = {who: client_of(person) for who, person in people.items()}
    sent: set[tuple[str, str]] = set()
    before = state()
    for who, person in people.items():
        client = clients[who]
        for number, (name, verb, thing) in enumerate(world.asked()):
            if (who, name) in sent or may(person, name, verb, thing, writes=True):
                continue
            sent.add((who, name))
            headers = {"HX-Request": "true"} if number % 2 else {}
            address = reverse(name, args=thing.args)
            got = client.post(address, {**SENT, "submission": str(uuid4())}, headers=headers)
            if got.status_code not in {404, 405}:
                wrong.append((who, name, thing, got.status_code))
        assert state() == before, who
    assert not wrong, wrong[:20]


def test_without_signing_in_there_is_only_the_way_to_sign_in(world: World) -> None:
    """Neither reading nor sending; the public pages open."""
    client = Client()
    before = state()
    for name, _, thing in world.asked():
        for ask in (client.get, client.post):
            answer = ask(reverse(name, args=thing.args))
            assert answer.status_code == 302, name
            assert answer["Location"].startswith(reverse("sign-in")), name
    for name in [name for name, verb in RIGHTS.items() if verb == SIGNED_IN]:
        args = {"norm": ("small", "1"), "norm-requirement": ("small", "1", "D1")}.get(name, ())
        assert client.get(reverse(name, args=args))["Location"].startswith(reverse("sign-in"))
    for name in [name for name, verb in RIGHTS.items() if verb == PUBLIC]:
        assert client.get(reverse(name)).status_code == 200, name
    assert state() == before


def test_a_form_without_its_token_is_refused(world: World) -> None:
    """No address takes a form that another site made, in the name of whoever has the right there."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.scene.cast.secretary)
    before = state()
    for name, _, thing in world.asked():
        answer = client.post(reverse(name, args=thing.args), SENT)
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


def test_a_revoked_role_and_a_closed_account_end_at_the_next_request(world: World) -> None:
    """The session stays, what it opened does not."""
    cast = world.scene.cast
    client = client_of(cast.neighbour)
    address = reverse("record-list", args=[cast.other_branch.pk])
    assert client.get(address).status_code == 200
    Grant.objects.filter(person=cast.neighbour).update(until=AT)
    assert client.get(address).status_code == 404
    other = client_of(cast.stranger)
    address = reverse("record-list", args=[cast.far_branch.pk])
    assert other.get(address).status_code == 200
    Person.objects.filter(pk=cast.stranger.pk).update(is_active=False)
    assert other.get(address)["Location"].startswith(reverse("sign-in"))


def test_a_file_of_another_record_is_not_taken_out(world: World) -> None:
    """The key of a file in somebody else's draft, sent with one's own form, does nothing."""
    cast = world.scene.cast
    mine = Record.objects.filter(branch=cast.other_branch, current=None).get()
    theirs = Record.objects.filter(branch=cast.far_branch, current=None).get()
    file = theirs.files.get()
    client_of(cast.neighbour).post(
        reverse("record-save", args=[mine.pk]),
        {"revision": mine.revision, "do": f"detach:{file.pk}"},
    )
    assert theirs.files.filter(pk=file.pk).exists()
