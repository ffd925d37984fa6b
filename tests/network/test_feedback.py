"""反映 as services: what is kept, who reads it, and that an answer arrives where it was asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.core import serializers
from django.db import IntegrityError, transaction
from tests.cast import make_cast

from zhibu.ledger.models import Entry
from zhibu.network.feedback.allowance import ALLOWANCE, Allowance
from zhibu.network.feedback.models import Case, Feedback, Step
from zhibu.network.feedback.queries import (
    feedback_of_code,
    followers_of,
    improvements,
    like_ones,
    originals_of,
    own_feedback,
    steps_of,
    waiting_below,
    waiting_under,
)
from zhibu.network.feedback.services import (
    FeedbackRefused,
    Place,
    Sent,
    accept_case,
    answer_case,
    close_case,
    join_cases,
    move_case,
    offered,
    refuse_case,
    reopen_case,
    send_feedback,
    send_up,
    split_case,
    summarize_case,
    take_case,
    tell_of_arrivals,
)
from zhibu.network.notices.models import Notice
from zhibu.network.reports.facts import month_facts
from zhibu.org.models import Grant, Organization
from zhibu.org.services import Refused
from zhibu.people.models import Person
from zhibu.people.roles import Role
from zhibu.rules.feedback import About

if TYPE_CHECKING:
    from tests.cast import Cast

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 12, 10, 30, 17, 123456, tzinfo=ZoneInfo("Asia/Shanghai"))
NEXT = AT + timedelta(days=1)
PLACE = Place(About.NORM, "beijing-trial", "B-03", "norm", "/norms/beijing-trial/1/B-03/")
SUMMARY = "主题党日时间要求与值班安排有冲突"


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    ALLOWANCE.forget()
    yield
    ALLOWANCE.forget()


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def send(
    cast: Cast,
    by: Person,
    text: str = "值班的人没有办法参加固定在十五日的主题党日",
    *,
    named: bool = True,
    to: Organization | None = None,
    seat: Organization | None = None,
    secret: str = "",
    place: Place = PLACE,
    at: datetime = AT,
) -> Sent:
    return send_feedback(
        by=by, is_named=named, text=text, place=place, seat=seat or cast.branch,
        addressed_to=to.pk if to else None, secret=secret or f"{by.username}{text}{named}", at=at,
    )  # fmt: skip


def case_of(sent: Sent) -> Case:
    return Case.objects.get(feedback=sent.feedback)


def kinds(case: Case) -> list[str]:
    return [step.kind for step in steps_of(case.pk)]


def test_with_a_name_it_goes_level_by_level(cast: Cast) -> None:
    """A member may write to the branch or the office above, a secretary to the office or the city."""
    for person, to in (
        (cast.member, (cast.branch, cast.committee)),
        (cast.secretary, (cast.committee, cast.commission)),
    ):
        seats = [cast.branch, cast.group]
        assert set(offered(seats=seats, by=person, at=AT).values()) == {to}
    assert case_of(send(cast, cast.member)).organization == cast.branch
    assert case_of(send(cast, cast.secretary)).organization == cast.committee
    assert (
        case_of(send(cast, cast.member, "另一件", to=cast.committee)).organization == cast.committee
    )
    with pytest.raises(Refused, match="列出的党组织"):
        send(cast, cast.member, "去邻局", to=cast.far_committee)
    told = Notice.objects.filter(person=cast.office).values_list("title", flat=True)
    assert set(told) == {"收到一件反映，等待受理"}


def test_without_a_name_nothing_leads_to_a_person(cast: Cast) -> None:
    """No row anywhere that is written then names the sender, their branch, their page or a moment."""
    before = {
        model: set(model._default_manager.values_list("pk", flat=True))
        for model in (Case, Feedback, Step, Entry, Notice)
    }
    sent = send(cast, cast.secretary, named=False)
    rows: list[Any] = []
    for model, keys in before.items():
        rows += model._default_manager.exclude(pk__in=keys)
    assert {type(row) for row in rows} == {Case, Feedback}
    written = json.dumps(json.loads(serializers.serialize("json", rows)))
    for leads in (cast.secretary.pk, cast.branch.pk, cast.committee.pk):
        assert str(leads) not in written
    for leads in ("10:30", "17.123", "T10", "/norms/", sent.code, "secretary"):
        assert leads not in written
    assert sent.feedback.address == ""
    assert sent.feedback.case.page == ""
    assert "2026-03-12" in written  # the day, and no more
    # the keys tell no time: the version of a random key, not of the order of time
    assert {row.pk.version for row in rows} == {4}


def test_without_a_name_it_goes_where_nobody_can_be_guessed(cast: Cast) -> None:
    """Never to the branch, and past an office that is too small; to the office once it is not."""
    assert case_of(send(cast, cast.member, named=False)).organization == cast.commission
    for number in range(3):
        person = Person.objects.create(username=f"more{number}", name="某某")
        Grant.objects.create(
            person=person, role=Role.MEMBER, organization=cast.other_branch, since=AT
        )
    assert case_of(send(cast, cast.member, "又一件", named=False)).organization == cast.committee


def test_the_database_itself_refuses_half_a_name(cast: Cast) -> None:
    """Without a person there is neither organisation nor page; nothing is said without words."""
    row = send(cast, cast.member, named=False).feedback
    for changes in (
        {"organization": cast.branch}, {"address": "/b/"}, {"text": ""}, {"reopen_reason": "x"},
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            Feedback.objects.filter(pk=row.pk).update(**changes)
    case = row.case_id
    for changes in (
        {"state": "sent_up"}, {"state": "answered"}, {"answer": "x"}, {"into_id": case},
        {"state": "closed", "answer": "x", "concluded_on": AT.date()},
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            Case.objects.filter(pk=case).update(**changes)


def test_the_same_form_twice_is_one(cast: Cast) -> None:
    """The code too is the same; another text from the same form is another feedback (mistake 5)."""
    one = send(cast, cast.member, named=False, secret="s")
    again = send(cast, cast.member, named=False, secret="s")
    other = send(cast, cast.member, "后来想起的另一个问题", named=False, secret="s")
    assert (one.feedback, one.code) == (again.feedback, again.code)
    assert other.code != one.code
    assert Feedback.objects.count() == Case.objects.count() == 2
    found = feedback_of_code(one.code.lower().replace("-", " "))
    assert found == one.feedback
    assert one.code not in str(Feedback.objects.values_list())


def test_a_code_opens_only_what_has_no_name(cast: Cast) -> None:
    """What was sent with a name is found by its sender's account, by no code."""
    named = send(cast, cast.member, secret="s")
    assert named.code == ""
    assert feedback_of_code("0000-0000-0000-0000") is None
    assert list(own_feedback(cast.member)) == [named.feedback]
    assert not own_feedback(cast.secretary).exists()


