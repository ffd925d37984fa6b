"""Hostile and silly input in every form, address and file: a clear message, nothing lost, no 500."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.cast import client_of
from tests.handbook.scene import AT
from tests.survival.pages import (
    BROKEN_OUT,
    CHINESE,
    ENGLISH,
    FORMULA,
    NASTY,
    RARE,
    SCRIPT,
    Field,
    Form,
    forms_of,
    spoiled,
    words_of,
)
from tests.web.world import BOOKS, ONLY_POST, World, make_world, state

from zhibu.documents.table import COLUMNS, KEY_COLUMN
from zhibu.people.roles import Verb
from zhibu.web.urls import RIGHTS

pytestmark = pytest.mark.usefixtures("data_dir")
SHOWN = ("script", "broken out", "template", "rare", "turned", "200", "1900", "2100")
DONE = {200, 204, 302, 303}
SAID = {404, 409, 422}


@dataclass(frozen=True)
class Formula:
    """A cell that is worked out."""

    text: str


@pytest.fixture
def world(db: Any, freeze: Callable[..., None]) -> World:
    freeze(AT)
    return make_world()


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written inside is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def the_forms(world: World) -> Iterator[tuple[str, Client, str, Form]]:
    """Every form of every page: the page's name, somebody who may send it, its address."""
    clients: dict[Any, Client] = {}
    for name, verb, thing in world.asked():
        people = world.people_who_may(name, verb, thing)
        if not people or name in ONLY_POST:
            continue
        client = clients.setdefault(people[0].pk, client_of(people[0]))
        address = reverse(name, args=thing.args)
        page = client.get(address)
        if page.status_code == 200 and page["Content-Type"].startswith("text/html"):
            for form in forms_of(page.content):
                yield name, client, form.action or address, form


def fault_of(answer: Any, value: str) -> str:
    """What is wrong with an answer; empty for nothing."""
    if answer.streaming:
        return ""  # a file, given out as it was taken
    page = answer.content.decode(errors="replace")
    if answer.status_code not in DONE | SAID:
        return f"status {answer.status_code}"
    if SCRIPT in page or BROKEN_OUT in page:
        return "script in the page"
    if answer.status_code in SAID:
        words = words_of(answer.content)
        if found := ENGLISH.search(words.replace(value, "")):
            return f"English: {found[0]}"
        if not CHINESE.search(words):
            return "no word of Chinese"
    return ""


def answer_of(ask: Callable[[], Any], value: str) -> str:
    """What is wrong with what is answered, exceptions included; nothing of it stays."""
    try:
        with undone():
            return fault_of(ask(), value)
    except Exception as error:  # noqa: BLE001  all of them are what is looked for
        return f"{type(error).__name__}: {str(error)[:150]}"


def post(client: Client, address: str, data: Any, what: str, field: Field) -> Any:
    """Send a form; give what the sender sees next. What was typed and not taken is still there."""
    answer = client.post(address, data)
    if what in SHOWN and answer.status_code in {302, 303}:
        return client.get(answer["Location"].partition("#")[0])
    if what in SHOWN and answer.status_code == 422 and field.kind in {"text", "textarea"}:
        assert escape(NASTY[what]) in answer.content.decode(), "what was typed is gone"
    return answer


def test_every_field_of_every_form_takes_anything(world: World) -> None:
    """Each field alone, with what no sensible person writes; the answer is a page that says so.

    What is taken is shown as text; what is not taken is still in the form.
    """
    asked: Counter[str] = Counter()
    seen: set[tuple[str, str]] = set()
    wrong = []
    for name, client, address, form in the_forms(world):
        if form.method != "post":
            continue
        for field, what, data in spoiled(form, address, seen):
            asked[name] += 1
            value = NASTY[what]

            fault = answer_of(partial(post, client, address, data, what, field), value)
            if fault:
                wrong.append((name, field.name[:60], what, fault))
    assert not wrong, (len(wrong), wrong[:20])
    assert asked.total() > 3_000, asked
    assert len(asked) >= 25, asked


