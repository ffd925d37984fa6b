"""Puts the demonstration together: the bureau of the story, or many branches of its likeness."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from random import Random
from uuid import UUID

from django.contrib.auth.hashers import make_password

from zhibu.norms.models import NormVersion
from zhibu.norms.services import choose_pack, load_catalogue
from zhibu.ops.accounts import Account
from zhibu.ops.demo.boards import (
    CENTRE_SEATS,
    COMMITTEE_MONTHS,
    COMMITTEE_SEATS,
    GENERAL_BRANCH_MONTHS,
    NEIGHBOUR_SEATS,
    put_board,
)
from zhibu.ops.demo.feedback import put_feedback
from zhibu.ops.demo.history import put_history
from zhibu.ops.demo.names import NameBook
from zhibu.ops.demo.notices import put_notices
from zhibu.ops.demo.population import (
    Population,
    put_branch,
    put_grant,
    put_organization,
)
from zhibu.ops.demo.reports import put_reports
from zhibu.ops.demo.scenery import (
    BUREAU,
    CENTRE,
    COMMISSION,
    COMMITTEE,
    NEIGHBOUR,
    NEIGHBOUR_COMMITTEE,
    bureau_sketches,
    centre_sketches,
    neighbour_sketches,
)
from zhibu.ops.demo.scenes import Bureau, play_scenes
from zhibu.ops.demo.seeds import BranchSketch, draw_branch
from zhibu.ops.demo.stage import Stage
from zhibu.ops.demo.tables import Table, draw_tables
from zhibu.ops.demo.tasks import put_tasks
from zhibu.ops.demo.texts import put_texts
from zhibu.ops.demo.themes import put_themes
from zhibu.org.models import Member, Organization, Post
from zhibu.people.models import Person
from zhibu.people.roles import LABELS, Role
from zhibu.plans.facts import work_calendar

Progress = Callable[[int], object]


def build_bureau(*, now: datetime, seed: int, password: str, advance: Progress) -> Stage:
    """The demonstration of the story: last year complete, this year up to now."""
    stage = Stage(now, Random(seed), make_password(password))  # noqa: S311 - made-up data
    load_catalogue(by=None, at=now)
    commission, committee, centre, neighbour = _found_frame(stage)
    names = NameBook(stage.rng)
    own = [
        *((sketch, committee) for sketch in bureau_sketches(stage.today)),
        *((sketch, centre) for sketch in centre_sketches()),
    ]
    next_door = [(sketch, neighbour) for sketch in neighbour_sketches()]
    populations = _people(stage, own, BUREAU, names, "zhibu")
    others = _people(stage, next_door, NEIGHBOUR, names, "linju")
    board = put_board(stage, committee, COMMITTEE_SEATS, populations, months=COMMITTEE_MONTHS)
    put_board(stage, centre, CENTRE_SEATS, populations, months=GENERAL_BRANCH_MONTHS)
    put_board(stage, neighbour, NEIGHBOUR_SEATS, others, months=COMMITTEE_MONTHS)
    office = _open_accounts(stage, commission, committee, neighbour, populations, board[0], names)
    stage.shelf.flush()
    choose_norms(stage, commission, ("beijing-trial", "branch", "organ"))
    choose_norms(stage, neighbour, ("beijing-trial", "branch"))
    live_years(
        stage, (*populations, *others), is_sealed_monthly=True, advance=advance, has_files=True
    )
    play_scenes(stage, Bureau(committee, populations, office))
    put_themes(stage, committee, office, populations)
    put_tasks(stage, committee, office, populations)
    put_texts(stage, committee, office, populations)  # its meeting is filed now: the last
    put_feedback(stage, committee, office, populations)
    put_reports(stage, committee, office)
    put_notices(stage, committee, office, populations)
    return stage


def _found_frame(
    stage: Stage,
) -> tuple[Organization, Organization, Organization, Organization]:
    def found(
        parent: Organization | None, number: int, names: tuple[str, str], kind: str, field: str
    ) -> Organization:
        return put_organization(
            stage.shelf, parent=parent, number=number, name=names[0], short_name=names[1],
            kind=kind, field=field, founded_on=stage.founded_on, at=stage.at,
        )  # fmt: skip

    organ, institution = Organization.Field.ORGAN, Organization.Field.INSTITUTION
    kinds = Organization.Kind
    commission = found(None, 1, COMMISSION, kinds.COMMISSION, organ)
    committee = found(commission, 1, COMMITTEE, kinds.COMMITTEE, organ)
    neighbour = found(commission, 2, NEIGHBOUR_COMMITTEE, kinds.COMMITTEE, organ)
    place = len(bureau_sketches(stage.today)) + 1
    centre = found(committee, place, CENTRE, kinds.GENERAL_BRANCH, institution)
    return commission, committee, centre, neighbour


def _people(
    stage: Stage,
    own: Iterable[tuple[BranchSketch, Organization]],
    bureau: str,
    names: NameBook,
    prefix: str,
) -> tuple[Population, ...]:
    populations = []
    places: dict[str, int] = {}
    for at, (sketch, parent) in enumerate(own, start=1):
        places[parent.path] = places.get(parent.path, 0) + 1
        seed = draw_branch(
            sketch, founded_on=stage.founded_on, today=stage.today, rng=stage.rng, names=names
        )
        username = f"{prefix}{at:02d}"
        populations.append(
            put_branch(
                stage.shelf, seed, parent=parent, number=places[parent.path], bureau=bureau,
                username=username, password=stage.password, at=stage.at,
            )
        )  # fmt: skip
        role = f"{LABELS[Role.SECRETARY]}（{populations[-1].branch.short_name}）"
        stage.accounts.append(Account(username, role))
    return tuple(populations)


def _open_accounts(
    stage: Stage,
    commission: Organization,
    committee: Organization,
    neighbour: Organization,
    populations: Sequence[Population],
    head: Member,
    names: NameBook,
) -> Person:
    """The rest of the cast: others of the first branch, the office, those above, the three."""
    first = populations[0]
    _account_of_member(stage, first, "weiyuan", Role.COMMITTEE_MEMBER, Post.Office.ORGANIZATION)
    _account_of_member(stage, first, "zuzhang", Role.GROUP_LEADER, f"{Post.Office.GROUP_LEADER}:0")
    _account_of_member(stage, first, "dangyuan", Role.MEMBER, "")
    office = open_account(stage, "dangban", names, Role.OFFICE, committee, "机关党办")
    _take_second_seat(stage, populations[1], Role.OFFICE, committee, "机关党办")
    open_account(stage, "lingdao", names, Role.LEADER, committee, "党委书记", head)
    open_account(stage, "guifan", names, Role.NORM_KEEPER, commission, "工委规范管理")
    open_account(stage, "gongwei", names, Role.OFFICE, commission, "工委办公室")
    open_account(stage, "lindang", names, Role.OFFICE, neighbour, "邻局机关党办")
    open_account(stage, "xitong", names, Role.SYSTEM_ADMIN, commission, "系统管理员")
    open_account(stage, "anquan", names, Role.SECURITY_ADMIN, commission, "安全管理员")
    open_account(stage, "shenji", names, Role.AUDIT_ADMIN, commission, "审计管理员")
    return office


def open_account(
    stage: Stage,
    username: str,
    names: NameBook,
    role: Role,
    seat: Organization,
    title: str,
    row: Member | None = None,
) -> Person:
    """An account with a role from here down, for a member or for somebody who is on no roster."""
    # Drawn in any case: who else comes up does not depend on it.
    name = names.draw(is_female=stage.rng.random() < 0.5)
    person = _person(stage, username, row.name if row else name)
    if row is not None:
        row.person, row.is_leader = person, True
    put_grant(stage.shelf, person, role, seat, since=stage.at, with_below=True)
    stage.accounts.append(Account(username, f"{title}（{seat.short_name}）"))
    return person


def _account_of_member(
    stage: Stage, population: Population, username: str, role: Role, office: str
) -> None:
    """An account for whoever holds the office in the branch; for anybody where none is named."""
    for seed, row in zip(population.seed.members, population.members, strict=True):
        held = {name for name, span in seed.offices if span.until is None}
        if (office in held) if office else (not held and row.full_on is not None):
            person = _person(stage, username, row.name)
            row.person = person
            seat = population.branch
            if ":" in office:
                seat = population.groups[int(office.partition(":")[2])]
            put_grant(stage.shelf, person, role, seat, since=stage.at)
            stage.accounts.append(Account(username, f"{LABELS[role]}（{seat.short_name}）"))
            return


def _take_second_seat(
    stage: Stage, population: Population, role: Role, seat: Organization, title: str
) -> None:
    """The branch's secretary works in an office above, too, as in many an organ."""
    person = population.secretary
    put_grant(stage.shelf, person, role, seat, since=stage.at, with_below=True)
    at = next(at for at, one in enumerate(stage.accounts) if one.username == person.username)
    held = stage.accounts[at]
    stage.accounts[at] = Account(held.username, f"{held.role}，兼{title}（{seat.short_name}）")