def test_too_much_in_an_hour_is_told_and_nobody_noted(cast: Cast) -> None:
    """Ten an hour for each person, with or without name; the next hour begins anew."""
    for number in range(10):
        send(cast, cast.member, f"第{number}件", named=number % 2 == 0)
    with pytest.raises(Refused, match="较多"):
        send(cast, cast.member, "第十一件", named=False)
    send(cast, cast.member, "第0件")  # sent already: shown again, not counted
    send(cast, cast.deputy, "别人")
    send(cast, cast.member, "下一小时", at=AT + timedelta(hours=1))
    kept = Allowance()
    kept.take(cast.member.pk, AT)
    assert cast.member.pk.bytes not in str(vars(kept)).encode()


def test_the_story(cast: Cast) -> None:
    """The office joins three, sends them up; the city's answer arrives where each was asked."""
    own = send(cast, cast.secretary)
    like = send(cast, cast.neighbour, "我支部倒班，十五日总有人来不了", seat=cast.other_branch)
    third = send(cast, cast.deputy, "能不能让支部自己定日子", to=cast.committee)
    main = case_of(own)
    assert like_ones(main) == [case_of(like), case_of(third)] or len(like_ones(main)) == 2
    accept_case(case=main, by=cast.office, at=AT)
    join_cases(main=main, others=[case_of(like), case_of(third)], by=cast.office, at=AT)
    above = send_up(case=main, summary=SUMMARY, by=cast.office, at=NEXT)
    assert (above.organization, above.asked, above.summary) == (cast.commission, 3, SUMMARY)
    assert originals_of(above) == []
    accept_case(case=above, by=cast.keeper, at=NEXT)
    answer = "可以由支部在当月另定一天，规范下一版写明。"
    answer_case(case=above, answer=answer, by=cast.keeper, at=NEXT)
    close_case(case=above, summary="", outcome="规范已写明可以调整。", by=cast.keeper, at=NEXT)
    for sent in (own, like, third):
        case = case_of(sent)
        assert (case.state, case.answer, case.outcome) == ("closed", answer, "规范已写明可以调整。")
        assert [step.text for step in steps_of(case.pk) if step.kind == "answered"] == [answer]
        assert kinds(case)[-4:] == ["sent_up", "accepted", "answered", "closed"]
        titles = Notice.objects.filter(subject=f"feedback:{sent.feedback.pk}")
        assert titles.count() == len(kinds(case))
    verbs = list(
        Entry.objects.filter(verb__contains="case")
        .order_by("at", "id")
        .values_list("verb", flat=True)
    )
    assert verbs == [
        "accept_case", "join_cases", "send_up_case", "accept_case", "answer_case", "close_case",
    ]  # fmt: skip
    texts = str(list(Entry.objects.values_list("detail", flat=True)))
    assert "值班" not in texts
    assert "规范" not in texts
    assert list(improvements([cast.branch.path])) == [above]
    assert list(improvements([cast.far_branch.path])) == [above]