FORGED: dict[str, tuple[str, ...]] = {
    "plan-holidays": ("line",),
    "plan-redraft": ("add", "end", "shift"),
    "plan-offers": ("requirement",),
    "plan-upload": ("preview", "file"),
    "plan-adopt": ("revision",),
    "record-new": ("lines", "activities", "group"),
    "record-save": (
        "do", "mine", "revision", "page_key", "typed", "shape", "group", "day", "began", "shown",
        "attendee", "element-x", "decision-1-text", "decision-1-kind", "pick-minutes",
    ),
    "record-file": ("submission", "revision", "reason"),
    "record-void": ("submission", "reason"),
    "record-discard": ("revision",),
    "record-redact": ("part", "basis", "reason"),
    "seal": ("year",),
    "seal-countersign": ("year",),
    "grant-revoke": ("x",),
}  # fmt: skip
"""Fields that a page has only at times, or hides."""
DEEDS: dict[str, str] = {
    "part": "minutes", "basis": "《档案法》", "reason": "误记", "understood": "1", "do": "redact",
}  # fmt: skip


def test_what_a_page_hides_takes_anything_too(world: World) -> None:
    """Keys, revisions, submissions and buttons, each spoiled in an otherwise good form."""
    wrong = []
    asked = 0
    for name, fields in FORGED.items():
        verb = RIGHTS.get(name)
        if not isinstance(verb, Verb):
            continue
        thing = next(each for each in world.things[name] if world.people_who_may(name, verb, each))
        client = client_of(world.people_who_may(name, verb, thing)[0])
        address = reverse(name, args=thing.args)
        page = client.get(address)
        good = next((f.data() for f in forms_of(page.content) if f.method == "post"), {})
        good = good if page.status_code == 200 else {"revision": ["1"], "do": ["save"]}
        if name == "record-redact":
            good = {**good, **{key: [value] for key, value in DEEDS.items()}}
        for field in fields:
            for what, value in NASTY.items():
                asked += 1
                twice = [{**good, field: [value, value]}] if what in SHOWN[:2] else []
                for data in ({**good, field: value}, *twice):
                    fault = answer_of(partial(client.post, address, data), value)
                    wrong += [(name, field, what, fault)] if fault else []
    assert not wrong, (len(wrong), wrong[:20])
    assert asked > 600


QUESTIONS = (
    "", "-1", "0", "9" * 4_400, "2147483648", "9223372036854775808", "1e400", "%00", "%ED%A0%80",
    "%FF%FE", "%F0%A0%AE%B7", "2100", "1899", "%3Cscript%3Ealert(1)%3C/script%3E", "%5B" * 2_000,
    "%D9%A1%D9%A2",
)  # fmt: skip
ASKED = (
    "page", "q", "who", "verb", "year", "class", "state", "kind", "a", "b", "line", "download",
    "since", "until", "day", "branch", "group", "reason", "tab", "month", "order", "next",
)  # fmt: skip


def test_every_address_takes_any_question(world: World) -> None:
    """Pages, filters, searches: nonsense is left out, or said; never an error."""
    wrong = []
    asked = 0
    seen = set()
    for name, verb, thing in world.asked():
        people = world.people_who_may(name, verb, thing)
        if name in ONLY_POST or name in seen or name.startswith("book-") or not people:
            continue
        seen.add(name)
        client = client_of(people[0])
        address = reverse(name, args=thing.args)
        for value in QUESTIONS:
            asked += 1
            query = "&".join(f"{key}={value}" for key in ASKED)
            ask = partial(client.get, address, QUERY_STRING=query)
            if fault := answer_of(ask, value):
                wrong.append((name, value[:20], fault))
    client = client_of(world.scene.cast.audit_admin)
    for address in ("/norms/", "/norms/diff/", "/norms/small/1/", "/norms/small/1/D1/"):
        for value in QUESTIONS:
            query = "&".join(f"{key}={value}" for key in ASKED)
            if fault := answer_of(partial(client.get, address, QUERY_STRING=query), value):
                wrong.append((address, value[:20], fault))
    assert not wrong, (len(wrong), wrong[:20])
    assert asked > 500


