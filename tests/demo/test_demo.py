"""The demonstration: what the verbs would have written, sound by every rule, on any day."""

from __future__ import annotations

import io
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.db import connection
from django.utils import timezone

from zhibu.handbook.facts import judge_draft, named_lines, setting_of
from zhibu.handbook.models import Attachment, Record, RecordVersion
from zhibu.handbook.services import add_attachment, file_record, start_record
from zhibu.handbook.verification import verify_database
from zhibu.handbook.versions import read_version
from zhibu.ledger.models import Entry
from zhibu.ops.accounts import recall_accounts
from zhibu.ops.demo import demo
from zhibu.ops.demo.building import build_bureau
from zhibu.ops.demo.multitude import build_multitude
from zhibu.org.models import Grant, Organization, Post
from zhibu.people.keys import new_key
from zhibu.people.models import Person
from zhibu.plans.facts import standing_of
from zhibu.plans.models import Plan, PlanLine, Tally, TallyDelta
from zhibu.plans.queries import read_tallies
from zhibu.rules.digests import PARTS
from zhibu.rules.records import is_fit_to_file
from zhibu.rules.standing import State

pytestmark = [
    pytest.mark.django_db,
    # The verbs are replayed by the thousand; nobody signs in here.
    pytest.mark.usefixtures("data_dir"),
]

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
YEARS = (2025, 2026)


def build(now: datetime = NOW) -> None:
    build_bureau(now=now, seed=7, password=secrets.token_hex(8), advance=lambda _count: None)


def check_tallies() -> None:
    """Every organisation's tallies are a count over its lines."""
    lines = list(PlanLine.objects.filter(plan__state=Plan.State.ADOPTED).select_related("branch"))
    organizations = list(Organization.objects.all())
    for year in {line.year for line in lines}:
        read = read_tallies(organizations, year)
        for organization in organizations:
            own = [
                line
                for line in lines
                if line.year == year and line.branch.path.startswith(organization.path)
            ]
            counts = read[organization.id]
            assert sum(count.total for count in counts) == len(own)
            late = [ln for ln in own if ln.happened_on and ln.happened_on > ln.due_on]
            done = [ln for ln in own if ln.happened_on and ln.happened_on <= ln.due_on]
            assert sum(count.late for count in counts) == len(late)
            assert sum(count.done for count in counts) == len(done)
            assert sum(count.waived for count in counts) == sum(
                ln.waived_at is not None for ln in own
            )


def test_the_bureau_is_the_one_of_the_story() -> None:
    """Twelve branches, three pilots, about 300 members; last year whole, this year with gaps."""
    build()
    branches = Organization.objects.filter(kind="branch")
    own = branches.filter(path__startswith=Organization.objects.get(kind="general_branch").path[:8])
    assert own.count() == 12
    assert own.filter(is_pilot=True).count() == 3
    assert 270 <= sum(branch.memberships.count() for branch in own) <= 330
    today = timezone.localdate(NOW)
    states = {
        year: Counter(standing_of(line, today).state for line in PlanLine.objects.filter(year=year))
        for year in YEARS
    }
    assert set(states[2025]) == {State.DONE, State.DONE_LATE}
    assert set(states[2026]) == set(State) - {State.BEFORE_USE}
    actions = Counter(RecordVersion.objects.values_list("action", flat=True))
    assert (actions["correct"], actions["void"]) == (1, 1)
    assert Record.objects.filter(state="draft").exists()
    late = [
        line
        for line in PlanLine.objects.filter(happened_on__isnull=False)
        if line.filed_on and line.happened_on and (line.filed_on - line.happened_on).days > 15
    ]
    assert late
    assert Post.objects.filter(office="secretary", until__isnull=False).exists()
    seats = Counter(Grant.objects.filter(until=None).values_list("person__username", flat=True))
    assert [name for name, count in seats.items() if count > 1] == ["zhibu02"]
    assert not TallyDelta.objects.exists()
    moments = defaultdict(list)
    for version in RecordVersion.objects.order_by("branch", "sequence"):
        moments[version.branch_id].append(version.filed_at)
    assert all(found == sorted(found) for found in moments.values()), "a chain goes on in time"
    check_tallies()
    faults = [outcome.fault for outcome in verify_database(has_bytes=True) if outcome.fault]
    assert faults == []


def test_committees_have_their_posts_and_terms() -> None:
    """Each has one secretary and a term that holds; who may sign in as the head is that secretary."""
    build()
    today = timezone.localdate(NOW)
    for organization in Organization.objects.filter(kind__in=("committee", "general_branch")):
        posts = Post.objects.filter(organization=organization, until=None).select_related("member")
        offices = Counter(post.office for post in posts)
        assert offices["secretary"] == offices["discipline"] == 1, offices
        assert len(posts) in {5, 7}
        assert len({post.member_id for post in posts}) == len(posts), "nobody sits twice"
        term = organization.terms.get(began_on__lte=today, ends_on__gte=today)
        assert {post.since for post in posts} == {term.began_on}
        below = set(Organization.objects.under(organization.path).values_list("pk", flat=True))
        for post in posts:
            assert post.member.memberships.get(until=None).branch_id in below
            assert post.member.full_on is not None
            assert post.member.full_on <= post.since
    head = Person.objects.get(username="lingdao")
    assert head.name == head.member.name
    assert head.member.posts.get(office="secretary", until=None).organization.kind == "committee"