def test_no_asker_learns_of_another(cast: Cast) -> None:
    """In the course of one case stands no word and no name of those joined with it (mistake 7)."""
    texts = {
        cast.secretary: "支部书记的原话甲甲甲甲甲甲",
        cast.deputy: "支部委员的原话乙乙乙乙乙乙",
    }
    sent = {person: send(cast, person, text, to=cast.committee) for person, text in texts.items()}
    hidden = send(cast, cast.member, "不具名的原话丙丙丙丙丙丙", named=False)
    move_case(
        case=case_of(hidden), to=cast.committee, summary=SUMMARY, reason="由党委办理",
        by=cast.keeper, at=AT,
    )  # fmt: skip
    cases = [case_of(each) for each in sent.values()]
    join_cases(main=cases[0], others=[cases[1], case_of(hidden)], by=cast.office, at=AT)
    reopened = answer_case(case=cases[0], answer="已经说明。", by=cast.office, at=AT)
    reopen_case(feedback=hidden.feedback, reason="还是没有解决丁丁丁丁", at=NEXT)
    reopened.refresh_from_db()
    assert reopened.state == "received"
    for person, one in sent.items():
        seen = str(
            [
                (s.text, s.get_kind_display(), str(s.organization))
                for s in steps_of(one.feedback.case_id)
            ]
        ) + str(list(Notice.objects.filter(person=person).values()))
        for other, text in texts.items():
            if other != person:
                assert text not in seen
                assert other.name not in seen
        assert "丙丙" not in seen
        assert "丁丁" not in seen
    # the office reads what was written to it, by name; of what was moved to it nothing
    read = originals_of(Case.objects.get(pk=cases[0].pk))
    assert {(one.text, one.name) for one in read} == {
        (text, person.name) for person, text in texts.items()
    }


def test_a_step_of_somebody_without_a_name_tells_nobody_when(cast: Cast) -> None:
    """Asking again without a name writes no notice and no line: only the day of the step."""
    hidden = send(cast, cast.member, named=False)
    refuse_case(case=case_of(hidden), reason="已有规定。", by=cast.keeper, at=AT)
    counts = Notice.objects.count(), Entry.objects.count()
    reopen_case(feedback=hidden.feedback, reason="规定没有覆盖。", at=NEXT)
    assert (Notice.objects.count(), Entry.objects.count()) == counts
    with pytest.raises(FeedbackRefused, match="已经要求过一次"):
        reopen_case(feedback=hidden.feedback, reason="再一次", at=NEXT)
    later = NEXT + timedelta(days=1)
    assert tell_of_arrivals(NEXT) == 0
    assert tell_of_arrivals(later) == 1
    assert tell_of_arrivals(later + timedelta(hours=5)) == 0
    assert Notice.objects.get(kind="feedback").title == "有1件反映等待受理"


