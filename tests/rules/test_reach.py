"""Whom a text is for, how it comes down, what reaching somebody takes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhibu.rules.branches import Span
from zhibu.rules.reach import (
    BODY_LENGTH,
    MOST_ORGANIZATIONS,
    AudienceFacts,
    Coverage,
    DraftFacts,
    Mode,
    Readers,
    Seat,
    Wording,
    comes_down,
    common_paths,
    has_arrived,
    is_large_change,
    judge_amendment,
    judge_meeting,
    judge_text,
    judge_visit,
    seat_of,
    spare_paths,
    version_at,
)
from zhibu.rules.verdicts import Severity, Verdict

TODAY = date(2026, 3, 20)
NINE = datetime(2026, 3, 20, 9, tzinfo=UTC)
BRANCH = Seat("0001000200030004", "branch", "organ")
GOOD = DraftFacts("0001", "关于学习的通知", "请组织学习。", False, AudienceFacts(("0001",)))


def draft(**changes: object) -> DraftFacts:
    values = {name: getattr(GOOD, name) for name in DraftFacts.__slots__}
    return DraftFacts(**{**values, **changes})  # type: ignore[arg-type]


DRAFTS: list[tuple[DraftFacts, set[str]]] = [
    (GOOD, set()),
    (draft(title=" "), {"TEXT-01"}),
    (draft(title="长" * 201), {"TEXT-02"}),
    (draft(title="长" * 200), set()),
    (draft(body="  \n"), {"TEXT-03"}),
    (draft(body="", has_files=True), set()),
    (draft(body="长" * (BODY_LENGTH + 1)), {"TEXT-04"}),
    (draft(body="长" * BODY_LENGTH), set()),
    (
        draft(audience=AudienceFacts(tuple(f"0001{n:04}" for n in range(MOST_ORGANIZATIONS)))),
        set(),
    ),
    (draft(audience=AudienceFacts(())), {"TEXT-05"}),
    (
        draft(audience=AudienceFacts(tuple(f"0001{n:04}" for n in range(MOST_ORGANIZATIONS + 1)))),
        {"TEXT-06"},
    ),
    (draft(issuer="00010002"), {"TEXT-07"}),
    (draft(audience=AudienceFacts(("0001", "0002"))), {"TEXT-07"}),  # one of them elsewhere
    (draft(audience=AudienceFacts(("0001",), kinds=("committee",))), {"TEXT-08"}),
    (draft(audience=AudienceFacts(("0001",), Readers.SECRETARIES, ("committee",))), set()),
    (draft(reach_by=date(2026, 3, 19)), {"TEXT-09"}),
    (draft(reach_by=TODAY), set()),
    (draft(title="", body="", audience=AudienceFacts(())), {"TEXT-01", "TEXT-03", "TEXT-05"}),
]


@pytest.mark.parametrize(("facts", "rules"), DRAFTS)
def test_a_draft_is_issued_only_when_it_is_whole(facts: DraftFacts, rules: set[str]) -> None:
    """Each thing that is missing is said by its own rule."""
    assert {verdict.rule for verdict in judge_text(facts, TODAY)} == rules


OLD = Wording("通知", "第一段。\n第二段。" * 30, ("a",))
AMENDMENTS: list[tuple[Wording, str, bool, set[str]]] = [
    (OLD, "改正错字", False, {"TEXT-10"}),
    (Wording("通知", OLD.body + "补一句。", ("a",)), "改正", False, set()),
    (Wording("通知", OLD.body + "补一句。", ("a",)), " ", False, {"TEXT-11"}),
    (Wording("通知", "全新的内容。" * 50, ("a",)), "改正", False, {"TEXT-12"}),
    (Wording("通知", "全新的内容。" * 50, ("a",)), "重写", True, set()),
    (Wording("通知", OLD.body, ("a", "b")), "补附件", False, {"TEXT-12"}),
    (Wording("", "", ()), "改", True, {"TEXT-01", "TEXT-03"}),
    (Wording("长" * 201, "长" * (BODY_LENGTH + 1), ()), "改", True, {"TEXT-02", "TEXT-04"}),
    (Wording("长" * 200, "长" * BODY_LENGTH, ()), "改", True, set()),
    (Wording("通知", OLD.body + "补" * 40, ("a",)), "改正", False, set()),
    (Wording("通知", OLD.body + "补" * 41, ("a",)), "改正", False, {"TEXT-12"}),
    (Wording("通知", OLD.body[:-41], ("a",)), "删去一段", False, {"TEXT-12"}),
    (Wording("通知", "补" * 40 + OLD.body, ("a",)), "改正", False, set()),
]


@pytest.mark.parametrize(("after", "note", "is_new", "rules"), AMENDMENTS)
def test_an_amendment_says_what_and_why(
    after: Wording, note: str, is_new: bool, rules: set[str]
) -> None:
    """A large change under the name of a correction is warned of, not forbidden."""
    found = judge_amendment(OLD, after, note=note, is_new_version=is_new, has_files=False)
    assert {verdict.rule for verdict in found} == rules
    assert all((v.severity is Severity.WARNING) == (v.rule == "TEXT-12") for v in found)


LONG = "甲" * 1000
CORRECTIONS = [
    (LONG[:900] + "乙" * 100, False),
    (LONG[:899] + "乙" * 101, True),
    (LONG + "乙" * 111, False),  # a tenth of what it is now
    (LONG + "乙" * 112, True),
    (LONG[:450] + "乙" * 100 + LONG[550:], False),
    (LONG[:450] + "乙" * 101 + LONG[551:], True),
    (LONG[:900], False),
    (LONG[:899], True),
]


@pytest.mark.parametrize(("after", "is_large"), CORRECTIONS)
def test_of_a_long_text_a_tenth_may_be_corrected(after: str, is_large: bool) -> None:
    """Counted from the longer of the two; of a short one forty characters, of nothing nothing."""
    assert is_large_change(Wording("", LONG), Wording("", after)) is is_large
    assert not is_large_change(Wording("", ""), Wording("", ""))


SEATS: list[tuple[AudienceFacts, tuple[Seat, ...], str]] = [
    (AudienceFacts(("0001",)), (BRANCH,), BRANCH.path),
    (AudienceFacts((BRANCH.path,)), (BRANCH,), BRANCH.path),
    (AudienceFacts(("0002",)), (BRANCH,), ""),
    (AudienceFacts(("0002", "00010002")), (BRANCH,), BRANCH.path),
    (AudienceFacts(("0001",), fields=("school",)), (BRANCH,), ""),
    (AudienceFacts(("0001",), fields=("school", "organ")), (BRANCH,), BRANCH.path),
    (AudienceFacts(("0001",), Readers.SECRETARIES), (BRANCH,), ""),
    (
        AudienceFacts(("0001",), Readers.SECRETARIES),
        (
            BRANCH,
            Seat("0001000200030004", "branch", "organ", "secretary"),
            Seat("00010002", "committee", "organ", "secretary"),
        ),
        "00010002",
    ),
    (
        AudienceFacts(("0001",), Readers.COMMITTEE, ("branch",)),
        (
            Seat("0001000200030004", "branch", "organ", "publicity"),
            Seat("00010002", "committee", "organ", "secretary"),
        ),
        "0001000200030004",
    ),
    (
        AudienceFacts(("0001",), Readers.COMMITTEE),
        (Seat("00010002000300040001", "group", "organ", "group_leader"),),
        "",
    ),
]


@pytest.mark.parametrize(("audience", "seats", "path"), SEATS)
def test_a_text_finds_its_readers(
    audience: AudienceFacts, seats: tuple[Seat, ...], path: str
) -> None:
    """By tree, office, kind and field; who has two offices counts in the higher one."""
    found = seat_of(audience, seats)
    assert (found.path if found else "") == path


PATHS = st.lists(st.lists(st.sampled_from(["0001", "0002"]), min_size=1, max_size=4).map("".join))


@given(PATHS, PATHS.filter(bool).map(lambda paths: paths[0]))
def test_what_two_paths_have_in_common_is_below_both(audience: list[str], scope: str) -> None:
    """A path lies in the common part when it lies in the audience and in the scope."""
    common = common_paths(audience, scope)
    for path in (scope + "0001", scope, *(one + "0002" for one in audience)):
        within = any(path.startswith(one) for one in audience) and path.startswith(scope)
        assert within == any(path.startswith(one) for one in common)
    assert len(spare_paths(common)) == len(common)


def test_what_lies_below_another_is_spared() -> None:
    """In the order of the tree, each once."""
    paths = ["0002", "000200010001", "0001", "00020001", "0003", "0002"]
    assert spare_paths(paths) == ("0001", "0002", "0003")


LEVELS: list[tuple[Mode, set[str], bool, bool, bool]] = [
    # mode, who sent it on → arrived at the committee, at the branch; read by its members
    (Mode.AT_ONCE, set(), True, True, True),
    (Mode.BY_LEVEL, set(), True, False, False),
    (Mode.BY_LEVEL, {"00010002"}, True, True, False),
    (Mode.BY_LEVEL, {"00010002", "000100020003"}, True, True, True),
]


@pytest.mark.parametrize(("mode", "forwarded", "committee", "branch", "members"), LEVELS)
def test_level_by_level(
    mode: Mode, forwarded: set[str], committee: bool, branch: bool, members: bool
) -> None:
    """Each level has it once the one above has sent it on; members once their branch has."""
    assert has_arrived("0001", "0001", mode, forwarded)
    assert has_arrived("0001", "00010002", mode, forwarded) is committee
    assert has_arrived("0001", "000100020003", mode, forwarded) is branch
    said = comes_down("0001", "000100020003", mode, forwarded, Readers.MEMBERS)
    assert said is members
    said = comes_down("0001", "000100020003", mode, forwarded, Readers.SECRETARIES)
    assert said is branch


HOUR = timedelta(hours=1)
MEETINGS: list[tuple[datetime, datetime | None, datetime, str]] = [
    (NINE + HOUR, None, NINE + 2 * HOUR, ""),
    (NINE, None, NINE, ""),
    (NINE - HOUR, None, NINE + HOUR, "CARRY-02"),
    (NINE + 2 * HOUR, None, NINE + HOUR, "CARRY-01"),
    (NINE + 2 * HOUR, NINE + HOUR, NINE + 3 * HOUR, "CARRY-03"),
    (NINE + HOUR + HOUR / 4, None, NINE + HOUR, ""),
    (NINE + HOUR + HOUR / 4, NINE + HOUR, NINE + 3 * HOUR, ""),
    (NINE + HOUR, NINE + 2 * HOUR, NINE + 3 * HOUR, ""),
    (NINE + HOUR, None, NINE + HOUR / 2, ""),  # filed as it begins
    (NINE + HOUR, NINE + HOUR / 2, NINE + 3 * HOUR, ""),  # recalled as it begins
]


def meeting(ended: datetime, recalled: datetime | None, filed: datetime) -> Verdict | None:
    return judge_meeting(
        issued_at=NINE, recalled_at=recalled, began_at=ended - HOUR / 2, ended_at=ended,
        filed_at=filed,
    )  # fmt: skip


@pytest.mark.parametrize(("met", "recalled", "filed", "rule"), MEETINGS)
def test_a_meeting_passes_on_only_what_there_was(
    met: datetime, recalled: datetime | None, filed: datetime, rule: str
) -> None:
    """Neither before the text was issued, nor after it was recalled, nor in the future."""
    found = meeting(met, recalled, filed)
    assert (found.rule if found else "") == rule


ILL = (Span(date(2026, 1, 1), date(2026, 3, 25)),)
VISITS: list[tuple[date, bool, bool, set[str]]] = [
    (date(2026, 3, 18), True, False, set()),
    (date(2026, 3, 21), True, False, {"VISIT-01"}),
    (date(2026, 3, 9), True, False, {"VISIT-02"}),
    (date(2026, 3, 10), True, False, set()),  # the day of issue
    (TODAY, True, False, set()),
    (date(2026, 3, 18), False, False, {"VISIT-05"}),
    (date(2026, 3, 18), True, True, {"VISIT-04"}),
    (date(2026, 3, 21), False, False, {"VISIT-01", "VISIT-05"}),
]


@pytest.mark.parametrize(("day", "is_of_branch", "is_self", "rules"), VISITS)
def test_a_visit_has_its_day_and_its_visitor(
    day: date, is_of_branch: bool, is_self: bool, rules: set[str]
) -> None:
    """Between the issue and today, by another member of the branch, to somebody old or ill."""
    found = judge_visit(
        day, issued=date(2026, 3, 10), today=TODAY, infirm=ILL,
        is_visitor_of_branch=is_of_branch, is_self=is_self,
    )  # fmt: skip
    assert {verdict.rule for verdict in found} == rules


def test_a_visit_is_for_the_old_and_ill() -> None:
    """Who can read is not reached by a visit."""
    found = _healthy()
    assert [verdict.rule for verdict in found] == ["VISIT-03"]


def _healthy() -> tuple[Verdict, ...]:
    return judge_visit(
        date(2026, 3, 18), issued=date(2026, 3, 10), today=TODAY, infirm=(),
        is_visitor_of_branch=True, is_self=False,
    )  # fmt: skip


def test_the_version_in_force() -> None:
    """The newest that there was at that moment; none before the first."""
    versions = [(1, NINE), (1, NINE + HOUR), (2, NINE + 2 * HOUR)]
    moments = [NINE - HOUR, NINE, NINE + HOUR, NINE + 3 * HOUR]
    assert [version_at(versions, moment) for moment in moments] == [0, 1, 1, 2]


def test_coverage_adds_up() -> None:
    """Open is what is expected and not reached, never less than nothing."""
    both = Coverage(5, 2, by_meeting=1) + Coverage(3, 3, by_meeting=1, by_visit=1)
    assert (both, both.open, both.is_whole) == (Coverage(8, 5, 2, 1), 3, False)
    assert both.by_reading == 2
    assert both + Coverage(1, 1, by_visit=1) == Coverage(9, 6, 2, 2)
    assert Coverage(0, 1).open == 0
    assert Coverage(1, 1).is_whole
    assert not Coverage().is_whole


def verdicts() -> list[Verdict]:
    """Verdicts of every rule of this room, for the test of the words."""
    found = [verdict for facts, _ in DRAFTS for verdict in judge_text(facts, TODAY)]
    for after, note, is_new, _ in AMENDMENTS:
        found += judge_amendment(OLD, after, note=note, is_new_version=is_new, has_files=False)
    for met, recalled, filed, _ in MEETINGS:
        said = meeting(met, recalled, filed)
        found += [said] if said else []
    for day, is_of_branch, is_self, _ in VISITS:
        found += judge_visit(
            day, issued=date(2026, 3, 10), today=TODAY, infirm=ILL,
            is_visitor_of_branch=is_of_branch, is_self=is_self,
        )  # fmt: skip
    return [*found, *_healthy()]
