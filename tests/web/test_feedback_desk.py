"""The desk: each act by its form, with JavaScript off; what is wrong comes back with what was typed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from tests.cast import client_of

from zhibu.network.feedback.allowance import ALLOWANCE
from zhibu.network.feedback.models import Case, Feedback, Step
from zhibu.network.feedback.services import Place, send_feedback
from zhibu.org.models import Organization
from zhibu.people.models import Person
from zhibu.rules.feedback import About
from zhibu.web import clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cast import Cast

pytestmark = pytest.mark.django_db
SUMMARY = "手机上安排表看不完整"
FIELDS: dict[str, dict[str, str]] = {
    "summarize": {"summary": SUMMARY},
    "move": {"to": "第一党支部", "summary": SUMMARY, "reason": "由支部说明"},
    "up": {"summary": SUMMARY},
    "answer": {"answer": "下一版改进"},
    "refuse": {"reason": "不在范围"},
}


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    ALLOWANCE.forget()
    yield
    ALLOWANCE.forget()


def case(
    cast: Cast, text: str = "安排表在手机上只能看到一半", *, by: Person | None = None,
    to: Organization | None = None, named: bool = True, seat: Organization | None = None,
) -> Case:  # fmt: skip
    sent = send_feedback(
        by=by or cast.deputy, is_named=named, text=text,
        place=Place(About.TABLE, page="plan", address="/more/"), seat=seat or cast.branch,
        addressed_to=(to or cast.committee).pk, secret=text, at=clock.now(),
    )  # fmt: skip
    return Case.objects.get(feedback=sent.feedback)


def do(client: Client, act: str, found: Case, **fields: Any) -> Any:
    return client.post(reverse(f"feedback-{act}", args=[found.pk]), fields)


def test_from_receipt_to_improvement(cast: Cast) -> None:
    """Accept, join, send up, answer above, close: each redirects and says what was done."""
    office, keeper = client_of(cast.office), client_of(cast.keeper)
    main, like = case(cast), case(cast, "看安排表要左右拖", by=cast.secretary)
    desk = office.get(reverse("feedback-desk", args=[cast.committee.pk])).content.decode()
    assert "有2件等待受理" in desk
    assert "安排表在手机上只能看到一半" in desk
    steps = [
        (office, "accept", main, {}),
        (office, "join", main, {"others": [str(like.pk)]}),
        (office, "up", main, {"summary": SUMMARY}),
    ]
    for client, act, found, fields in steps:
        answer = do(client, act, found, **fields)
        assert answer.status_code == 303, act
        page = client.get(answer["Location"])
        assert 'class="notice success"' in page.content.decode(), act
    main.refresh_from_db()
    above = main.above
    assert above is not None
    page = keeper.get(reverse("feedback-case", args=[above.pk])).content.decode()
    assert SUMMARY in page
    assert "这2件的原文由原办理组织保存" in page
    for hidden in ("只能看到一半", "左右拖", cast.deputy.name, cast.secretary.name):
        assert hidden not in page
    do(keeper, "answer", above, answer="下一版改成卡片")
    do(keeper, "close", above, summary=SUMMARY, outcome="已改成卡片")
    asker = client_of(cast.secretary)
    own = Feedback.objects.get(case=like)
    page = asker.get(reverse("feedback-one", args=[own.pk])).content.decode()
    for words in ("与相同的事项合并办理", "报市直机关工委", "下一版改成卡片", "已改成卡片"):
        assert words in page
    for hidden in ("只能看到一半", cast.deputy.name):
        assert hidden not in page
    for state in ("closed", "sent_up", "", "nonsense"):
        answer = office.get(
            reverse("feedback-desk", args=[cast.committee.pk]), {"state": state, "about": "table"}
        )
        assert answer.status_code == (422 if state == "nonsense" else 200)


@pytest.mark.parametrize("act", sorted(FIELDS))
def test_each_form_comes_back_with_what_was_typed(cast: Cast, act: str) -> None:
    """One field missing: 422, the others still there, nothing done; whole: done."""
    client, found = client_of(cast.office), case(cast)
    for missing in FIELDS[act]:
        sent = {name: text for name, text in FIELDS[act].items() if name != missing}
        answer = do(client, act, found, **sent)
        assert answer.status_code == 422, missing
        page = answer.content.decode()
        assert 'role="alert"' in page
        assert all(text in page for text in sent.values())
    assert not Step.objects.exists()
    assert do(client, act, found, **FIELDS[act]).status_code == 303


@pytest.mark.parametrize(
    ("act", "fields", "words"),
    [
        ("move", {"to": "没有这个支部", "summary": SUMMARY, "reason": "x"}, "没有这个名称"),
        ("move", {"to": "邻局党支部", "summary": SUMMARY, "reason": "x"}, "没有这个名称"),
        ("move", {"to": "市局直属机关党委", "summary": SUMMARY, "reason": "x"}, "没有这个名称"),
        ("move", {"to": "第一党小组", "summary": SUMMARY, "reason": "x"}, "没有人办理"),
        ("up", {"summary": "有人说：安排表在手机上只能看到一半。"}, "照抄"),
        ("summarize", {"summary": "安排表，在手机上只能看到一半"}, "照抄"),
        ("summarize", {"summary": "长" * 501}, "500"),
        ("close", {"summary": SUMMARY, "outcome": "没有先答复"}, "不能再作"),
        ("split", {"reason": "没有并入"}, "没有并入"),
        ("join", {}, "请选择"),
        ("join", {"others": ["x", "\x00"]}, "不在办理中"),
        ("join", {"others": [str(uuid4())]}, "不在这里办理"),
        ("answer", {"answer": "a\x00b"}, ""),
    ],
)
def test_what_cannot_be_is_said(cast: Cast, act: str, fields: dict[str, Any], words: str) -> None:
    """In words, with nothing done."""
    found = case(cast, "安排表在手机上只能看到一半的时候")
    if act in {"up", "summarize"} and "照抄" in words:
        found = case(cast, "安排表在手机上只能看到一半啊啊啊")
        Feedback.objects.filter(case=found).update(text="安排表在手机上只能看到一半")
        # shorter than what may be said again: copied it is still shorter than the limit
        Feedback.objects.filter(case=found).update(text="安排表在手机上只能看到一半，" * 2)
        fields = {"summary": fields["summary"] + "安排表在手机上只能看到一半，" * 2}
    before = list(Case.objects.values())
    answer = do(client_of(cast.office), act, found, **fields)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert list(Case.objects.values()) == before
    assert not Step.objects.exists()


def test_another_organizations_case_is_not_joined(cast: Cast) -> None:
    """Its key in the form does nothing, and tells nothing of it (mistake 14)."""
    mine = case(cast)
    theirs = case(
        cast, "外单位的原文", by=cast.stranger, to=cast.far_committee, seat=cast.far_branch
    )
    answer = do(client_of(cast.office), "join", mine, others=[str(theirs.pk)])
    assert answer.status_code == 422
    assert "外单位的原文" not in answer.content.decode()
    theirs.refresh_from_db()
    assert theirs.into is None


def test_what_is_like_it_is_offered_first(cast: Cast) -> None:
    """Same page before the same one of the four; of this desk alone; joined, it can be split off."""
    client, main = client_of(cast.office), case(cast)
    near = case(cast, "同一页面的", by=cast.secretary)
    case(cast, "邻局的", by=cast.stranger, to=cast.far_committee, seat=cast.far_branch)
    page = client.get(reverse("feedback-case", args=[main.pk])).content.decode()
    assert "“安排表”页面：同一页面的" in page
    assert "邻局的" not in page
    do(client, "join", main, others=[str(near.pk)])
    page = client.get(reverse("feedback-case", args=[main.pk])).content.decode()
    assert "已并入，可以拆出" in page
    joined = client.get(reverse("feedback-case", args=[near.pk])).content.decode()
    assert "已并入另一件事项" in joined
    assert do(client, "answer", near, answer="x").status_code == 422
    answer = do(client, "split", near, reason="另一回事")
    assert client.get(answer["Location"]).status_code == 200
    near.refresh_from_db()
    assert near.into is None


def test_a_level_above_does_not_look_into_it(cast: Cast) -> None:
    """Neither desk nor case of the branch opens for the office, whatever its reach; names neither."""
    found = case(cast, "只写给支部的话", by=cast.member, to=cast.branch)
    secretary = client_of(cast.secretary)
    page = secretary.get(reverse("feedback-case", args=[found.pk])).content.decode()
    assert "只写给支部的话" in page
    assert cast.member.name in page
    for who in (cast.office, cast.keeper, cast.neighbour, cast.leader, cast.deputy):
        client = client_of(who)
        for address in (
            reverse("feedback-case", args=[found.pk]),
            reverse("feedback-desk", args=[cast.branch.pk]),
        ):
            assert client.get(address).status_code == 404, who
        for act, fields in FIELDS.items():
            assert do(client, act, found, **fields).status_code == 404
    page = client_of(cast.office).get(reverse("feedback-waiting", args=[cast.committee.pk]))
    assert cast.branch.short_name in page.content.decode()
    assert "只写给支部的话" not in page.content.decode()


def test_what_waits_too_long_shows_to_who_can_help(
    cast: Cast, freeze: Callable[[date | datetime], None]
) -> None:
    """After fifteen days with its way to be taken over, directly below; text after that, no name."""
    found = case(cast, "支部没有人看的话", by=cast.member, to=cast.branch)
    office = client_of(cast.office)
    waiting = reverse("feedback-waiting", args=[cast.committee.pk])
    take = reverse("feedback-take", args=[found.pk])
    assert take not in office.get(waiting).content.decode()
    early = office.post(take, {"reason": "等不及"})
    assert early.status_code == 422
    assert "等不及" in early.content.decode()
    freeze(clock.today() + timedelta(days=15))
    page = office.get(waiting).content.decode()
    assert take in page
    assert "等待15日" in page
    assert "1件等待满15日" in page  # true on the fifteenth day
    assert "支部没有人看的话" not in page
    leader = client_of(cast.leader).get(waiting).content.decode()
    assert take not in leader  # sees that it waits, has no desk
    assert "需要协助" in leader
    city = client_of(cast.keeper).get(reverse("feedback-waiting", args=[cast.commission.pk]))
    assert "需要协助" not in city.content.decode()  # two levels above: the office is asked first
    desk = office.get(reverse("feedback-desk", args=[cast.committee.pk])).content.decode()
    assert "下级有1件等待过久" in desk
    assert office.get(take).status_code == 200
    assert office.post(take, {"reason": ""}).status_code == 422
    assert office.post(take, {"reason": "支部书记出差"}).status_code == 303
    page = office.get(reverse("feedback-case", args=[found.pk])).content.decode()
    assert "支部没有人看的话" in page
    assert cast.member.name not in page
    assert client_of(cast.secretary).get(
        reverse("feedback-case", args=[found.pk])
    ).status_code == 404  # fmt: skip


def test_two_answer_one_after_the_other(cast: Cast) -> None:
    """The second is told that it is answered, with its words still in the form (mistake 5)."""
    found = case(cast)
    first, second = client_of(cast.office), client_of(cast.office)
    assert do(first, "answer", found, answer="甲的答复").status_code == 303
    late = do(second, "answer", found, answer="乙的答复")
    assert late.status_code == 422
    found.refresh_from_db()
    assert found.answer == "甲的答复"
    assert "不能再作" in late.content.decode()
    assert "乙的答复" in late.content.decode()
    again = do(second, "accept", found)
    assert again.status_code == 303
    assert 'class="notice error"' in second.get(again["Location"]).content.decode()
