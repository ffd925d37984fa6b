"""On a telephone: what makes it installable, and what a device sends later is taken once."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse
from tests.cast import Cast, client_of
from tests.web.record_story import MINUTES, a_line, make_table

from zhibu.handbook.models import Record, RecordVersion
from zhibu.people.keys import new_key
from zhibu.people.models import Person
from zhibu.plans.models import Plan
from zhibu.rules.contents import Attendance, AttendanceStatus, RecordContent
from zhibu.rules.contents_data import ContentError
from zhibu.web.views.later import mark_absent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]
MEETING = {
    "shown": "activities", "activities": "members_meeting", "topic": "一季度党员大会",
    "day": "2026-03-10", "began": "14:30", "ended": "16:00", "place": "三楼会议室",
    "presider": "甲一明", "agenda": "听取工作报告。", "minutes": MINUTES,
}  # fmt: skip


@pytest.fixture
def plan(cast: Cast) -> Plan:
    return make_table(cast)


def send(
    cast: Cast, person: Person, key: UUID | str, *, deed: str = "new-file", **fields: Any
) -> dict[str, Any]:
    """What a page sends later, and what it is told."""
    given = {
        **MEETING, "later-deed": deed, "later-submission": str(key),
        "later-person": str(person.pk), "later-branch": str(cast.branch.pk), **fields,
    }  # fmt: skip
    answer = client_of(person).post(reverse("later"), given)
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    return told


def test_a_telephone_can_install_it(client: Client) -> None:
    """Name, start, colours and icons of the sizes that they say they are; on every page, signed in or not."""
    page = client.get(reverse("sign-in")).content.decode()
    found = re.search(r'<link rel="manifest" href="([^"]+)">', page)
    assert found
    assert 'name="theme-color"' in page
    answer = client.get(found[1])
    assert answer["Content-Type"] == "application/manifest+json"
    told = json.loads(answer.content)
    assert (told["short_name"], told["display"], told["start_url"]) == ("支部", "standalone", "/")
    sizes = set()
    for icon in told["icons"]:
        file = finders.find(icon["src"].removeprefix("/static/"))
        assert isinstance(file, str)
        if icon["type"] == "image/png":
            width, height = struct.unpack(">II", Path(file).read_bytes()[16:24])
            assert icon["sizes"] == f"{width}x{height}"
            sizes.add((icon["purpose"], width))
    assert sizes == {(p, s) for p in ("any", "maskable") for s in (192, 512)}


def test_the_worker_lies_at_the_root(client: Client) -> None:
    """For all pages, asked for anew each time, and every file that it keeps is there."""
    assert reverse("worker") == "/worker.js"
    answer = client.get(reverse("worker"))
    assert answer["Content-Type"].startswith("text/javascript")
    assert answer["Cache-Control"] == "no-cache"
    shell = json.loads(answer.content.decode().split("\n")[0].removeprefix("const SHELL = ")[:-1])
    for file in shell["files"]:
        assert finders.find(file.removeprefix("/static/")), file
    assert shell["offline"] == reverse("offline")


def test_the_empty_page_is_nobodys(client: Client, cast: Cast) -> None:
    """Asked for without cookies, as the worker does, it says nothing of anybody."""
    page = client.get(reverse("offline"))
    assert page.status_code == 200
    text = page.content.decode()
    assert "data-person" not in text
    assert cast.secretary.name not in text
    assert "离线记录" in text


def test_filed_once_however_often_it_is_sent(cast: Cast, plan: Plan) -> None:
    """A lost answer, two tabs: one record, one version, its line done; the same answer each time."""
    key = new_key()
    first = send(cast, cast.secretary, key, absent="丙三强（出差）")
    assert first["state"] == "filed", first
    for _ in range(2):
        assert send(cast, cast.secretary, key) == first
    version = RecordVersion.objects.get()
    assert version.record_id == key
    assert Record.objects.count() == 1
    assert a_line(plan, "members_meeting").discharged_by == key
    assert client_of(cast.secretary).get(first["address"]).status_code == 200


def test_what_is_not_complete_stays_a_draft(cast: Cast, plan: Plan) -> None:
    """Nothing is filed that lacks something, and nothing that was typed is lost; sent again, once."""
    key = new_key()
    for _ in range(2):
        told = send(cast, cast.secretary, key, minutes="", agenda="")
        assert told["state"] == "draft"
        assert told["said"]
    assert not RecordVersion.objects.exists()
    record = Record.objects.get()
    assert record.draft is not None
    assert record.draft["topic"] == "一季度党员大会"
    # Somebody goes on with the draft: what the device sends again changes nothing.
    Record.objects.filter(pk=key).update(revision=2)
    assert send(cast, cast.secretary, key)["state"] == "draft"
    assert not RecordVersion.objects.exists()


def test_names_that_nobody_has_are_asked_about(cast: Cast, plan: Plan) -> None:
    """The record is not filed over them, and they stand in the minutes."""
    key = new_key()
    first = send(cast, cast.secretary, key, absent="丙三强、张无此人")
    told = send(cast, cast.secretary, key, absent="丙三强、张无此人")  # the answer was lost
    assert told == first
    assert told["state"] == "draft"
    assert "张无此人" in told["said"]
    draft = Record.objects.get().draft
    assert draft is not None
    assert "张无此人" in draft["minutes"]


@pytest.mark.parametrize(
    ("said", "states", "unknown"),
    [
        ("", ["present", "present", "present"], ()),
        ("甲", ["absent", "present", "present"], ()),
        ("甲（出差，周五回）、乙（病假）", ["leave", "leave", "present"], ()),
        ("甲(出差)，丙；乙", ["leave", "absent", "absent"], ()),
        ("丁、、（）", ["present", "present", "present"], ("丁",)),
        ("<script>、甲", ["absent", "present", "present"], ("<script>",)),
    ],
)
def test_who_was_not_there(said: str, states: list[str], unknown: tuple[str, ...]) -> None:
    """With a reason on leave, without one absent; nobody is guessed."""
    rows = tuple(Attendance(member=name, name=name) for name in "甲乙丙")
    content, left = mark_absent(RecordContent(attendance=rows, minutes="会议"), said)
    assert [row.status for row in content.attendance] == [AttendanceStatus(s) for s in states]
    assert left == unknown
    assert all(name in content.minutes for name in unknown)


def test_what_one_wrote_another_does_not_send(cast: Cast, plan: Plan) -> None:
    """On a device that is shared it waits for the person who wrote it."""
    told = send(cast, cast.secretary, new_key(), **{"later-person": str(cast.deputy.pk)})
    assert told["state"] == "waiting"
    assert not Record.objects.exists()


def test_only_where_one_may_write(cast: Cast, plan: Plan) -> None:
    """A neighbour's, a member's or a forged one leaves nothing and tells nothing."""
    for person in (cast.neighbour, cast.member, cast.stranger, cast.nobody, cast.office):
        assert send(cast, person, new_key())["state"] == "refused"
    filed = send(cast, cast.secretary, new_key())
    key = Record.objects.get().pk
    again = send(cast, cast.stranger, key)
    assert again["state"] == "refused"
    assert filed["said"] not in again["said"]
    assert Record.objects.count() == 1


def test_junk_is_refused_in_words(cast: Cast) -> None:
    """No key, no branch, another deed: an answer, no failure."""
    for fields in (
        {"later-submission": "x"}, {"later-branch": "x"}, {"later-deed": "??"},
        {"later-deed": "save", "later-record": "x"}, {"later-deed": "filing", "later-record": ""},
        {"later-deed": "file", "later-record": str(uuid4())},
    ):  # fmt: skip
        told = send(cast, cast.secretary, new_key(), **fields)
        assert told["state"] == "refused", fields
        assert told["said"], fields
    assert not Record.objects.exists()
    signed_out = Client().post(reverse("later"), {})
    assert signed_out.status_code == 302


def test_a_stranger_site_cannot_send(cast: Cast) -> None:
    """The address asks for the token like every form."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.secretary, backend="zhibu.web.entry.backend.PersonBackend")
    assert client.post(reverse("later"), {}).status_code == 403