@pytest.mark.parametrize(
    "year", ["0", "1", "1899", "1948", "2100", "2101", "9999", "10000", "9" * 5_000]
)
def test_a_year_in_an_address_is_a_year_or_nothing(world: World, year: str) -> None:
    """Tables, books, courses and months of impossible years are not there."""
    branch = world.scene.branch.pk
    client = client_of(world.scene.cast.secretary)
    for address in (
        f"/b/{branch}/plan/{year}/", f"/b/{branch}/plan/{year}/draft/", f"/b/{branch}/plan/{year}/table.xlsx",
        f"/b/{branch}/book/{year}/", f"/b/{branch}/book/{year}/book.docx", f"/o/{branch}/course-{year}.svg",
        f"/o/{branch}/{year}/3/", f"/o/{branch}/2026/{year}/", f"/o/{branch}/?year={year}",
        f"/b/{branch}/records/?year={year}&page={year}",
    ):  # fmt: skip
        assert client.get(address).status_code in {200, 404}, address
        assert client.post(address).status_code in {200, 302, 303, 404, 405, 422}, address
    assert client.post(f"/b/{branch}/seal/", {"year": year}).status_code == 303


LETTERS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
ODD = st.one_of(
    LETTERS, st.sampled_from(list(NASTY.values())), st.integers().map(str), st.uuids().map(str),
    st.dates().map(str), st.times().map(str),
)  # fmt: skip
FEW = settings(
    max_examples=60, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


@FEW
@given(data=st.data())
def test_any_form_of_a_record_can_be_saved_and_opened_again(drawn_from: Any, data: Any) -> None:
    """Whatever the browser sends for a draft, the draft opens afterwards, and says what is missing."""
    client, record, good = drawn_from
    keys = [*good, "do", "decision-2-text", "decision-99-candidate-1-name", "element-a", "lines"]
    sent: dict[str, Any] = dict(good)
    for key in data.draw(st.lists(st.sampled_from(keys), min_size=1, max_size=8)):
        sent[key] = data.draw(ODD | st.lists(ODD, max_size=3))
    deed = data.draw(
        st.sampled_from(["save", "file", "add-decision", "refresh", "", "remove-decision:1"])
    )
    with undone():
        headers = {"HX-Request": "true"} if data.draw(st.booleans()) else {}
        answer = client.post(
            reverse("record-save", args=[record]), {**sent, "do": deed}, headers=headers
        )
        assert answer.status_code in {200, 303, 409, 422}
        for name in ("record-edit", "record-file"):
            page = client.get(reverse(name, args=[record]))
            assert page.status_code == 200
            assert SCRIPT not in page.content.decode()


@pytest.fixture
def drawn_from(world: World) -> Any:
    thing = next(each for each in world.things["record-edit"] if each.is_draft)
    client = client_of(world.scene.cast.secretary)
    page = client.get(reverse("record-edit", args=thing.args))
    form = next(f for f in forms_of(page.content) if len(f.fields) > 10)
    return client, thing.args[0], form.data()


CELLS = st.one_of(
    st.none(), LETTERS, st.sampled_from(["B", "T", "X", "x", "", *NASTY.values()]).map(lambda t: t[:30_000]),
    st.integers(-(10**9), 10**9), st.floats(allow_nan=False, allow_infinity=False), st.booleans(),
    st.datetimes(datetime(1900, 3, 1), datetime(2100, 12, 31)), st.just("=1+1").map(Formula),
)  # fmt: skip


@FEW
@given(rows=st.lists(st.lists(CELLS, max_size=14), max_size=12), seed=st.integers(0, 99))
def test_any_sheet_gets_a_preview_with_its_faults(
    sheet_desk: Any, rows: list[list[Any]], seed: int
) -> None:
    """Any cells under the right headers: a preview, faults by row, and nothing applied by itself."""
    client, address, keys = sheet_desk
    content = a_sheet(rows, keys, seed)
    with undone():
        before = state()
        answer = client.post(address, {"file": SimpleUploadedFile("表.xlsx", content)})
        assert answer.status_code in {200, 422}
        assert SCRIPT not in answer.content.decode()
        assert state() == before
        sealed = re.search(r'name="preview" value="([^"]+)"', answer.content.decode())
        if sealed:
            revision = re.search(r'name="revision" value="(\d+)"', answer.content.decode())
            assert revision is not None
            sent = {"preview": sealed[1], "revision": revision[1], "reason": "按上级要求"}
            assert client.post(address, sent).status_code in {303, 409, 422}


@pytest.fixture
def sheet_desk(world: World) -> Any:
    plan = world.scene.plan
    keys = [str(line.pk) for line in plan.lines.order_by("planned_on")[:6]]
    address = reverse("plan-upload", args=[plan.branch_id, plan.year])
    return client_of(world.scene.cast.secretary), address, keys


def a_sheet(rows: list[list[Any]], keys: list[str], seed: int) -> bytes:
    """A workbook with the headers of the table, these rows, and keys of lines in some of them."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet()
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for column, (_, names) in enumerate(COLUMNS):
        sheet.write_string(0, column, names[0])
    sheet.write_string(0, len(COLUMNS), KEY_COLUMN)
    for at, row in enumerate(rows, 1):
        for column, value in enumerate(row[: len(COLUMNS)]):
            if isinstance(value, Formula):
                sheet.write_formula(at, column, value.text)
            elif isinstance(value, datetime):
                sheet.write_datetime(at, column, value, day)
            elif isinstance(value, str):
                sheet.write_string(at, column, re.sub("[\ud800-\udfff]", "", value))
            elif value is not None:
                sheet.write(at, column, value)
        if (at + seed) % 3 == 0:
            sheet.write_string(at, len(COLUMNS), keys[(at * seed) % len(keys)])
    book.close()
    return out.getvalue()


def test_no_export_holds_a_formula_or_script(world: World) -> None:
    """Names and topics that begin with = + - @ stay text in every Excel file and in the books."""
    cast = world.scene.cast
    nasty = [
        FORMULA,
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        SCRIPT,
        RARE,
        "#set page(width: 1cm) $x$ [",
        "名" * 200,
    ]
    for number, organization in enumerate((cast.branch, cast.other_branch, cast.far_branch)):
        name = nasty[number]
        type(organization).objects.filter(pk=organization.pk).update(
            name=name, short_name=name[:60]
        )
    for number, member in enumerate(cast.members):
        type(member).objects.filter(pk=member.pk).update(name=nasty[number % len(nasty)])
    for number, line in enumerate(world.scene.plan.lines.all()):
        words = nasty[number % len(nasty)]
        type(line).objects.filter(pk=line.pk).update(
            topic=words, form=words, presenter=words, responsible=words, remark=words
        )
    taken = Counter[str]()
    for name, verb, thing in world.asked():
        people = world.people_who_may(name, verb, thing)
        if not people or not (name.endswith("xlsx") or name in BOOKS):
            continue
        if thing.path != cast.branch.path and name in BOOKS:
            continue
        answer = client_of(people[0]).get(reverse(name, args=thing.args))
        assert answer.status_code == 200, name
        content = b"".join(answer) if answer.streaming else answer.content
        taken[name] += 1
        if content[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(content)) as package:
                for part in package.namelist():
                    text = package.read(part)
                    assert b"<f>" not in text, (name, part)
                    assert b"<hyperlink" not in text, (name, part)
                    assert SCRIPT.encode() not in text or part.endswith((".json", ".txt")), (
                        name,
                        part,
                    )
    assert {"plan-xlsx", "overview-xlsx", "book-pdf", "book-docx"} <= set(taken)


def test_the_marked_file_of_an_import_that_was_given_up_is_not_there(world: World) -> None:
    """An old tab still offers it: its rows are gone, so it is no page, and no error."""
    (thing, *_) = world.things["import-marked"]
    client = client_of(world.scene.cast.secretary)
    address = reverse("import-marked", args=thing.args)
    assert client.get(address).status_code == 200
    assert client.post(reverse("import-discard", args=thing.args)).status_code in {302, 303}
    assert client.get(address).status_code == 404
