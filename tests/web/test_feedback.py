"""反映 in the browser: two taps from every page, with and without a name, and what comes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.cast import client_of
from tests.web.conftest import TODAY

from zhibu.ledger.models import Entry
from zhibu.network.feedback.allowance import ALLOWANCE
from zhibu.network.feedback.models import Case, Feedback
from zhibu.network.feedback.services import answer_case, close_case
from zhibu.org.models import Grant
from zhibu.people.roles import Role
from zhibu.rules.feedback import About, CaseState
from zhibu.web import clock

if TYPE_CHECKING:
    from tests.cast import Cast

pytestmark = pytest.mark.django_db
NEW = "/feedback/new/"
TEXT = "记录页面在手机上保存按钮被键盘挡住了"
CODE = re.compile(r"<code>([0-9A-Z-]{19})</code>")


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    ALLOWANCE.forget()
    yield
    ALLOWANCE.forget()


def form_of(client: Client, at: str = "") -> dict[str, str]:
    """What the form sends when nothing but the text is filled in."""
    page = client.get(NEW, {"at": at})
    assert page.status_code == 200
    form = page.context["page"].form
    way = form["way"].value()
    return {
        "text": TEXT, "about": form["about"].value(), "name": "named", "way": way, "at": at,
        "secret": str(form["secret"].value()),
    }  # fmt: skip


def send(client: Client, at: str = "", **changes: str) -> Any:
    return client.post(NEW, {**form_of(client, at), **changes})


def test_every_page_leads_there_in_one_tap_with_its_address(cast: Cast) -> None:
    """The foot of the page carries where one stands; what does not exist says nothing of itself."""
    client = client_of(cast.secretary)
    for address in (
        reverse("branch-home", args=[cast.branch.pk]), reverse("norm-list"), reverse("own"),
        reverse("roster", args=[cast.branch.pk]), reverse("more"),
    ):  # fmt: skip
        page = client.get(address).content.decode()
        assert f'href="{NEW}?at={address}">反映问题</a>' in page
    gone = client.get(f"/b/{uuid4()}/")
    assert gone.status_code == 404
    assert f'href="{NEW}">反映问题</a>' in gone.content.decode()


@pytest.mark.parametrize(
    ("name", "args", "about"),
    [
        ("norm-list", (), "norm"),
        ("plan", ("branch", 2026), "table"),
        ("record-list", ("branch",), "handbook"),
        ("book", ("branch", 2026), "handbook"),
        ("branch-home", ("branch",), "network"),
        ("own", (), "network"),
    ],
)
def test_which_of_the_four_is_filled_in(
    cast: Cast, name: str, args: tuple[Any, ...], about: str
) -> None:
    """From where one stands; it may be chosen otherwise."""
    keys = [cast.branch.pk if arg == "branch" else arg for arg in args]
    client = client_of(cast.member)
    assert form_of(client, reverse(name, args=keys))["about"] == about
    send(client, reverse(name, args=keys), about="norm", text="另选")
    assert Case.objects.get().about == About.NORM


def test_a_requirement_has_it_beside_it(cast: Cast, small_norm: str) -> None:
    """The link stands at the requirement, and the case knows which one it is about."""
    client = client_of(cast.secretary)
    assert f"{NEW}?at={small_norm}" in client.get(small_norm).content.decode()
    assert "反映这项规定" in client.get(small_norm).content.decode()
    page = client.get(NEW, {"at": small_norm})
    assert "关于规定“" in page.content.decode()
    send(client, small_norm)
    case = Case.objects.get()
    assert (case.about, case.organization, bool(case.code), bool(case.title)) == (
        About.NORM, cast.committee, True, True,
    )  # fmt: skip


@pytest.fixture
def small_norm(cast: Cast) -> str:
    """The address of a requirement that is loaded."""
    from zhibu.norms.facts import norm_of
    from zhibu.norms.queries import list_versions
    from zhibu.norms.services import load_catalogue

    load_catalogue(by=None, at=clock.now())
    version = next(iter(list_versions()))
    code = norm_of(version).requirements[0].code
    return reverse("norm-requirement", args=[version.pack, version.version, code])


def test_everybody_signed_in_may_send(cast: Cast) -> None:
    """Whatever the role, and without any; nobody else."""
    assert Client().get(NEW)["Location"].startswith(reverse("sign-in"))
    for who, person in cast.people().items():
        answer = send(client_of(person), text=f"{who}说的")
        assert answer.status_code == 303, who
        row = Feedback.objects.get(text=f"{who}说的")
        assert row.person == person
        page = client_of(person).get(answer["Location"])
        assert f"{who}说的" in page.content.decode()


def test_somebody_with_several_seats_chooses(cast: Cast) -> None:
    """From which organisation, and who handles it; a way that is not offered is refused."""
    Grant.objects.create(
        person=cast.secretary, role=Role.MEMBER, organization=cast.far_branch, since=clock.now()
    )
    client = client_of(cast.secretary)
    form = client.get(NEW).context["page"].form
    ways = dict(form.fields["way"].choices)
    assert len(ways) == 4
    assert f"从{cast.far_branch.short_name}反映，{cast.far_branch.short_name}办理" in ways.values()
    chosen = f"{cast.far_branch.pk} {cast.far_committee.pk}"
    assert chosen in ways
    send(client, way=chosen)
    assert Feedback.objects.get().organization == cast.far_branch
    for way in (f"{cast.far_branch.pk} {cast.committee.pk}", "x y", "", str(uuid4())):
        answer = send(client, way=way, text="不该送到")
        assert answer.status_code == 422
    assert Feedback.objects.count() == 1


def test_without_a_name_the_code_is_shown_once_and_nothing_kept(cast: Cast) -> None:
    """No redirect, no message, no line, nothing in the session; the code opens the course."""
    client = client_of(cast.member)
    client.get(reverse("own"))
    sessions = set(Session.objects.values_list("session_data", flat=True))
    entries = Entry.objects.count()
    answer = send(client, reverse("branch-home", args=[cast.branch.pk]), name="nameless")
    assert answer.status_code == 200
    assert answer["Cache-Control"].startswith(("max-age=0", "private", "no-")) is True
    assert "no-store" in answer["Cache-Control"]
    code = CODE.search(answer.content.decode())
    assert code is not None
    assert set(Session.objects.values_list("session_data", flat=True)) == sessions
    assert Entry.objects.count() == entries
    row = Feedback.objects.get()
    assert (row.person, row.organization, row.address, row.case.page) == (None, None, "", "")
    assert row.addressed_to == cast.commission
    # its own list does not hold it, any session opens it with the code alone
    assert TEXT not in client.get(reverse("feedback-mine")).content.decode()
    for person in (cast.member, cast.stranger):
        shown = client_of(person).post(reverse("feedback-code"), {"code": code[1].lower()})
        assert shown.status_code == 200
        assert TEXT in shown.content.decode()
        assert cast.member.name not in shown.content.decode().partition("<main")[2]
    for wrong in ("", "0000-0000-0000-0000", "<script>alert(1)</script>", "\x00", "𠮷" * 16):
        shown = client.post(reverse("feedback-code"), {"code": wrong})
        assert shown.status_code == 422
        assert "<script>alert" not in shown.content.decode()
    assert client.get(reverse("feedback-code"), {"code": code[1]}).status_code == 200
    assert TEXT not in client.get(reverse("feedback-code"), {"code": code[1]}).content.decode()


def test_without_a_name_one_asks_again_by_the_code(cast: Cast) -> None:
    """Once, with a reason; the second time it says so and nothing changes."""
    client = client_of(cast.member)
    found = CODE.search(send(client, name="nameless").content.decode())
    assert found is not None
    code = found[1]
    case = Case.objects.get()
    answer_case(case=case, answer="请升级手机系统。", by=cast.keeper, at=clock.now())
    page = client.post(reverse("feedback-code"), {"code": code}).content.decode()
    assert "请升级手机系统。" in page
    assert "要求继续办理" in page
    empty = client.post(reverse("feedback-code"), {"code": code, "reason": ""})
    assert empty.status_code == 422
    again = client.post(reverse("feedback-code"), {"code": code, "reason": "已经升级，还是挡住"})
    assert "已要求继续办理" in again.content.decode()
    case.refresh_from_db()
    assert case.state == CaseState.RECEIVED
    answer_case(case=case, answer="已改。", by=cast.keeper, at=clock.now())
    once = client.post(reverse("feedback-code"), {"code": code, "reason": "再来"})
    assert once.status_code == 422
    assert "不能再次提出" in once.content.decode()


def test_what_was_typed_survives_every_error(cast: Cast) -> None:
    """Nothing filled in, too long, too often: 422, a sentence, the text, and one form's secret."""
    client = client_of(cast.member)
    sent = form_of(client)
    for changes, words in (
        ({"text": ""}, "请写明要反映的问题"),
        ({"text": "长" * 2001}, "2000"),
        ({"about": "everything"}, 'role="alert"'),
        ({"name": ""}, ""),
        ({"text": TEXT + "\x00"}, ""),
    ):
        answer = client.post(NEW, {**sent, **changes})
        page = answer.content.decode()
        assert answer.status_code == 422, changes
        assert words in page
        if "text" not in changes:
            assert TEXT in page
        assert sent["secret"] in page
    assert not Feedback.objects.exists()
    for lost in ("", "no", "\x00"):
        assert (
            client.post(NEW, {**sent, "secret": lost, "text": f"丢{len(lost)}"}).status_code == 303
        )
    for number in range(7):
        send(client, text=f"第{number}次")
    answer = send(client, text="写了很久的第十一次")
    assert answer.status_code == 422
    assert "写了很久的第十一次" in answer.content.decode()
    assert "稍后再试" in answer.content.decode()


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "𠮷" * 200, "'; DROP TABLE x; --", "a\r\nb", "名" * 2000]
)
def test_hostile_words_are_words(cast: Cast, text: str) -> None:
    """Shown to asker and office as they were written, as text (mistake 6)."""
    client = client_of(cast.deputy)
    to = f"{cast.branch.pk} {cast.committee.pk}"
    answer = send(client, text=text, way=to)
    case = Case.objects.get()
    for who, address in (
        (cast.deputy, answer["Location"]),
        (cast.office, reverse("feedback-case", args=[case.pk])),
        (cast.office, reverse("feedback-desk", args=[cast.committee.pk])),
    ):
        page = client_of(who).get(address)
        assert page.status_code == 200
        assert "<script>alert" not in page.content.decode()