def test_what_moves_on_goes_without_its_originals(cast: Cast) -> None:
    """Moved to the branch or to the city, the summary is read and no text (mistake 14)."""
    sent = send(cast, cast.member, to=cast.committee)
    case = case_of(sent)
    text = sent.feedback.text
    for summary, words in (("", "先写明"), (f"有人说{text}。", "照抄")):
        with pytest.raises(FeedbackRefused, match=words):
            move_case(
                case=case, to=cast.branch, summary=summary, reason="由支部答复", by=cast.office,
                at=AT,
            )  # fmt: skip
        case.refresh_from_db()
        assert case.organization == cast.committee
    for to, words in ((cast.far_branch, "上级"), (cast.committee, "上级"), (cast.group, "没有人")):
        with pytest.raises(Refused, match=words):
            move_case(case=case, to=to, summary=SUMMARY, reason="x", by=cast.office, at=AT)
    move_case(
        case=case, to=cast.branch, summary=SUMMARY, reason="由支部答复", by=cast.office, at=AT
    )
    case.refresh_from_db()
    assert (case.organization, case.state) == (cast.branch, "received")
    assert originals_of(case) == []
    # and back: who it was written to reads it again
    move_case(case=case, to=cast.committee, summary="", reason="退回", by=cast.secretary, at=AT)
    case.refresh_from_db()
    assert [one.text for one in originals_of(case)] == [text]


def test_the_level_above_takes_over_what_waits(cast: Cast) -> None:
    """After fifteen days it shows above and may be taken: the text without the name, as a step."""
    sent = send(cast, cast.member)
    case = case_of(sent)
    late = AT + timedelta(days=15)
    assert not waiting_below(cast.committee, (late - timedelta(days=16)).date()).exists()
    assert list(waiting_below(cast.committee, AT.date())) == [case]
    assert not waiting_below(cast.commission, AT.date()).exists()
    with pytest.raises(FeedbackRefused, match="满15日"):
        take_case(case=case, to=cast.committee, reason="久", by=cast.office, at=AT)
    for to in (cast.branch, cast.far_committee):
        with pytest.raises(Refused, match="上级"):
            take_case(case=case, to=to, reason="久", by=cast.office, at=late)
    take_case(case=case, to=cast.committee, reason="支部书记空缺", by=cast.office, at=late)
    case.refresh_from_db()
    (read,) = originals_of(case)
    assert (read.text, read.name, read.organization, read.address) == (
        sent.feedback.text,
        "",
        "",
        "",
    )
    assert kinds(case) == ["taken"]


def test_no_level_is_passed_over_in_taking_up_what_waits(cast: Cast) -> None:
    """What was written to a branch is opened by its committee, by the city only where that has nobody."""
    case = case_of(send(cast, cast.member))
    late = AT + timedelta(days=15)
    with pytest.raises(Refused, match="应先由市局直属机关党委提级办理"):
        take_case(case=case, to=cast.commission, reason="久", by=cast.keeper, at=late)
    case.refresh_from_db()
    assert case.organization == cast.branch
    Grant.objects.filter(organization=cast.committee).update(until=AT)
    take_case(case=case, to=cast.commission, reason="党办空缺", by=cast.keeper, at=late)


def test_waiting_is_told_in_the_order_of_the_tree(cast: Cast) -> None:
    """How many and since when at each level; what was sent up waits above, not below."""
    send(cast, cast.member)
    other = send(cast, cast.secretary, at=AT + timedelta(days=2))
    send(cast, cast.neighbour, "另一处", seat=cast.other_branch)
    rows = list(waiting_under(cast.commission))
    assert [row.pk for row in rows] == [cast.committee.pk, cast.branch.pk]
    assert [(row.received, row.accepted, row.oldest) for row in rows] == [
        (2, 0, AT.date()), (1, 0, AT.date()),
    ]  # fmt: skip
    send_up(case=case_of(other), summary=SUMMARY, by=cast.office, at=AT)
    assert [row.pk for row in waiting_under(cast.commission)] == [
        cast.commission.pk, cast.committee.pk, cast.branch.pk,
    ]  # fmt: skip


def test_who_saw_it_elsewhere_does_nothing_to_it_here(cast: Cast) -> None:
    """It has moved on since it was opened: whoever had it then is told, and nothing is done."""
    seen = case_of(send(cast, cast.deputy, to=cast.committee))
    move_case(
        case=seen, to=cast.branch, summary=SUMMARY, reason="由支部答复", by=cast.office, at=AT
    )
    before = list(Case.objects.values())
    for act in (
        lambda: answer_case(case=seen, answer="x", by=cast.office, at=AT),
        lambda: refuse_case(case=seen, reason="x", by=cast.office, at=AT),
        lambda: send_up(case=seen, summary=SUMMARY, by=cast.office, at=AT),
    ):
        with pytest.raises(FeedbackRefused, match="别的党组织"):
            act()
    assert list(Case.objects.values()) == before


