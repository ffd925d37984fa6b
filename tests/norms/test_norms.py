"""Loading packs, choosing them, and which norm binds whom."""

from __future__ import annotations

from datetime import date

import pytest
from tests.plans.story import AT, PACK, requirement

from zhibu.ledger.models import Entry
from zhibu.norms.catalogue import catalogue_dir, catalogue_packs
from zhibu.norms.facts import NormMissing, norm_for, norm_of, norms_for
from zhibu.norms.models import NormVersion
from zhibu.norms.queries import branches_bound
from zhibu.norms.services import choose_pack, load_catalogue, load_pack
from zhibu.org.models import Organization
from zhibu.org.services import Refused, dissolve_organization, found_organization
from zhibu.rules.packs import PackFaulty

pytestmark = pytest.mark.django_db

ONE = PACK + requirement("D1")
TWO = PACK.replace('version = "1"', 'version = "2"').replace("2010-01-01", "2026-07-01")
TWO += requirement("D1", unit="month")


def found(name: str, parent: Organization | None, kind: str) -> Organization:
    return found_organization(
        name=name, kind=kind, parent=parent, founded_on=date(2015, 1, 1), by=None, at=AT
    )


@pytest.fixture
def tree() -> tuple[Organization, Organization, Organization]:
    commission = found("工委", None, "commission")
    committee = found("党委", commission, "committee")
    return commission, committee, found("支部", committee, "branch")


def test_the_same_text_is_the_same_version() -> None:
    """Loaded twice, stored once, noted once; Windows' line ends make no other text."""
    first = load_pack(text=ONE, by=None, at=AT)
    assert load_pack(text=ONE.replace("\n", "\r\n"), by=None, at=AT) == first
    assert Entry.objects.filter(verb="load_norm").count() == 1


def test_a_published_version_never_changes() -> None:
    """Another text under the same version is refused and nothing is stored."""
    load_pack(text=ONE, by=None, at=AT)
    with pytest.raises(Refused, match="已经发布"):
        load_pack(text=ONE.replace("测试条文", "另一条文"), by=None, at=AT)
    assert NormVersion.objects.count() == 1


def test_a_faulty_pack_is_refused() -> None:
    """With all its faults."""
    with pytest.raises(PackFaulty):
        load_pack(text=ONE.replace("quarter", "sometimes"), by=None, at=AT)


def test_the_catalogue_loads_whole_and_again() -> None:
    """Every shipped pack, what is extended first; the second time nothing is new."""
    assert catalogue_dir().is_dir()
    loaded = load_catalogue(by=None, at=AT)
    assert len(loaded) == len(list(catalogue_packs())) >= 3
    assert load_catalogue(by=None, at=AT) == loaded
    assert NormVersion.objects.count() == len(loaded)
    organ = NormVersion.objects.get(pack="organ")
    assert organ.extends is not None
    assert organ.extends.pack == "branch"
    assert norm_of(organ).requirement("D1") is not None


def test_the_nearest_choice_binds(tree: tuple[Organization, ...]) -> None:
    """The branch's own, else that of the nearest level above, from its day on."""
    commission, committee, branch = tree
    load_pack(text=ONE, by=None, at=AT)
    load_pack(text=ONE.replace('id = "small"', 'id = "other"'), by=None, at=AT)
    with pytest.raises(NormMissing):
        norm_for(branch, date(2026, 1, 1))
    choose_pack(organization=commission, pack="small", since=date(2020, 1, 1), by=None, at=AT)
    choose_pack(organization=committee, pack="other", since=date(2026, 6, 1), by=None, at=AT)
    assert norm_for(branch, date(2026, 5, 31))[0].pack == "small"
    assert norm_for(branch, date(2026, 6, 1))[0].pack == "other"
    assert norm_for(commission, 2026)[0].pack == "small"
    assert set(norms_for(tree, date(2019, 1, 1))) == set()


def test_the_version_in_force_counts(tree: tuple[Organization, ...]) -> None:
    """A new version binds from the day on which it comes into force."""
    commission, _, branch = tree
    load_pack(text=ONE, by=None, at=AT)
    load_pack(text=TWO, by=None, at=AT)
    choose_pack(organization=commission, pack="small", since=date(2020, 1, 1), by=None, at=AT)
    assert norm_for(branch, date(2026, 6, 30))[1].version == "1"
    assert norm_for(branch, 2026)[1].version == "2"
    assert norm_for(branch, 2025)[1].version == "1"


def test_choosing_ends_the_choice_before(tree: tuple[Organization, ...]) -> None:
    """The same again changes nothing; a day that is past the present choice's is needed."""
    commission, _, branch = tree
    load_pack(text=ONE, by=None, at=AT)
    load_pack(text=ONE.replace('id = "small"', 'id = "other"'), by=None, at=AT)
    first = choose_pack(
        organization=commission, pack="small", since=date(2020, 1, 1), by=None, at=AT
    )
    again = choose_pack(
        organization=commission, pack="small", since=date(2021, 1, 1), by=None, at=AT
    )
    assert again == first
    with pytest.raises(Refused):
        choose_pack(organization=commission, pack="other", since=date(2020, 1, 1), by=None, at=AT)
    with pytest.raises(Refused):
        choose_pack(organization=commission, pack="none", since=date(2026, 1, 1), by=None, at=AT)
    choose_pack(organization=commission, pack="other", since=date(2024, 1, 1), by=None, at=AT)
    assert norm_for(branch, date(2023, 12, 31))[0].pack == "small"
    assert norm_for(branch, date(2024, 1, 1))[0].pack == "other"


def test_how_many_branches_a_choice_binds(tree: tuple[Organization, ...]) -> None:
    """Those that stand below and have no nearer choice on that day; of a branch, itself."""
    commission, committee, branch = tree
    load_pack(text=ONE, by=None, at=AT)
    own, ended = found("自选支部", committee, "branch"), found("旧支部", committee, "branch")
    dissolve_organization(organization=ended, dissolved_on=date(2019, 1, 1), by=None, at=AT)
    choose_pack(organization=own, pack="small", since=date(2021, 1, 1), by=None, at=AT)
    assert branches_bound(commission, date(2020, 12, 31)) == 2
    assert branches_bound(commission, date(2021, 1, 1)) == 1
    assert branches_bound(own, date(2021, 1, 1)) == branches_bound(branch, date(2021, 1, 1)) == 1


def test_norms_of_many_take_two_queries(
    tree: tuple[Organization, ...], django_assert_num_queries: object
) -> None:
    """However many branches are asked for."""
    load_pack(text=ONE, by=None, at=AT)
    choose_pack(organization=tree[0], pack="small", since=date(2020, 1, 1), by=None, at=AT)
    more = [found(f"支部{number}", tree[1], "branch") for number in range(10)]
    norm_for(tree[2], 2026)
    with django_assert_num_queries(2):  # type: ignore[operator]
        assert len(norms_for([*tree, *more], 2026)) == 13