@pytest.mark.parametrize(
    "at", ["//evil.example/", "javascript:alert(1)", "/nowhere/", "\x00", "/b/x/", "/norms/a/1/\x00/",
           "/norms/none/1/B-01/", "a" * 5000, "/m/?" + "q" * 400],
)  # fmt: skip
def test_a_hostile_place_is_no_place(cast: Cast, at: str) -> None:
    """The way back leads inside, nothing breaks, it is about the network."""
    client = client_of(cast.member)
    page = client.get(NEW, {"at": at})
    assert page.status_code == 200
    assert page.context["page"].back.startswith("/")
    assert not page.context["page"].back.startswith("//")
    assert send(client, at[:200].replace("\x00", ""), text=at or "空").status_code in {303, 422}


def test_nobody_opens_what_another_sent(cast: Cast) -> None:
    """Neither neighbour nor secretary nor office sees an asker's own page (mistake 14)."""
    answer = send(client_of(cast.member))
    for who, person in cast.people().items():
        status = client_of(person).get(answer["Location"]).status_code
        assert status == (200 if person == cast.member else 404), who
        status = client_of(person).post(answer["Location"], {"reason": "x"}).status_code
        assert status == (422 if person == cast.member else 404), who


def test_with_a_name_one_asks_again(cast: Cast) -> None:
    """The course shows each step; asked once more it is in hand again, a second time refused."""
    client = client_of(cast.secretary)
    address = send(client)["Location"]
    case = Case.objects.get()
    assert "要求继续办理" not in client.get(address).content.decode()
    answer_case(case=case, answer="请升级。", by=cast.office, at=clock.now())
    assert "请升级。" in client.get(address).content.decode()
    assert client.post(address, {"reason": ""}).status_code == 422
    assert client.post(address, {"reason": "没有用"}).status_code == 303
    case.refresh_from_db()
    assert case.state == CaseState.RECEIVED
    assert "反映人要求继续办理" in client.get(address).content.decode()
    assert client.post(address, {"reason": "没有用"}).status_code == 422