def test_split_again(cast: Cast) -> None:
    """What was joined in vain is handled by itself again, with its trace; the counts follow."""
    cases = [
        case_of(send(cast, who, who.name, to=cast.committee))
        for who in (cast.deputy, cast.secretary)
    ]
    join_cases(main=cases[0], others=[cases[1]], by=cast.office, at=AT)
    with pytest.raises(FeedbackRefused, match="已并入"):
        answer_case(case=cases[1], answer="x", by=cast.office, at=AT)
    with pytest.raises(FeedbackRefused, match="没有并入"):
        split_case(case=cases[0], reason="x", by=cast.office, at=AT)
    split_case(case=cases[1], reason="说的是另一件事", by=cast.office, at=AT)
    for case in cases:
        case.refresh_from_db()
    assert [case.asked for case in cases] == [1, 1]
    assert (cases[1].into, cases[1].state) == (None, "accepted")
    assert kinds(cases[1]) == ["joined", "split"]
    assert kinds(cases[0]) == ["joined"]


def test_joining_is_all_or_nothing(cast: Cast) -> None:
    """One that cannot be joined leaves the others where they were (mistake 3)."""
    one, two, gone = (
        case_of(send(cast, cast.deputy, text, to=cast.committee)) for text in ("一", "二", "三")
    )
    refuse_case(case=gone, reason="不在范围", by=cast.office, at=AT)
    far = case_of(send(cast, cast.stranger, "四", seat=cast.far_branch))
    for other, words in ((gone, "不予采纳"), (far, "同一党组织"), (one, "自身")):
        with pytest.raises(FeedbackRefused, match=words):
            join_cases(main=one, others=[two, other], by=cast.office, at=AT)
    assert not Case.objects.exclude(into=None).exists()
    assert not Step.objects.filter(kind="joined").exists()


def test_joined_twice_hangs_on_the_last(cast: Cast) -> None:
    """A joined one's own followers hang on the new main one; nobody is lost or counted twice."""
    a, b, c = (case_of(send(cast, cast.deputy, text, to=cast.committee)) for text in "甲乙丙")
    join_cases(main=b, others=[c], by=cast.office, at=AT)
    join_cases(main=a, others=[b], by=cast.office, at=AT)
    for case in (a, b, c):
        case.refresh_from_db()
    assert (a.asked, b.asked, c.asked) == (3, 1, 1)
    assert {row.pk for row, _, _ in followers_of(a)} == {b.pk, c.pk}
    assert all(leader.pk == a.pk for _, leader, _ in followers_of(a))


def test_asking_again_leaves_what_was_answered_above(cast: Cast) -> None:
    """It begins anew where it was handled; the level above keeps its answer, and counts one less."""
    sent = send(cast, cast.secretary)
    case = case_of(sent)
    above = send_up(case=case, summary=SUMMARY, by=cast.office, at=AT)
    answer_case(case=above, answer="按现行规定执行。", by=cast.keeper, at=AT)
    reopen_case(feedback=sent.feedback, reason="没有说值班怎么办。", at=NEXT)
    case.refresh_from_db()
    above.refresh_from_db()
    assert (case.state, case.above, case.answer) == ("received", None, "")
    assert (above.state, above.asked) == ("answered", 0)
    again = send_up(case=case, summary=SUMMARY, by=cast.office, at=NEXT)
    assert again.pk != above.pk
    (read,) = originals_of(case)
    assert read.reopen_reason == "没有说值班怎么办。"


def test_its_own_level_may_close_before_the_level_above(cast: Cast) -> None:
    """Answered from above, it is closed here in own words; closing above does not change them."""
    case = case_of(send(cast, cast.secretary))
    above = send_up(case=case, summary=SUMMARY, by=cast.office, at=AT)
    with pytest.raises(FeedbackRefused, match="已报上级"):
        answer_case(case=case, answer="x", by=cast.office, at=AT)
    answer_case(case=above, answer="同意。", by=cast.keeper, at=AT)
    close_case(case=case, summary="", outcome="本局已经照办。", by=cast.office, at=AT)
    close_case(case=above, summary="", outcome="全市照办。", by=cast.keeper, at=NEXT)
    case.refresh_from_db()
    assert (case.outcome, case.answer) == ("本局已经照办。", "同意。")
    assert kinds(case)[-1] == "closed"


def test_the_top_has_nobody_above(cast: Cast) -> None:
    """Sending up from there is refused in words."""
    case = case_of(send(cast, cast.member, named=False))
    with pytest.raises(FeedbackRefused, match="上级党组织中没有人"):
        send_up(case=case, summary=SUMMARY, by=cast.keeper, at=AT)
    case.refresh_from_db()
    assert case.state == "received"