def _person(stage: Stage, username: str, name: str) -> Person:
    person = Person(
        username=username, name=name, is_demonstration=True, password=stage.password,
        created_at=stage.at,
    )  # fmt: skip
    stage.shelf.put(person)
    stage.shelf.note(verb="open_account", organization_id=None, subject=person, at=stage.at)
    return person


def choose_norms(stage: Stage, organization: Organization, packs: Sequence[str]) -> None:
    """Each pack from the day on which it came into force; of those of one day the last counts."""
    since: dict[date, str] = {}
    for pack in packs:
        version = NormVersion.objects.filter(pack=pack).order_by("in_force_from").first()
        if version is not None and version.in_force_from <= stage.today:
            since[max(version.in_force_from, stage.founded_on)] = pack
    for day, pack in sorted(since.items()):
        choose_pack(organization=organization, pack=pack, since=day, by=None, at=stage.at)


def live_years(
    stage: Stage,
    populations: Sequence[Population],
    *,
    is_sealed_monthly: bool,
    advance: Progress,
    years: int = 2,
    has_files: bool = False,
) -> None:
    """Tables and records of the last years up to now, for branches that are written already."""
    calendar = work_calendar()
    tables: dict[UUID, list[Table]] = {p.branch.id: [] for p in populations}
    for year in range(stage.today.year - years + 1, stage.today.year + 1):
        for table in draw_tables(
            stage.shelf, populations, year, today=stage.today, calendar=calendar, rng=stage.rng
        ):
            tables[table.population.branch.id].append(table)
    for population in populations:
        put_history(
            stage, population, tables[population.branch.id], calendar=calendar,
            is_sealed_monthly=is_sealed_monthly,
            has_files=has_files and population.seed.sketch.is_pilot,
        )  # fmt: skip
        advance(1)
    stage.shelf.flush()