def test_what_changed_is_told_to_the_scope_and_to_nobody_else(cast: Cast) -> None:
    """Summary, answer and outcome; neither text nor name; not of a committee elsewhere."""
    send(client_of(cast.secretary))
    case = Case.objects.get()
    now = clock.now()
    answer_case(case=case, answer="按钮已上移。", by=cast.office, at=now)
    address = reverse("feedback-improvements")
    assert "按钮已上移" not in client_of(cast.member).get(address).content.decode()
    close_case(
        case=case, summary="手机上看不到保存", outcome="下一版已改。", by=cast.office, at=now
    )
    for person in (cast.member, cast.neighbour, cast.office, cast.secretary):
        page = client_of(person).get(address).content.decode()
        for words in ("手机上看不到保存", "按钮已上移。", "下一版已改。"):
            assert words in page
        main = page.partition("<main")[2]
        assert TEXT not in main
        assert cast.secretary.name not in main or person == cast.secretary
    for person in (cast.stranger, cast.far_office, cast.nobody):
        assert "手机上看不到保存" not in client_of(person).get(address).content.decode()
    filtered = client_of(cast.member).get(address, {"about": "norm"}).content.decode()
    assert "手机上看不到保存" not in filtered
    assert client_of(cast.member).get(address, {"about": "x"}).status_code == 200