def test_a_summary_may_be_written_any_time(cast: Cast) -> None:
    """While it is in hand, too; not for a joined one."""
    one, two = (case_of(send(cast, cast.deputy, text, to=cast.committee)) for text in "甲乙")
    summarize_case(case=one, summary=SUMMARY, by=cast.office, at=AT)
    join_cases(main=one, others=[two], by=cast.office, at=AT)
    with pytest.raises(FeedbackRefused, match="已并入"):
        summarize_case(case=two, summary=SUMMARY, by=cast.office, at=AT)
    one.refresh_from_db()
    assert one.summary == SUMMARY


def test_a_summary_copies_no_reason_of_asking_again(cast: Cast) -> None:
    """What somebody wrote the second time is an original as well."""
    sent = send(cast, cast.member, to=cast.committee)
    case = case_of(sent)
    answer_case(case=case, answer="按现行规定执行。", by=cast.office, at=AT)
    reason = "没有说值班的人怎么补上这一次主题党日"
    reopen_case(feedback=sent.feedback, reason=reason, at=NEXT)
    with pytest.raises(FeedbackRefused, match="照抄"):
        summarize_case(case=case, summary=f"有人说{reason}。", by=cast.office, at=NEXT)


def test_the_month_for_the_report(cast: Cast) -> None:
    """Numbers by which of the four and by state, and the office's summaries; a neighbour's are not in it."""
    own = case_of(send(cast, cast.secretary))
    send(cast, cast.member, "表不好看", place=Place(About.TABLE))
    send(cast, cast.far_office, "网慢", place=Place(About.NETWORK), seat=cast.far_committee)
    above = send_up(case=own, summary=SUMMARY, by=cast.office, at=AT)
    day = date(2026, 4, 3)
    told = month_facts(cast.committee, 2026, 3, day=day).feedback
    assert told.received == 2
    assert told.by_about == (("规", 1), ("表", 1), ("册", 0), ("网", 0))
    assert dict(told.by_state)["已报上级"] == 1
    assert (told.concluded, told.waiting) == (0, 1)
    assert [one.summary for one in told.voices] == [SUMMARY]
    refuse_case(case=above, reason="不在范围", by=cast.keeper, at=AT)
    city = month_facts(cast.commission, 2026, 3, day=day).feedback
    assert (city.received, city.concluded) == (3, 2)
    assert [one.summary for one in city.voices] == [SUMMARY]  # once, where it is now
    assert month_facts(cast.far_committee, 2026, 3, day=day).feedback.received == 0
    assert month_facts(cast.committee, 2026, 4, day=day).feedback.received == 0


def _count(case: UUID) -> int:
    """The askers of a case, counted afresh."""
    own = Feedback.objects.filter(case=case).count()
    hanging = Case.objects.filter(into=case) | Case.objects.filter(above=case)
    return own + sum(_count(row.pk) for row in hanging)


def test_the_counts_are_always_what_counting_gives(cast: Cast) -> None:
    """After any course of joining, splitting, sending up and asking again."""
    sent = [send(cast, cast.deputy, f"第{n}件", to=cast.committee) for n in range(5)]
    cases = [case_of(each) for each in sent]
    join_cases(main=cases[0], others=cases[1:3], by=cast.office, at=AT)
    split_case(case=cases[2], reason="不同", by=cast.office, at=AT)
    join_cases(main=cases[3], others=[cases[0], cases[2]], by=cast.office, at=AT)
    above = send_up(case=cases[3], summary=SUMMARY, by=cast.office, at=AT)
    other = send_up(case=cases[4], summary=SUMMARY, by=cast.office, at=AT)
    join_cases(main=other, others=[above], by=cast.keeper, at=AT)
    for row in Case.objects.all():
        assert row.asked == _count(row.pk), row
    other.refresh_from_db()
    assert other.asked == 5
    answer_case(case=other, answer="好。", by=cast.keeper, at=AT)
    assert set(Case.objects.values_list("state", flat=True)) == {"answered"}
    reopen_case(feedback=sent[1].feedback, reason="不行", at=NEXT)
    for row in Case.objects.all():
        assert row.asked == _count(row.pk), row
    states = dict(Case.objects.values_list("pk", "state"))
    assert [states[case.pk] for case in cases] == ["received"] * 4 + ["answered"]