def files_of(records: set[Any]) -> list[tuple[Any, ...]]:
    """The rows of files and their notes, without keys."""
    files = Attachment.objects.filter(record__in=records)
    notes = Entry.objects.filter(verb="add_attachment", subject_id__in=records)
    return sorted(
        (
            f.name, f.media_type, f.size, f.digest, f.in_draft, f.is_filed, f.added_at,
            str(f.added_by_id), f.file.read(),
        )
        for f in files
    ) + sorted(
        (e.at, str(e.person_id), str(e.organization_id), e.subject_kind, str(e.detail))
        for e in notes
    )  # fmt: skip


def test_files_are_as_if_they_had_been_uploaded() -> None:
    """Pilots keep who signed in; the same bytes for the same seed; the verbs write the same rows."""
    build()
    branch = Organization.objects.get(short_name="西站办事处党支部")
    rows = [
        version
        for version in RecordVersion.objects.filter(branch=branch, version=1)
        .select_related("record", "filed_by")
        .order_by("sequence")
        if version.record.files.exists()
    ]
    assert len(rows) >= 4
    before = files_of({version.record_id for version in rows})
    kept = [
        (read_version(v).content, v, [(f.name, f.file.read()) for f in v.record.files.all()])
        for v in rows
    ]
    Attachment.objects.filter(record__branch=branch).delete()
    erase(branch)
    filed = set()
    for content, version, files in kept:
        by, at = version.filed_by, version.record.drafted_at
        record = start_record(branch=branch, by=by, at=at, draft=replace(content, attachments=()))
        for name, data in files:
            add_attachment(record=record, name=name, stream=io.BytesIO(data), by=by, at=at)
        record.refresh_from_db()
        file_record(
            record=record, revision=record.revision, submission=new_key(), by=by,
            at=version.filed_at,
        )  # fmt: skip
        filed.add(record.pk)
    assert files_of(filed) == before


def test_every_record_passes_the_rules() -> None:
    """Judged on the day on which it was filed, as the verb would have judged it."""
    build()
    for version in RecordVersion.objects.exclude(action="void").select_related("branch")[::3]:
        content = read_version(version).content
        setting = setting_of(version.branch, content, today=timezone.localdate(version.filed_at))
        lines = named_lines(content.lines)
        verdicts = judge_draft(content, setting, lines, record_id=version.record_id)
        assert is_fit_to_file(verdicts), (version.activities, verdicts)


def snapshot(branch: Organization) -> dict[str, Any]:
    """All that filing leaves behind in a branch, without keys, salts and what follows from them."""
    versions = RecordVersion.objects.filter(branch=branch).order_by("sequence")
    number = {version.record_id: version.sequence for version in versions}
    lines = PlanLine.objects.filter(branch=branch).order_by("pk")
    entries = Entry.objects.filter(
        organization_id=branch.pk, verb__in=("start_record", "file_record")
    )
    tallies = Tally.objects.filter(organization=branch)
    return {
        "versions": [
            (
                v.sequence, v.version, v.action, v.filed_at, v.filed_by_id, v.year, v.happened_on,
                v.activities, v.topic, *(getattr(v, part) for part in PARTS),
            )
            for v in versions
        ],
        "records": sorted(
            (number[r.pk], r.state, r.revision, r.drafted_by_id, r.drafted_at, r.draft)
            for r in Record.objects.filter(branch=branch, current__isnull=False)
        ),
        "lines": [
            (ln.pk, number.get(ln.discharged_by), ln.happened_on, ln.filed_on) for ln in lines
        ],
        "entries": sorted(
            (
                e.at, e.verb, e.person_id, e.subject_kind, number.get(e.subject_id),
                sorted((k, str(v)) for k, v in e.detail.items() if k != "link"),
            )
            for e in entries
            if e.subject_id in number
        ),
        "tallies": sorted(
            (t.year, t.practice_class, t.due_on, t.total, t.done, t.late, t.waived)
            for t in tallies
        ),
    }  # fmt: skip