def form_of(cast: Cast, plan: Plan) -> tuple[UUID, dict[str, str]]:
    """A draft that is open on the device, and what its form holds."""
    told = send(cast, cast.secretary, new_key(), deed="new")
    assert told["state"] == "draft"
    record = Record.objects.get()
    return record.pk, {
        **MEETING, "revision": str(record.revision), "page_key": str(uuid4()), "typed": "3",
        "later-record": str(record.pk),
    }  # fmt: skip


def test_an_open_form_is_saved_and_filed_once(cast: Cast, plan: Plan) -> None:
    """Saved with what was typed; asked to file, it files; sent again, it says the same."""
    key, fields = form_of(cast, plan)
    told = send(cast, cast.secretary, uuid4(), deed="save", **{**fields, "topic": "改过的题目"})
    assert told["state"] == "draft"
    record = Record.objects.get()
    assert record.draft is not None
    assert record.draft["topic"] == "改过的题目"
    submission = uuid4()
    fields["revision"] = str(record.revision)
    first = send(cast, cast.secretary, submission, deed="file", **fields)
    assert first["state"] == "filed", first
    assert send(cast, cast.secretary, submission, deed="file", **fields) == first
    assert RecordVersion.objects.get().record_id == key


def test_what_cannot_be_stored_stays_on_the_device(
    cast: Cast, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A draft that was refused is not told as saved, or the only copy would be thrown away."""
    key, fields = form_of(cast, plan)

    def refuse(**_: Any) -> None:
        raise ContentError("minutes", "文字过长")

    monkeypatch.setattr("zhibu.web.views.drafts.save_draft", refuse)
    told = send(cast, cast.secretary, uuid4(), deed="save", **fields)
    assert told["state"] == "refused"
    assert told["address"] == reverse("record-edit", args=[key])


def test_what_cannot_be_read_is_said_and_the_rest_is_saved(cast: Cast, plan: Plan) -> None:
    """A day that is none leaves the text in the draft, to be looked at."""
    _, fields = form_of(cast, plan)
    told = send(
        cast, cast.secretary, uuid4(), deed="file", **{**fields, "day": "2026-99-99", "topic": "新"}
    )
    assert told["state"] == "draft"
    assert "请核对" in told["said"]
    draft = Record.objects.get().draft
    assert draft is not None
    assert draft["topic"] == "新"


def test_two_who_wrote_meanwhile_both_keep_theirs(cast: Cast, plan: Plan) -> None:
    """What the other saved stays; the device is told and keeps its own."""
    key, fields = form_of(cast, plan)
    other = client_of(cast.deputy)
    other.post(reverse("record-save", args=(key,)), {**fields, "topic": "副书记写的", "do": "save"})
    told = send(cast, cast.secretary, uuid4(), deed="file", **fields)
    assert told["state"] == "conflict"
    assert "核对" in told["said"]
    draft = Record.objects.get().draft
    assert draft is not None
    assert draft["topic"] == "副书记写的"
    assert not RecordVersion.objects.exists()


def test_the_step_that_files_uses_its_own_key(cast: Cast, plan: Plan) -> None:
    """The server may have filed before the answer was lost: then it is said, not done again."""
    key, fields = form_of(cast, plan)
    submission = uuid4()
    given = {"revision": fields["revision"], "submission": str(submission)}
    client_of(cast.secretary).post(reverse("record-file", args=(key,)), given)
    told = send(
        cast, cast.secretary, submission, deed="filing", **given, **{"later-record": str(key)}
    )
    assert told["state"] == "filed"
    assert RecordVersion.objects.count() == 1


def test_filed_by_somebody_else_meanwhile(cast: Cast, plan: Plan) -> None:
    """What was written offline is not put over a filed record; the device says so and keeps it."""
    key, fields = form_of(cast, plan)
    client_of(cast.deputy).post(
        reverse("record-file", args=(key,)),
        {"revision": fields["revision"], "submission": str(uuid4())},
    )
    told = send(cast, cast.secretary, uuid4(), deed="save", **fields)
    assert told["state"] == "refused"
    assert "已经归档" in told["said"]
