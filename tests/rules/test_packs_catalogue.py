"""The packs that are shipped are sound, say what they rest on, and ask for a bearable amount."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from zhibu.rules.branches import BranchFacts, GroupFacts, MemberFacts, Span, TermFacts
from zhibu.rules.duties import derive_duties
from zhibu.rules.norm import Attendees, Basis, Field, Norm, PracticeClass, Requirement, Unit
from zhibu.rules.packs import check_pack, pack_name, shelve_packs
from zhibu.rules.verdicts import Certainty, Severity

CATALOGUE = Path(__file__).parents[2] / "catalogue"
TEXTS = {p.name: p.read_text(encoding="utf-8") for p in sorted(CATALOGUE.glob("*.toml"))}
RESOLVE = shelve_packs(TEXTS.values())


def norm_of(name: str) -> Norm:
    norm = RESOLVE(name)
    assert norm is not None, name
    return norm


REQUIREMENTS = [
    pytest.param(norm, requirement, id=f"{norm.pack}-{requirement.code}")
    for norm in map(norm_of, map(pack_name, TEXTS.values()))
    for requirement in norm.requirements
]


def test_the_three_packs_are_there() -> None:
    """Branch work, organs, and the Beijing trial."""
    names = {pack_name(text) for text in TEXTS.values()}
    assert {"branch@2018", "organ@2019", "beijing-trial@2017"} <= names


@pytest.mark.parametrize("file", TEXTS)
def test_each_pack_has_no_fault(file: str) -> None:
    """And its file is named after it."""
    assert check_pack(TEXTS[file], RESOLVE) == ()
    assert file == pack_name(TEXTS[file]).replace("@", "-") + ".toml"


@pytest.mark.parametrize(("norm", "requirement"), REQUIREMENTS)
class TestEachRequirement:
    def test_it_explains_itself(self, norm: Norm, requirement: Requirement) -> None:
        """A guide and a model record of a readable length, in Chinese, and what it costs."""
        assert 120 <= len(requirement.guide) <= 250
        assert 150 <= len(requirement.model) <= 400
        assert 30 <= len(requirement.text) <= 250
        assert "常见毛病" in requirement.guide
        assert requirement.minutes > 0

    def test_its_source_is_named(self, norm: Norm, requirement: Requirement) -> None:
        """What was not seen says so in the article or in the text."""
        assert requirement.article.text
        assert requirement.article.source
        if requirement.article.certainty is Certainty.UNVERIFIED:
            said = requirement.text + requirement.article.text + requirement.article.source
            assert re.search("没有见到|尚未核对", said)

    def test_only_the_indispensable_stops_filing(
        self, norm: Norm, requirement: Requirement
    ) -> None:
        """At least one element proves the duty; each has a label and a hint in Chinese."""
        assert any(e.severity is Severity.ERROR for e in requirement.elements)
        assert sum(e.severity is Severity.ERROR for e in requirement.elements) <= 8
        for element in requirement.elements:
            assert re.search(r"[\u4e00-\u9fff]", element.label)
            assert element.hint

    def test_a_meeting_names_its_place_and_who_came(
        self, norm: Norm, requirement: Requirement
    ) -> None:
        """Whatever has a quorum records attendance, or the quorum could not be judged."""
        if requirement.quorum is not None:
            must = {e.key for e in requirement.elements if e.severity is Severity.ERROR}
            assert {"attendance", "place", "presider", "recorder"} <= must
            assert requirement.attendees is not Attendees.NONE

    def test_numbers_of_a_model_vote_add_up(self, norm: Norm, requirement: Requirement) -> None:
        """A model that counts wrongly would teach counting wrongly."""
        votes = re.search(
            r"(?:共|实到\d+人，其中有表决权的)?(\d+)票?，赞成(\d+)票，不赞成(\d+)票，弃权(\d+)票",
            requirement.model,
        )
        if votes:
            cast, *parts = map(int, votes.groups())
            assert cast == sum(parts)


def test_one_key_means_one_thing_in_all_packs() -> None:
    """The form and the book show one label for one key, whatever the norm."""
    labels: dict[str, set[str]] = {}
    for parameters in REQUIREMENTS:
        for element in parameters.values[1].elements:
            labels.setdefault(element.key, set()).add(element.label)
    assert {key: found for key, found in labels.items() if len(found) > 1} == {}


def test_every_declared_element_is_asked_for() -> None:
    """A vocabulary without dead words."""
    for name in map(pack_name, TEXTS.values()):
        norm = norm_of(name)
        asked = {e.key for r in norm.requirements for e in r.elements}
        assert {e.key for e in norm.vocabulary} <= asked


D = Unit
FACTS = [  # code, class, unit, times, months: what the field guide says of the norm in force
    ("D1", "B", D.QUARTER, 1, ()),
    ("D2", "B", D.MONTH, 1, ()),
    ("D3", "B", D.MONTH, 1, ()),
    ("D4", "B", D.QUARTER, 1, ()),
    ("D5", "B", D.MONTH, 1, ()),
    ("D6", "B", D.YEAR, 1, (10, 11, 12)),
    ("D7", "B", D.YEAR, 1, ()),
    ("D8a", "B", D.YEAR, 1, ()),
    ("D8b", "B", D.YEAR, 1, ()),
    ("D8c", "B", D.YEAR, 1, ()),
    ("D11", "B", D.MONTH, 1, ()),
    ("D15", "B", D.TERM, 1, ()),
    ("D17a", "B", D.EVENT, 1, ()),
    ("D28", "B", D.HALF, 1, ()),
    ("D34", "T", D.YEAR, 1, (6, 7)),
]


@pytest.mark.parametrize(("code", "practice_class", "unit", "times", "months"), FACTS)
def test_the_branch_pack_says_what_the_rules_say(
    code: str, practice_class: str, unit: Unit, times: int, months: tuple[int, ...]
) -> None:
    """Rhythm and class of the main duties."""
    requirement = norm_of("branch@2018").requirement(code)
    assert requirement is not None
    cadence = requirement.cadence
    assert requirement.practice_class == practice_class
    assert (cadence.unit, cadence.times, cadence.months) == (unit, times, months)


HALF, FOUR_FIFTHS = Fraction(1, 2), Fraction(4, 5)


@pytest.mark.parametrize(
    ("pack", "code", "which", "basis", "share", "is_strict"),
    [
        ("branch@2018", "D1", "quorum", Basis.VOTERS_EXPECTED, HALF, False),
        ("branch@2018", "D1", "majority", Basis.VOTERS_EXPECTED, HALF, True),
        ("branch@2018", "D2", "quorum", Basis.COMMITTEE, HALF, False),
        ("branch@2018", "D17b", "quorum", Basis.VOTERS_EXPECTED, HALF, True),
        ("branch@2018", "D17b", "majority", Basis.VOTERS_EXPECTED, HALF, True),
        ("branch@2018", "D29", "quorum", Basis.VOTERS_EXPECTED, HALF, True),
        ("branch@2018", "D15", "quorum", Basis.VOTERS_EXPECTED, FOUR_FIFTHS, False),
        ("branch@2018", "D15", "majority", Basis.VOTERS_PRESENT, HALF, True),
        ("beijing-trial@2017", "D15", "quorum", Basis.VOTERS_EXPECTED, FOUR_FIFTHS, True),
        ("beijing-trial@2017", "D15", "majority", Basis.VOTERS_PRESENT, HALF, True),
        ("beijing-trial@2017", "D17b", "quorum", Basis.VOTERS_EXPECTED, HALF, True),
    ],
)
def test_halves_and_fifths_are_not_confused(
    pack: str, code: str, which: str, basis: Basis, share: Fraction, is_strict: bool
) -> None:
    """In 以上 the number itself is enough, in 超过 it is not; and the bases differ."""
    threshold = getattr(norm_of(pack).requirement(code), which)
    assert (threshold.basis, threshold.share, threshold.is_strict) == (basis, share, is_strict)


def test_the_trial_pack_knows_nothing_later_than_its_day() -> None:
    """What came into force after 29 September 2017 is not in it, except as said to be unknown."""
    norm = norm_of("beijing-trial@2017")
    assert norm.in_force_from == date(2017, 9, 29)
    later = "支部工作条例|党员教育管理工作条例|基层组织选举工作条例|党务公开条例|2019|2020|2026"
    for requirement in norm.requirements:
        assert not re.search(later, requirement.text + requirement.article.text)
    assert norm.requirement("D27") is None


def test_an_organ_asks_for_all_that_a_branch_asks() -> None:
    """The extending pack keeps every code and adds its own."""
    branch, organ = norm_of("branch@2018"), norm_of("organ@2019")
    assert {r.code for r in branch.requirements} <= {r.code for r in organ.requirements}
    assert organ.extends == "branch@2018"
    own = {r.code for r in organ.requirements if r.origin == "organ@2019"}
    assert own == {"D10", "D14", "D17b", "D24", "D25", "D26", "D27", "J1"}


def typical_branch(groups: int) -> BranchFacts:
    """Twenty-two full members, a committee of five, so many groups, one leader."""
    since = Span(date(2019, 1, 1))
    members = tuple(
        MemberFacts(
            member=f"m{n}",
            span=since,
            group=f"g{n % groups}" if groups else None,
            full_on=date(2010, 1, 1),
            is_leader=n == 0,
            committee=(since,) if n < 5 else (),
        )
        for n in range(22)
    )
    return BranchFacts(
        branch="b",
        field=Field.ORGAN,
        span=since,
        members=members,
        groups=tuple(GroupFacts(f"g{n}", f"第{n + 1}党小组", since) for n in range(groups)),
        terms=(TermFacts(1, Span(date(2024, 5, 20), date(2027, 5, 19))),),
    )


@pytest.mark.parametrize(
    ("pack", "year", "groups", "least", "most"),
    [
        ("branch@2018", 2026, 0, 50, 60),
        ("branch@2018", 2026, 2, 70, 82),
        ("organ@2019", 2026, 2, 70, 85),
    ],
)
def test_a_year_is_bearable(pack: str, year: int, groups: int, least: int, most: int) -> None:
    """The must-do lines of a typical branch; half of them are groups' meetings and dues."""
    duties = derive_duties(norm_of(pack), typical_branch(groups), year)
    assert least <= len(duties) <= most
    count = Counter(d.requirement.code for d in duties)
    assert count["D3"] == 12 * groups
    assert (count["D1"], count["D2"], count["D5"], count["D11"]) == (4, 12, 12, 12)


def test_classes_have_their_labels() -> None:
    """The labels of B, T and X are data of the pack."""
    for name in map(pack_name, TEXTS.values()):
        assert dict(norm_of(name).labels) == {
            PracticeClass.B: "必做",
            PracticeClass.T: "推荐",
            PracticeClass.X: "自选",
        }