def erase(branch: Organization) -> None:
    """Back to the adopted tables, behind the models' back."""
    with connection.cursor() as cursor:
        key = branch.pk.hex if connection.vendor == "sqlite" else branch.pk
        cursor.execute(
            "UPDATE handbook_record SET state='draft', current_id=NULL WHERE branch_id=%s", [key]
        )
        for table in (
            "handbook_recordversion",
            "handbook_record",
            "ledger_chainhead",
            "ledger_seal",
        ):
            cursor.execute(f"DELETE FROM {table} WHERE branch_id=%s", [key])
        verbs = (
            "('start_record','add_attachment','file_record','void_record','start_correction',"
            "'correct_record')"
        )
        cursor.execute(
            f"DELETE FROM ledger_entry WHERE organization_id=%s AND verb IN {verbs}", [key]
        )
    PlanLine.objects.filter(branch=branch).update(
        discharged_by=None, happened_on=None, filed_on=None
    )
    for tally in Tally.objects.filter(organization=branch):
        Tally.objects.filter(pk=tally.pk).update(done=0, late=0)


def test_what_is_written_in_bulk_is_what_the_verbs_write() -> None:
    """The same contents filed one by one by `start_record` and `file_record`: the same rows."""
    from zhibu.plans.services import fold_tallies

    build()
    branch = Organization.objects.get(short_name="技术中心综合部党支部")
    before = snapshot(branch)
    rows = list(
        RecordVersion.objects.filter(branch=branch)
        .select_related("record", "filed_by")
        .order_by("sequence")
    )
    assert len(rows) > 40
    erase(branch)
    for version in rows:
        content = read_version(version).content
        record = start_record(
            branch=branch, by=version.filed_by, at=version.record.drafted_at, draft=content
        )
        file_record(
            record=record, revision=1, submission=new_key(), by=version.filed_by,
            at=version.filed_at,
        )  # fmt: skip
    while fold_tallies():
        pass
    after = snapshot(branch)
    for name, rows_before in before.items():
        assert after[name] == rows_before, name


@pytest.mark.parametrize(
    "day", [date(2026, 1, 2), date(2028, 2, 29), date(2019, 12, 31), date(2018, 6, 1)]
)
def test_any_day_will_do(day: date) -> None:
    """At the start of a year, on a leap day, before today's norm was in force."""
    build(datetime(day.year, day.month, day.day, 3, 0, tzinfo=UTC))
    assert PlanLine.objects.exists()
    assert not RecordVersion.objects.filter(happened_on__gte=day).exists()
    faults = [outcome.fault for outcome in verify_database() if outcome.fault]
    assert faults == []


def test_many_branches_are_of_the_same_likeness() -> None:
    """A tree of them, each with its year, chain and tallies."""
    done: list[int] = []
    build_multitude(
        now=NOW, seed=3, password=secrets.token_hex(8), branches=45, years=1, advance=done.append
    )
    branches = Organization.objects.filter(kind="branch")
    assert branches.count() == sum(done) == 45
    assert Plan.objects.filter(state=Plan.State.ADOPTED).count() == 45
    check_tallies()
    assert [outcome.fault for outcome in verify_database() if outcome.fault] == []


def test_the_command_tells_the_accounts_and_does_it_once(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, freeze: Callable[[datetime], None]
) -> None:
    """The password that was asked for; the second time nothing is made; never beside real data."""
    freeze(NOW)
    monkeypatch.setenv("ZHIBU_DEMO_PASSWORD", "open-sesame-26")
    first = CliRunner().invoke(demo, standalone_mode=False)
    assert first.exception is None, first.output
    assert "open-sesame-26" in first.output
    assert "zhibu01" in first.output
    assert recall_accounts(data_dir) is not None
    person = Person.objects.get(username="zhibu01")
    assert person.is_demonstration
    assert person.check_password("open-sesame-26")
    count = RecordVersion.objects.count()
    second = CliRunner().invoke(demo, standalone_mode=False)
    assert "已经存在" in second.output
    assert RecordVersion.objects.count() == count


def test_a_demonstration_is_never_left_half_made_or_locked(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, freeze: Callable[[datetime], None]
) -> None:
    """Interrupted at the last step nothing is there; a lost file of passwords is made anew."""
    freeze(NOW)

    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("zhibu.ops.demo.command.remember_accounts", interrupt)
        CliRunner().invoke(demo, ["--branches", "1"], standalone_mode=False)
    assert not Person.objects.exists()
    assert CliRunner().invoke(demo, ["--branches", "1"], standalone_mode=False).exit_code == 0
    (data_dir / "demonstration.json").unlink()
    told = CliRunner().invoke(demo, standalone_mode=False)
    assert told.exception is None, told.output
    password, accounts = recall_accounts(data_dir) or ("", ())
    assert password in told.output
    assert Person.objects.get(username=accounts[0].username).check_password(password)


def test_no_demonstration_beside_real_data() -> None:
    """It would never get out again."""
    Organization.objects.create(
        name="真", short_name="真", kind="committee", path="0001", founded_on=date(2020, 1, 1)
    )
    result = CliRunner().invoke(demo)
    assert result.exit_code == 1
    assert not Person.objects.exists()
