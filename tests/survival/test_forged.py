"""What no browser sends: forged fields, unreadable bodies, other hosts, keys of elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from tests.cast import Cast, client_of
from tests.survival.pages import CHINESE, ENGLISH, words_of
from tests.web.record_story import Writer, a_line, fields_of, make_table
from tests.web.test_attachments import PNG

from zhibu.handbook.models import Attachment, Record
from zhibu.org.models import Member
from zhibu.plans.models import Plan
from zhibu.rules.contents_data import from_data, to_data

pytestmark = pytest.mark.usefixtures("data_dir")


@pytest.fixture
def cast(db: Any, freeze: Callable[..., None]) -> Cast:
    from tests.cast import make_cast

    freeze(datetime.fromisoformat("2026-03-12T10:30:00+08:00"))
    return make_cast()


@pytest.fixture
def plan(cast: Cast) -> Plan:
    return make_table(cast)


@pytest.fixture
def writer(cast: Cast, plan: Plan) -> Writer:
    return Writer(cast.secretary).start(cast, a_line(plan, "members_meeting"))


@pytest.fixture
def torn(cast: Cast, writer: Writer) -> Writer:
    """Somebody else has saved meanwhile: the conflict page carries the writer's text as JSON."""
    Writer(cast.deputy).open(Record.objects.get(pk=writer.key)).send("save", minutes="乙的内容")
    page = writer.send("save", minutes="甲的内容")
    assert page.status_code == 409
    writer.data = fields_of(page.content, "")
    return writer


def draft_of(writer: Writer) -> dict[str, Any]:
    draft = Record.objects.get(pk=writer.key).draft
    assert isinstance(draft, dict)
    return draft


def send_mine(torn: Writer, mine: str) -> Any:
    address = reverse("record-save", args=[torn.key])
    return torn.client.post(address, {**torn.data, "mine": [mine], "do": "keep-mine"})


MINE: dict[str, Any] = {
    "deep": "[" * 200_000,
    "deep object": '{"elements":' * 50_000,
    "with a zone": {"began_at": "2026-03-10T14:30:00+08:00"},
    "year 1": {"began_at": "0001-01-01T00:00:00"},
    "year 9999": {"began_at": "2026-03-10T14:30", "ended_at": "9999-12-31T23:59:59"},
    "huge count": '{"decisions":[{"text":"x","for":' + "9" * 5000 + "}]}",
    "not a number": '{"decisions":[{"text":"x","for":NaN}]}',
    "surrogate": '{"minutes":"\\ud800"}',
    "nul": '{"minutes":"\\u0000"}',
    "keys that are none": {
        "group": "x", "lines": ["y", str(uuid4())], "presider": "00000000-z",
        "attendance": [{"member": "m", "name": "某", "status": "present"}],
        "attachments": [{"key": "../../x", "name": "x"}],
    },
    "elements": {"elements": {"<script>alert(1)</script>": "x" * 1000, "": "y"}},
    "ended before it began": {"began_at": "2026-03-10T14:30", "ended_at": "2026-03-09T14:30"},
}  # fmt: skip


@pytest.mark.parametrize("mine", MINE.values(), ids=MINE.keys())
def test_a_forged_draft_is_refused_or_can_still_be_opened(torn: Writer, mine: Any) -> None:
    """The hidden JSON of the conflict page: whatever it says, the draft opens and can be filed or not."""
    if not isinstance(mine, str):
        mine = json.dumps({**json.loads(torn.data["mine"][0]), **mine}, ensure_ascii=False)
    answer = send_mine(torn, mine)
    assert answer.status_code in {303, 409, 422}
    assert to_data(from_data(draft_of(torn))) == draft_of(torn)
    assert torn.client.get(reverse("record-edit", args=[torn.key])).status_code == 200
    filing = torn.client.get(reverse("record-file", args=[torn.key]))
    assert filing.status_code == 200
    sent = {name: fields_of(filing.content, "").get(name, [""])[0] for name in ("submission",)}
    revision = Record.objects.get(pk=torn.key).revision
    filed = torn.client.post(
        reverse("record-file", args=[torn.key]), {"revision": revision, **sent}
    )
    assert filed.status_code in {302, 303}


def test_nobody_is_added_to_those_present(torn: Writer) -> None:
    """A person who stands on no roster, with a vote, in the forged list: not believed."""
    mine = json.loads(torn.data["mine"][0])
    ghost = {"member": "", "name": "无此人", "status": "present", "has_vote": True}
    mine["attendance"].append({**ghost, "is_expected": True})
    send_mine(torn, json.dumps(mine))
    assert [row["name"] for row in draft_of(torn)["attendance"]].count("无此人") == 0
    assert len(draft_of(torn)["attendance"]) == len(mine["attendance"]) - 1


def test_the_key_of_a_member_elsewhere_tells_no_name(cast: Cast, writer: Writer) -> None:
    """Typed as presider, recorder or present: neither the form nor the filed record names them."""
    foreign = Member.objects.filter(memberships__branch=cast.far_branch).first()
    assert foreign is not None
    key = str(foreign.pk)
    writer.data.update({"attendee": [*writer.data["attendee"], key], f"status-{key}": ["present"]})
    writer.complete(presider=key, recorder=key.upper(), guests=key)
    writer.send("save", presider="甲一明", recorder=key)
    assert foreign.name not in writer.html
    writer.file()
    record = Record.objects.get(pk=writer.key)
    for name, args in (("record", [record.pk]), ("record-edit", [record.pk])):
        page = writer.client.get(reverse(name, args=args), follow=True).content.decode()
        assert foreign.name not in page
    assert foreign.name not in json.dumps(record.draft or "", ensure_ascii=False)