def put(cast: Cast, count: int, **changes: Any) -> list[Case]:
    """So many cases of the committee, each with its feedback."""
    day = TODAY - timedelta(days=20)
    values = {
        "organization": cast.committee, "about": About.TABLE, "page": "plan",
        "state": CaseState.RECEIVED, "opened_on": day, "waiting_since": day, "asked": 1,
    }  # fmt: skip
    cases = Case.objects.bulk_create(Case(**{**values, **changes}) for _ in range(count))
    Feedback.objects.bulk_create(
        Feedback(
            case=case, addressed_to=case.organization, text=TEXT, sent_on=day, digest=str(case.pk),
            person=cast.secretary, organization=cast.branch,
        )
        for case in cases
    )  # fmt: skip
    return cases


@pytest.mark.parametrize("page", ["mine", "one", "improvements", "desk", "case", "waiting", "new"])
def test_ten_times_as_many_cost_no_more_queries(cast: Cast, page: str) -> None:
    """At most twelve, and at most 200 KB, whatever there is."""
    client = client_of(cast.office if page in {"desk", "case", "waiting"} else cast.secretary)
    seen = []
    for count in (7, 70):
        cases = put(cast, count)
        put(cast, count, organization=cast.branch)
        put(
            cast, count, state=CaseState.CLOSED, summary="看不全", answer="已改", outcome="已改",
            answered_by=cast.committee, concluded_on=TODAY,
        )  # fmt: skip
        one = Feedback.objects.get(case=cases[0])
        address = {
            "mine": reverse("feedback-mine"),
            "one": reverse("feedback-one", args=[one.pk]),
            "improvements": reverse("feedback-improvements"),
            "desk": reverse("feedback-desk", args=[cast.committee.pk]),
            "case": reverse("feedback-case", args=[cases[0].pk]),
            "waiting": reverse("feedback-waiting", args=[cast.committee.pk]),
            "new": NEW,
        }[page]
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address)
        assert answer.status_code == 200
        assert len(answer.content) < 200_000
        seen.append(len(queries))
    assert seen[1] <= 12, seen
    assert seen[1] <= seen[0] + 1, seen  # the pager counts


def test_before_there_is_an_organization(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nobody to send it to yet: it is said, and what was typed stays."""
    client = client_of(cast.system_admin)
    form = form_of(client)
    monkeypatch.setattr("zhibu.web.views.feedback._seats", lambda _: [])
    answer = client.post(NEW, {**form, "way": ""})
    assert answer.status_code == 422
    assert "现在没有党组织可以办理" in answer.content.decode()
    assert TEXT in answer.content.decode()
