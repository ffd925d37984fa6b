"""What may be done with a feedback, where it goes, and what others may read of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhibu.rules.feedback import (
    CONCLUDED,
    HELP_DAYS,
    OPEN,
    TRANSITIONS,
    Act,
    CaseFacts,
    CaseState,
    Level,
    Link,
    judge_act,
    judge_join,
    judge_presence,
    judge_reopening,
    judge_sending_up,
    judge_summary,
    judge_waiting,
    level_without_name,
    mirror,
    next_state,
    offer_levels,
)
from zhibu.rules.feedback_codes import derive_code, digest_code
from zhibu.rules.verdicts import Severity, Verdict
from zhibu.rules.wording import say

TODAY = date(2026, 3, 12)
S, A = CaseState, Act

# state: what can be done with a case that stands by itself, and what it then is
TABLE: dict[CaseState, dict[Act, CaseState]] = {
    S.RECEIVED: {
        A.ACCEPT: S.ACCEPTED, A.REFUSE: S.REFUSED, A.JOIN: S.RECEIVED, A.MOVE: S.RECEIVED,
        A.TAKE: S.RECEIVED, A.SEND_UP: S.SENT_UP, A.ANSWER: S.ANSWERED,
    },
    S.ACCEPTED: {
        A.REFUSE: S.REFUSED, A.JOIN: S.ACCEPTED, A.MOVE: S.RECEIVED, A.TAKE: S.RECEIVED,
        A.SEND_UP: S.SENT_UP, A.ANSWER: S.ANSWERED,
    },
    S.SENT_UP: {},
    S.ANSWERED: {A.CLOSE: S.CLOSED, A.REOPEN: S.RECEIVED},
    S.REFUSED: {A.REOPEN: S.RECEIVED},
    S.CLOSED: {A.REOPEN: S.RECEIVED},
}  # fmt: skip


def facts(state: CaseState = S.RECEIVED, *, joined: bool = False, days: int = 30) -> CaseFacts:
    return CaseFacts(state=state, is_joined=joined, waiting_since=TODAY - timedelta(days=days))


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("act", list(A))
def test_the_table_is_the_whole_rule(state: CaseState, act: Act) -> None:
    """What stands in the table can be done and gives that; what does not is refused with its words."""
    found = judge_act(facts(state), act, today=TODAY)
    if act in TABLE[state]:
        assert found == ()
        assert next_state(state, act) is TABLE[state][act]
    elif act is A.SPLIT:
        assert [one.rule for one in found] == ["FEED-08"]
    else:
        assert [one.rule for one in found] == ["FEED-02"]
        with pytest.raises(KeyError):
            next_state(state, act)


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("act", list(A))
def test_a_joined_case_is_handled_in_the_other(state: CaseState, act: Act) -> None:
    """All that is left is to split it off, and that only while both are open."""
    found = [one.rule for one in judge_act(facts(state, joined=True), act, today=TODAY)]
    if act is not A.SPLIT:
        assert found == ["FEED-01"]
    else:
        assert found == ([] if state in OPEN else ["FEED-02"])


def test_nobody_takes_over_too_early() -> None:
    """On the fifteenth day the level above may, not on the fourteenth."""
    early = judge_act(facts(days=HELP_DAYS - 1), A.TAKE, today=TODAY)
    assert [one.rule for one in early] == ["FEED-06"]
    assert judge_act(facts(days=HELP_DAYS), A.TAKE, today=TODAY) == ()


def test_joining() -> None:
    """Two open cases of one organisation that stand by themselves; else the reason."""
    for main, other, same, place, rule in (
        (facts(), facts(S.ACCEPTED), False, True, None),
        (facts(), facts(), True, True, "FEED-09"),
        (facts(), facts(), False, False, "FEED-10"),
        (facts(joined=True), facts(), False, True, "FEED-01"),
        (facts(), facts(joined=True), False, True, "FEED-01"),
        (facts(), facts(S.ANSWERED), False, True, "FEED-02"),
        (facts(S.SENT_UP), facts(), False, True, "FEED-02"),
    ):
        found = judge_join(main, other, is_same=same, is_one_place=place)
        assert (found and found.rule) == rule


RUN = "".join(chr(0x4E00 + number) for number in range(30))


@pytest.mark.parametrize(
    ("summary", "original", "rule"),
    [
        ("", "记录页面不好用", "FEED-04"),
        ("  。 ", "记录页面不好用", "FEED-04"),
        ("多人反映记录页面不好用", "不好用", None),  # too short to be anybody's words
        ("手机上写记录时保存按钮被挡住", "我上周二值班时发现保存按钮被键盘挡住了", None),
        (
            "有同志说：我上周二值班时，发现保存按钮被键盘挡住了！",
            "我上周二值班时发现保存按钮被键盘挡住了",
            "FEED-05",
        ),
        ("𠮷" * 15, "𠮷" * 15, "FEED-05"),
        ("𠮷" * 14, "𠮷" * 14, None),
        (
            f"反映：{'保存按钮被键盘挡住' * 4}。",
            f"周二，{'保存按钮被键盘挡住' * 4}，请改",
            "FEED-05",
        ),
        (f"甲{RUN}乙", f"丙{RUN}丁", "FEED-05"),
        (f"甲{RUN[1:]}乙", f"丙{RUN[1:]}丁", None),
    ],
)
def test_a_summary_is_in_the_offices_own_words(
    summary: str, original: str, rule: str | None
) -> None:
    """Whatever the punctuation, what was written to the office alone is not shown to all."""
    found = judge_summary(summary, ["别的反映", original])
    assert (found and found.rule) == rule


def test_waiting() -> None:
    """Days are counted, and from the fifteenth on help is asked for; a day ahead is no negative wait."""
    assert judge_waiting(TODAY, TODAY).facts["days"] == 0
    assert judge_waiting(TODAY + timedelta(days=1), TODAY).facts["days"] == 0
    assert judge_waiting(TODAY - timedelta(days=14), TODAY).severity is Severity.NOTE
    assert say(judge_waiting(TODAY - timedelta(days=15), TODAY)) == (
        "已等待15日，等待满15日的请上级协助。"
    )


def level(key: str, *, handled: bool = True, own: bool = False, crowd: bool = True) -> Level:
    return Level(key, key == "branch", handled, own, crowd)


# from the sender's own organisation up: who is offered (named), to whom it goes (without)
ROUTES = [
    # a member: the branch, then the office; without a name past the branch
    ([level("branch"), level("party"), level("city")], ["branch", "party"], "party"),
    # the secretary does not write to themselves
    ([level("branch", own=True), level("party"), level("city")], ["party", "city"], "party"),
    # the branch has nobody for it
    ([level("branch", handled=False), level("party"), level("city")], ["party", "city"], "party"),
    # the level above is too small to hide in
    ([level("branch"), level("party", crowd=False), level("city")], ["branch", "party"], "city"),
    # all are: as high as there is somebody
    ([level("branch"), level("party", crowd=False)], ["branch", "party"], "party"),
    # the office writes to the city
    ([level("party", own=True), level("city")], ["city"], "city"),
    # nobody above handles it yet: without a name it waits there, past the branch all the same
    ([level("branch"), level("party", handled=False)], ["branch"], "party"),
    (
        [level("branch"), level("party", handled=False), level("city", handled=False)],
        ["branch"], "city",
    ),
    # the only one above who handles it has written it
    ([level("branch"), level("party", own=True)], ["branch"], "party"),
    # one branch alone
    ([level("branch")], ["branch"], "branch"),
    # the top itself; nobody at all
    ([level("city", own=True)], ["city"], "city"),
    ([level("branch", handled=False), level("city", handled=False)], ["city"], "city"),
    ([], [], None),
]  # fmt: skip


@pytest.mark.parametrize(("levels", "named", "without"), ROUTES)
def test_where_it_goes(levels: list[Level], named: list[str], without: str | None) -> None:
    """Level by level with a name; without one where nobody can be guessed."""
    assert [one.key for one in offer_levels(levels)] == named
    found = level_without_name(levels)
    assert (found and found.key) == without


ANY_LEVELS = st.lists(
    st.builds(
        Level, st.text("ab", min_size=1), st.booleans(), st.booleans(), st.booleans(), st.booleans()
    ),
    max_size=5,
)


@given(ANY_LEVELS)
def test_it_always_goes_somewhere_and_past_oneself_where_that_can_be(levels: list[Level]) -> None:
    """Nothing sent is lost; whoever handles things is not judge of their own while there is another."""
    offered, found = offer_levels(levels), level_without_name(levels)
    assert bool(offered) == bool(levels) == (found is not None)
    if not all(one.is_branch for one in levels):
        assert found is not None
        assert not found.is_branch
    if any(one.has_handler and not one.is_senders for one in levels):
        assert not any(one.is_senders for one in offered)
    if any(
        one.has_handler and one.is_crowd and not one.is_branch and not one.is_senders
        for one in levels
    ):
        assert found is not None
        assert found.is_crowd


@given(st.sampled_from(list(S)), st.sampled_from(list(Link)), st.sampled_from(list(S)))
def test_what_hangs_on_a_case_follows_it(state: CaseState, link: Link, held: CaseState) -> None:
    """Joined: the same. Sent up: waiting until it is concluded, and what is closed stays closed."""
    after = mirror(state, link, held)
    if link is Link.INTO:
        assert after is state
    elif held is S.CLOSED:
        assert after is S.CLOSED
    else:
        assert after is (state if state in CONCLUDED else S.SENT_UP)


@given(st.lists(st.sampled_from(list(A)), max_size=30))
def test_every_course_stays_in_the_table(acts: list[Act]) -> None:
    """Whatever is tried in whatever order, the case is in one of its states, and open ones can end."""
    state = S.RECEIVED
    for act in acts:
        if judge_act(facts(state), act, today=TODAY):
            continue
        state = next_state(state, act)
        assert state in S
    assert state in OPEN | CONCLUDED | {S.SENT_UP}
    if state in OPEN:
        assert judge_act(facts(state), A.ANSWER, today=TODAY) == ()
    assert set(TRANSITIONS.values()) <= set(S)


def test_a_code_is_typed_as_people_type() -> None:
    """Small letters, blanks, no dashes, O for 0 and I or L for 1: the same digest; else none."""
    code = derive_code("a-secret", "text")
    assert len(code) == 19
    digest = digest_code(code)
    for typed in (code.lower(), code.replace("-", ""), code.replace("-", " "), f" {code}。"):
        assert digest_code(typed) == digest
    wide = code.translate({ord(c): ord(c) + 0xFEE0 for c in code if c != "-"})
    assert digest_code(wide) == digest_code(wide.replace("-", "—")) == digest
    assert digest_code("OOOO-IIII-LLLL-0000") == digest_code("0000-1111-1111-0000")
    for typed in ("", "查询码", code[:-1], code + "A", "U" * 16, "<script>"):
        assert digest_code(typed) == ""


@given(st.text(), st.text(), st.text())
def test_codes_are_told_apart(secret: str, one: str, other: str) -> None:
    """The same sending gives the same code, another text or another form another one."""
    assert derive_code(secret, one) == derive_code(secret, one)
    if one != other:
        assert derive_code(secret, one) != derive_code(secret, other)
        assert derive_code(one, secret) != derive_code(other, secret)


def verdicts() -> list[Verdict]:
    """One of every rule, for the test of the words."""
    missing, copied = judge_summary("", []), judge_summary("一" * 20, ["一" * 20])
    again = judge_reopening(is_used=True)
    same = judge_join(facts(), facts(), is_same=True, is_one_place=True)
    apart = judge_join(facts(), facts(), is_same=False, is_one_place=False)
    highest = judge_sending_up(is_highest=True)
    assert judge_sending_up(is_highest=False) is None
    gone = judge_presence(is_here=False)
    assert judge_presence(is_here=True) is None
    assert judge_reopening(is_used=False) is None
    found = [
        *judge_act(facts(joined=True), A.ANSWER, today=TODAY),
        *judge_act(facts(S.CLOSED), A.ACCEPT, today=TODAY),
        *judge_act(facts(days=3), A.TAKE, today=TODAY),
        *judge_act(facts(), A.SPLIT, today=TODAY),
        judge_waiting(TODAY, TODAY),
        judge_waiting(TODAY - timedelta(days=40), TODAY),
    ]
    return found + [
        one for one in (missing, copied, again, same, apart, highest, gone) if one is not None
    ]
