"""Any number of branches of the bureau's likeness, written in portions so that memory stays flat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from math import ceil
from random import Random
from typing import Final

from django.contrib.auth.hashers import make_password

from zhibu.norms.services import load_catalogue
from zhibu.ops.accounts import Account
from zhibu.ops.demo.building import Progress, choose_norms, live_years, open_account
from zhibu.ops.demo.names import NameBook
from zhibu.ops.demo.population import Population, put_branch, put_organization
from zhibu.ops.demo.scenery import CITY, COMMISSION, many_sketches
from zhibu.ops.demo.seeds import BranchSketch, draw_branch
from zhibu.ops.demo.stage import Stage
from zhibu.org.models import Organization
from zhibu.people.roles import Role

PORTION: Final = 40
"""So many branches are held in memory at once."""


def build_multitude(
    *, now: datetime, seed: int, password: str, branches: int, years: int, advance: Progress
) -> Stage:
    """A commission, committees in two levels, and below them as many branches as are wanted.

    No committee has more than about the cube root of them as its children, so that every page of
    the tree is of a size that people meet.
    """
    stage = Stage(now, Random(seed), make_password(password))  # noqa: S311 - made-up data
    load_catalogue(by=None, at=now)
    commission = _found(stage, None, 1, COMMISSION, Organization.Kind.COMMISSION)
    names = NameBook(stage.rng)
    open_account(stage, "gongwei", names, Role.OFFICE, commission, "工委办公室")
    open_account(stage, "guifan", names, Role.NORM_KEEPER, commission, "工委规范管理")
    bureaus = _found_bureaus(stage, commission, branches)
    open_account(stage, "dangban", names, Role.OFFICE, bureaus[0], "机关党办")
    stage.shelf.flush()
    choose_norms(stage, commission, ("beijing-trial", "branch", "organ"))
    for portion in _portions(branches, bureaus, stage.rng):
        populations = _people(stage, portion)
        stage.shelf.flush()
        live_years(stage, populations, years=years, is_sealed_monthly=False, advance=advance)
    return stage


def _found(
    stage: Stage, parent: Organization | None, number: int, names: tuple[str, str], kind: str
) -> Organization:
    return put_organization(
        stage.shelf, parent=parent, number=number, name=names[0], short_name=names[1], kind=kind,
        founded_on=stage.founded_on, at=stage.at,
    )  # fmt: skip


def _found_bureaus(stage: Stage, commission: Organization, branches: int) -> list[Organization]:
    """The committees that have branches right under them."""
    width = max(1, ceil(branches ** (1 / 3)))
    bureaus: list[Organization] = []
    wanted = ceil(branches / width)
    for upper in range(1, ceil(wanted / width) + 1):
        name = (f"中共{CITY}第{upper}系统委员会", f"第{upper}系统党委")
        system = _found(stage, commission, upper, name, Organization.Kind.COMMITTEE)
        for lower in range(1, min(width, wanted - len(bureaus)) + 1):
            number = len(bureaus) + 1
            title = (f"中共{CITY}第{number}局直属机关委员会", f"第{number}局机关党委")
            bureaus.append(_found(stage, system, lower, title, Organization.Kind.COMMITTEE))
    return bureaus


Place = tuple[int, BranchSketch, Organization, int]  # number of all, sketch, parent, place in it


def _portions(branches: int, bureaus: Sequence[Organization], rng: Random) -> Iterator[list[Place]]:
    each = ceil(branches / len(bureaus))
    portion: list[Place] = []
    for number, sketch in enumerate(many_sketches(branches, each, rng)):
        portion.append((number + 1, sketch, bureaus[number // each], number % each + 1))
        if len(portion) == PORTION:
            yield portion
            portion = []
    if portion:
        yield portion


def _people(stage: Stage, portion: Sequence[Place]) -> list[Population]:
    populations = []
    names = NameBook(stage.rng)  # one for each portion: a book of all names would grow
    for number, sketch, bureau, place in portion:
        seed = draw_branch(
            sketch, founded_on=stage.founded_on, today=stage.today, rng=stage.rng, names=names
        )
        username = f"zhibu{number:05d}"
        title = bureau.short_name.removesuffix("机关党委")
        populations.append(
            put_branch(
                stage.shelf, seed, parent=bureau, number=place, bureau=f"{CITY}{title}",
                username=username, password=stage.password, at=stage.at,
            )
        )  # fmt: skip
        if number <= 3:
            said = f"党支部书记（{title}{populations[-1].branch.short_name}）"
            stage.accounts.append(Account(username, said))
    return populations