def test_the_branch_s_own_members_of_another_day_keep_their_place(
    cast: Cast, writer: Writer
) -> None:
    """Who presided has left the roster of the day since: the draft still knows them."""
    writer.send("save", presider="甲一明", day="2026-03-10")
    key = draft_of(writer)["presider"]
    assert key == str(cast.members[0].pk)
    writer.open(Record.objects.get(pk=writer.key)).send("save", day="2014-03-10", presider=key)
    assert draft_of(writer)["presider"] == key


UNREADABLE: dict[str, tuple[str, bytes | str, str]] = {
    "10,000 fields": ("application/x-www-form-urlencoded", "a=1&" * 10_000, "项目过多"),
    "6 MB of text": ("application/x-www-form-urlencoded", b"minutes=" + b"x" * 6_000_000, "文字过多"),
    "no boundary": ("multipart/form-data", b"--x\r\n", "没有保存"),
    "a boundary that is none": (f"multipart/form-data; boundary={'x' * 300}", b"--x", "没有保存"),
}  # fmt: skip


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_cannot_be_read_is_told_in_chinese(writer: Writer, what: str) -> None:
    """400 with a sentence that says what to do; the draft stays as it was saved."""
    kind, body, words = UNREADABLE[what]
    before = draft_of(writer)
    answer = writer.client.generic(
        "POST", reverse("record-save", args=[writer.key]), body, content_type=kind
    )
    assert answer.status_code == 400
    said = words_of(answer.content)
    assert words in said
    assert not ENGLISH.search(said)
    assert draft_of(writer) == before


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "", "x"])
def test_a_body_that_is_no_form_is_an_empty_form(writer: Writer, kind: str) -> None:
    """Nothing of it is read, and nothing that was saved is lost."""
    before = draft_of(writer)
    answer = writer.client.generic(
        "POST", reverse("record-save", args=[writer.key]), '{"do":"save"}', content_type=kind
    )
    assert answer.status_code in {303, 409, 422}
    assert draft_of(writer) == before


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:8000@evil.example", "a b", ""])
def test_another_host_is_refused_in_chinese(cast: Cast, host: str) -> None:
    """No link or redirect is ever made from it."""
    answer = client_of(cast.secretary).get(reverse("home"), headers={"Host": host})
    assert answer.status_code == 400
    assert CHINESE.search(words_of(answer.content))
    assert b"evil" not in answer.content


def test_no_redirect_leads_elsewhere(cast: Cast, plan: Plan) -> None:
    """Neither `next` nor a path with two slashes nor a header sends anybody off the site."""
    client = client_of(cast.secretary)
    page = reverse("branch-home", args=[cast.branch.pk])
    for address in (
        f"{page}?next=https://evil.example/", "//evil.example/..", "/\\evil.example", "/%5cevil.example",
        f"/{page}"[1:].rstrip("/"), "/b", "//evil.example",
    ):  # fmt: skip
        answer = client.get(
            address, headers={"X-Forwarded-Host": "evil.example", "Referer": "https://evil.example"}
        )
        assert not answer.get("Location", "/").startswith(("//", "http", "/\\")), address
    out = Client().get(f"{page}?x=//evil.example")["Location"]
    assert out.startswith("/")
    assert not out.startswith("//")


NAMES = {
    "../../../etc/passwd.png": "passwd.png",
    "..\\..\\boot.png": "boot.png",
    "a\r\nSet-Cookie: x=1.png": "Set-Cookie x=1.png",
    "很" * 300 + ".png": "很" * 196 + ".png",
    "<script>alert(1)</script>.png": "script.png",
    "𠮷·买买提.png": "𠮷·买买提.png",
    "表\u202egnp.exe.png": "表gnp.exe.png",
}


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_a_file_is_a_name_and_nothing_else(
    writer: Writer, settings: Any, name: str
) -> None:
    """No path, no header, no direction, no script; the file lies under its own key."""
    writer.send("attach", files=SimpleUploadedFile("x.png", PNG))
    file = Attachment.objects.get()
    Attachment.objects.all().delete()
    body = (
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="'
        + name.replace("\r\n", "%0D%0A").encode()
        + b'"\r\nContent-Type: text/html\r\n\r\n'
        + PNG
        + b"\r\n--x\r\n"
        b'Content-Disposition: form-data; name="do"\r\n\r\nattach\r\n--x--\r\n'
    )
    writer.client.generic(
        "POST", reverse("record-save", args=[writer.key]), body,
        content_type="multipart/form-data; boundary=x",
    )  # fmt: skip
    file = Attachment.objects.get()
    assert "/" not in file.name
    assert "\\" not in file.name
    assert file.file.path.startswith(str(settings.MEDIA_ROOT))
    assert file.file.path.endswith(file.pk.hex)
    answer = writer.client.get(reverse("attachment", args=[file.pk]))
    assert answer["Content-Type"] == "image/png"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers
    page = writer.client.get(reverse("record-edit", args=[writer.key])).content.decode()
    assert "<script>alert(1)" not in page
