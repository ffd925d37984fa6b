"""Two at once, on real connections: one does it, the other is told; nothing is left half (mistake 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.cast import make_cast
from tests.handbook.test_concurrency import at_once
from tests.network.test_feedback import AT, NEXT, PLACE, SUMMARY, _count, case_of, send

from zhibu.ledger.models import Entry
from zhibu.network.feedback.allowance import ALLOWANCE
from zhibu.network.feedback.models import Case, Feedback, Step
from zhibu.network.feedback.services import (
    FeedbackRefused,
    answer_case,
    join_cases,
    move_case,
    refuse_case,
    reopen_case,
    send_feedback,
    send_up,
    split_case,
    take_case,
)
from zhibu.network.notices.models import Notice

if TYPE_CHECKING:
    from tests.cast import Cast


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    ALLOWANCE.forget()
    yield
    ALLOWANCE.forget()


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_cast()


def three(cast: Cast) -> list[Case]:
    return [case_of(send(cast, cast.deputy, text, to=cast.committee)) for text in "甲乙丙"]


def assert_whole() -> None:
    """Every case is what a look at all rows says that it must be."""
    for case in Case.objects.all():
        assert case.asked == _count(case.pk)
        if case.into is not None:
            assert case.state == case.into.state
            assert case.into.into is None  # joined once, flat
        numbers = list(case.steps.values_list("number", flat=True))
        assert numbers == list(range(1, len(numbers) + 1))


def outcomes(answers: list[Any]) -> list[str]:
    """Done or refused; anything else fails here."""
    for one in answers:
        assert isinstance(one, (Case, FeedbackRefused)), repr(one)
    return sorted("done" if isinstance(one, Case) else "refused" for one in answers)


def test_one_form_sent_several_times_at_once(cast: Cast) -> None:
    """One row, one code for everybody."""

    def again() -> Any:
        return send_feedback(
            by=cast.member, is_named=False, text="同一张表", place=PLACE, seat=cast.branch,
            addressed_to=None, secret="one", at=AT,
        )  # fmt: skip

    answers = at_once(*(again for _ in range(4)))
    assert len({answer.code for answer in answers}) == 1
    assert Feedback.objects.count() == Case.objects.count() == 1


def test_two_answers_at_once(cast: Cast) -> None:
    """One is given, the other is told; the askers hear one."""
    case = three(cast)[0]
    answers = at_once(
        *(
            lambda words=words: answer_case(case=case, answer=words, by=cast.office, at=AT)
            for words in ("一", "二", "三")
        )
    )
    assert outcomes(answers) == ["done", "refused", "refused"]
    assert Step.objects.filter(case=case).count() == 1
    assert Entry.objects.filter(verb="answer_case").count() == 1
    assert Notice.objects.filter(person=cast.deputy).count() == 1
    assert_whole()


def test_answered_and_refused_at_once(cast: Cast) -> None:
    """It is one of both, whole."""
    case = three(cast)[0]
    answers = at_once(
        lambda: answer_case(case=case, answer="好", by=cast.office, at=AT),
        lambda: refuse_case(case=case, reason="不", by=cast.office, at=AT),
    )
    assert outcomes(answers) == ["done", "refused"]
    case.refresh_from_db()
    assert (case.state, case.answer) in {("answered", "好"), ("refused", "不")}
    assert_whole()


def test_joined_into_each_other_at_once(cast: Cast) -> None:
    """Each into the other: one is the main one, no circle."""
    one, two, _ = three(cast)
    answers = at_once(
        lambda: join_cases(main=one, others=[two], by=cast.office, at=AT),
        lambda: join_cases(main=two, others=[one], by=cast.office, at=AT),
    )
    assert outcomes(answers) == ["done", "refused"]
    assert Case.objects.exclude(into=None).count() == 1
    assert_whole()


def test_joined_into_two_at_once(cast: Cast) -> None:
    """It hangs on one of them."""
    one, two, three_ = three(cast)
    answers = at_once(
        lambda: join_cases(main=one, others=[three_], by=cast.office, at=AT),
        lambda: join_cases(main=two, others=[three_], by=cast.office, at=AT),
    )
    assert outcomes(answers) == ["done", "refused"]
    assert_whole()


def test_a_chain_is_joined_at_once(cast: Cast) -> None:
    """甲 takes 乙 while 乙 takes 丙: whoever comes first, nothing is lost and nothing nested."""
    one, two, last = three(cast)
    answers = at_once(
        lambda: join_cases(main=one, others=[two], by=cast.office, at=AT),
        lambda: join_cases(main=two, others=[last], by=cast.office, at=AT),
    )
    assert "done" in outcomes(answers)
    assert_whole()


Act = Callable[["Cast", list[Case]], Any]
ACTS: dict[str, Act] = {
    "answer": lambda cast, cases: answer_case(case=cases[0], answer="好", by=cast.office, at=AT),
    "join": lambda cast, cases: join_cases(main=cases[0], others=[cases[2]], by=cast.office, at=AT),
    "join_other": lambda cast, cases: join_cases(
        main=cases[2], others=[cases[0]], by=cast.office, at=AT
    ),
    "split": lambda cast, cases: split_case(case=cases[1], reason="不同", by=cast.office, at=AT),
    "send_up": lambda cast, cases: send_up(case=cases[0], summary=SUMMARY, by=cast.office, at=AT),
    "move": lambda cast, cases: move_case(
        case=cases[0], to=cast.branch, summary=SUMMARY, reason="由支部", by=cast.office, at=AT
    ),
    "take": lambda cast, cases: take_case(
        case=cases[0], to=cast.commission, reason="久", by=cast.keeper, at=AT + timedelta(days=20)
    ),
}


@pytest.mark.parametrize(
    ("first", "second"),
    [(a, b) for number, a in enumerate(sorted(ACTS)) for b in sorted(ACTS)[number:]],
)
def test_any_two_acts_at_once(cast: Cast, first: str, second: str) -> None:
    """On one case with one joined: both or one of them, in some order, never half of one."""
    cases = three(cast)
    join_cases(main=cases[0], others=[cases[1]], by=cast.office, at=AT)
    answers = at_once(*(lambda act=act: ACTS[act](cast, cases) for act in (first, second)))
    assert "done" in outcomes(answers)
    assert_whole()


def test_answered_above_while_asked_again_below(cast: Cast) -> None:
    """The answer from above and an asker who is not content: no wait for ever, each whole."""
    sent = [send(cast, cast.deputy, text, to=cast.committee) for text in "甲乙"]
    cases = [case_of(each) for each in sent]
    join_cases(main=cases[0], others=[cases[1]], by=cast.office, at=AT)
    above = send_up(case=cases[0], summary=SUMMARY, by=cast.office, at=AT)
    answers = at_once(
        lambda: answer_case(case=above, answer="好", by=cast.keeper, at=AT),
        lambda: reopen_case(feedback=sent[1].feedback, reason="不行", at=NEXT),
        lambda: refuse_case(case=above, reason="不", by=cast.keeper, at=AT),
    )
    assert outcomes(answers).count("done") in {1, 2}
    assert_whole()
    again = at_once(
        *(
            lambda each=each: reopen_case(feedback=each.feedback, reason="仍不行", at=NEXT)
            for each in sent
        )
    )
    assert outcomes(again) in (["done", "refused"], ["refused", "refused"])
    assert_whole()
