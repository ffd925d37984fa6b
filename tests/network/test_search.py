"""The index: what is filed is found by any part of it, what is blacked out by none."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.db.models import Q
from tests.handbook.scene import AT, Scene, make_scene

from zhibu.handbook.models import Record, RecordVersion
from zhibu.handbook.services import correct_record, redact_part, start_correction, void_record
from zhibu.handbook.services.drafts import save_draft
from zhibu.network.dissemination.services import TextDraft, draft_text, issue_text
from zhibu.network.search import queries, services
from zhibu.network.search.documents import documents_of
from zhibu.network.search.marks import marks_of
from zhibu.network.search.models import DAY, SearchEntry, SearchNote, SearchPlace, number_of
from zhibu.network.search.queries import Search, find, find_members
from zhibu.network.search.services import index_changes, rebuild_index
from zhibu.ops import cli
from zhibu.rules.contents import Decision
from zhibu.rules.searching import mark_of, read_query

pytestmark = pytest.mark.usefixtures("data_dir")


@pytest.fixture
def scene(db: Any) -> Scene:
    return make_scene()


def found(words: str, **more: Any) -> list[UUID]:
    """The subjects that the index gives for these words, the newest first."""
    search = Search(asked=read_query(words), visible=Q(), **more)
    return [entry.subject for entry in find(search, most=100)]


def indexed(now: datetime = AT) -> int:
    return index_changes(now=now)


def test_what_was_filed_is_found_once_the_worker_came(scene: Scene) -> None:
    """Not before, by every part of it, and not by what it does not say."""
    record = scene.file(
        scene.content(topic="学习贯彻会议精神", minutes="围绕机关作风建设交流研讨。")
    ).record
    assert found("机关作风") == []
    assert indexed() >= 1
    for words in ("机关", "作风建设", "贯彻会议", "研讨", "机关　精神", "党员大会"):
        assert record.pk in found(words), words
    for words in ("乡村振兴", "机关振兴", "作关", "研讨 振兴"):
        assert found(words) == [], words
    assert SearchNote.objects.count() == 0
    assert indexed() == 0


def test_a_draft_is_never_indexed(scene: Scene) -> None:
    """Neither by its change nor when all is made anew."""
    scene.start(scene.content(topic="尚未定稿的题目"))
    indexed()
    rebuild_index()
    assert found("尚未定稿") == []


def test_a_correction_takes_the_place_of_what_it_corrects(scene: Scene) -> None:
    """Found by the new words, no longer by the old ones; on its new day, once."""
    record = scene.file(scene.content(topic="学习甲文件")).record
    indexed()
    start_correction(record=record, by=scene.cast.secretary, at=AT)
    record.refresh_from_db()
    content = scene.content(topic="学习乙文件", began_at=AT - timedelta(days=3), ended_at=None)
    revision = save_draft(
        record=record, draft=content, revision=record.revision, by=scene.cast.secretary, at=AT
    )
    assert found("甲文件") == [record.pk]
    correct_record(
        record=record, revision=getattr(revision, "revision", revision), submission=uuid4(),
        by=scene.cast.secretary, at=AT, reason="笔误",
    )  # fmt: skip
    indexed()
    assert found("甲文件") == []
    assert found("乙文件") == [record.pk]
    entry = SearchEntry.objects.get(subject=record.pk)
    assert entry.number // DAY == (AT - timedelta(days=3)).date().toordinal()


def test_a_voided_record_is_found_by_its_topic_only(scene: Scene) -> None:
    """What it said counts no more; that there was one, and what of, is no secret."""
    record = scene.file(scene.content(topic="学习甲文件", minutes="逐段领学，交流体会。")).record
    indexed()
    void_record(record=record, reason="重复", by=scene.cast.secretary, at=AT)
    indexed()
    assert found("甲文件") == [record.pk]
    assert found("逐段领学") == []


@pytest.mark.parametrize(
    ("part", "words", "left"),
    [("minutes", "逐段领学", "学习甲文件"), ("particulars", "学习甲文件", "逐段领学"),
     ("decisions", "通过方案", "逐段领学")],
)  # fmt: skip
def test_what_is_blacked_out_leaves_the_index_with_it(
    scene: Scene, part: str, words: str, left: str
) -> None:
    """In the same transaction, before any worker comes; the rest is still found."""
    content = scene.content(
        topic="学习甲文件",
        minutes="逐段领学，交流体会。",
        decisions=(Decision("通过方案", for_=7),),
    )
    record = scene.file(content).record
    indexed()
    assert found(words) == [record.pk]
    redact_part(
        record=record, part=part, basis="个人信息保护法第四十七条", reason="本人申请",
        by=scene.cast.office, at=AT,
    )  # fmt: skip
    assert found(words) == []
    assert found(left) == [record.pk]
    texts = [text for one in documents_of("record", [record.pk]) for text in one.texts]
    assert not any(words in text for text in texts)
    rebuild_index()
    assert found(words) == []


def test_many_texts_at_once_are_all_taken_in(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a portion within minutes: each round takes the next, and none twice."""
    monkeypatch.setattr(services, "PORTION", 2)
    office, keys = scene.cast.office, set()
    for n in range(5):
        draft = TextDraft(title=f"第{n}号通知", body="略", organizations=(scene.branch.pk,))
        text = draft_text(organization=scene.cast.committee, draft=draft, by=office, at=AT)
        keys.add(issue_text(text=text, revision=1, by=office, at=AT).pk)
    now = datetime.now(tz=AT.tzinfo)  # keys are made by the true clock
    assert [indexed(now) for _ in range(4)] == [2, 2, 1, 0]
    assert set(found("号通知")) == keys


def test_a_filing_that_fails_leaves_no_note(scene: Scene) -> None:
    """The note stands or falls with the record."""
    before = SearchNote.objects.count()
    with pytest.raises(ZeroDivisionError):
        _fail_after(scene)
    assert SearchNote.objects.count() == before


def _fail_after(scene: Scene) -> None:
    from django.db import transaction

    with transaction.atomic():
        scene.file(scene.content(topic="不成"))
        raise ZeroDivisionError


def test_a_worker_that_dies_loses_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it had not finished is done by the next one, nothing twice."""
    keys = [scene.file(scene.content(topic=f"第{n}次会议精神")).record_id for n in range(5)]
    monkeypatch.setattr(services, "PORTION", 2)
    real, calls = services._index, iter(range(10))

    def dying(kind: str, subjects: Any) -> None:
        real(kind, subjects)
        if next(calls) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(services, "_index", dying)
    with pytest.raises(KeyboardInterrupt):
        indexed()
    assert len(found("会议精神")) == 2
    indexed()
    assert sorted(found("会议精神")) == sorted(keys)


def test_rebuilding_gives_the_same(scene: Scene) -> None:
    """Numbers included; and what stood in the index without a record is gone."""
    for n in range(3):
        scene.file(scene.content(topic=f"第{n}次会议精神"))
    indexed()
    before = list(SearchEntry.objects.order_by("pk").values_list("pk", "subject", "source"))
    SearchEntry.objects.create(
        number=5, kind="record", subject=uuid4(), source=uuid4(), organization=scene.branch,
        terms=[1, 2],
    )  # fmt: skip
    seen: list[int] = []
    with pytest.raises(ZeroDivisionError):
        rebuild_index(progress=lambda _: 1 // 0)
    assert len(found("会议精神")) == 3
    assert rebuild_index(progress=seen.append) == 3
    assert sum(seen) == 3
    assert list(SearchEntry.objects.order_by("pk").values_list("pk", "subject", "source")) == before


def test_two_with_one_number_both_stand(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chance may give two records of a day the same number."""
    monkeypatch.setattr(services, "number_of", lambda day, _: number_of(day, UUID(int=0)))
    keys = {scene.file(scene.content(topic=f"第{n}次会议精神")).record_id for n in range(3)}
    indexed()
    assert set(found("会议精神")) == keys
    rebuild_index()
    assert set(found("会议精神")) == keys


def test_places_narrow_what_is_found(scene: Scene) -> None:
    """By each level above the branch but the highest, which has everything."""
    record = scene.file(scene.content(topic="学习会议精神")).record
    indexed()
    path = scene.branch.path
    assert found("会议精神", places=(mark_of("place", path),)) == [record.pk]
    assert found("会议精神", places=(mark_of("place", path[:8]), 7)) == [record.pk]
    other = mark_of("place", scene.cast.other_branch.path)
    assert found("会议精神", places=(other,)) == []
    assert found("会议精神", places=()) == []


def test_a_branch_that_moved_is_found_by_its_new_levels(scene: Scene) -> None:
    """Within a round of the worker."""
    record = scene.file(scene.content(topic="学习会议精神")).record
    indexed()
    branch, path = scene.branch, scene.cast.far_committee.path + "000z"
    type(branch).objects.filter(pk=branch.pk).update(path=path)
    assert indexed() >= 1
    assert found("会议精神", places=(mark_of("place", path),)) == [record.pk]
    assert found("会议精神", places=(mark_of("place", branch.path),)) == []
    assert SearchPlace.objects.get(organization=branch).path == path
    assert indexed() == 0


@pytest.fixture
def many(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """Sixty records over six years, the newest first; the walk and the portions are short."""
    monkeypatch.setattr(queries, "WALK", 10)
    monkeypatch.setattr(queries, "PORTION", 7)
    record = scene.file(scene.content(topic="学习会议精神")).record
    document = documents_of("record", [record.pk])[0]
    rows = []
    for n in range(60):
        day = AT.date() - timedelta(days=37 * n)
        subject = uuid4()
        rare = {*read_query("稀见词").terms} if n in {31, 47} else set()
        terms = read_query("会议精神").terms | rare
        rows.append(
            SearchEntry(
                number=number_of(day, subject), kind="record", subject=subject, source=subject,
                organization=scene.branch, is_talk=n % 2 == 0,
                terms=terms | marks_of("record", document.path, day.year),
            )
        )  # fmt: skip
    SearchEntry.objects.bulk_create(rows)
    return [row.subject for row in rows]


@pytest.mark.parametrize("most", [1, 5, 21, 60, 100])
def test_the_newest_come_first_and_none_is_missed(many: list[UUID], most: int) -> None:
    """Frequent and rare words alike, page by page, whatever way they are found."""
    for words, visible, expected in (
        ("会议精神", Q(), many),
        ("会议精神", Q(is_talk=False), many[1::2]),
        ("稀见", Q(), [many[31], many[47]]),
        ("稀见词 会议", Q(is_talk=False), [many[31], many[47]]),
        ("没有", Q(), []),
    ):
        got: list[UUID] = []
        below = queries.END
        while True:
            search = Search(asked=read_query(words), visible=visible)
            part = find(search, most=most, below=below)
            got += [entry.subject for entry in part]
            if len(part) < most:
                break
            below = part[-1].number
        assert got == expected, words


def test_each_database_uses_its_index(many: list[UUID]) -> None:
    """No plan reads the whole table for a rare word."""
    if connection.vendor != "postgresql":
        search = Search(asked=read_query("稀见"), visible=Q())
        plan = SearchEntry.objects.filter(pk__in=queries._matches(search, 9)).explain()
        assert "VIRTUAL TABLE INDEX" in plan
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'search_terms'")
        (definition,) = cursor.fetchone() or ("",)
    assert "USING gin (terms)" in definition


def test_names_are_looked_for_by_their_pairs(scene: Scene) -> None:
    """Anywhere in a name, in the roster of today; on PostgreSQL by an index over the names."""
    member = scene.cast.members[3]
    for words, is_found in (
        ("丁四", True),
        ("四娟", True),
        ("丁四娟", True),
        ("丁娟", False),
        ("丁", False),
    ):
        asked = read_query(words)
        rows = find_members(asked, Q(branch=scene.branch), most=10)
        assert (member.pk in {row.member_id for row in rows}) is is_found, words
    left = member.memberships.get()
    left.until = AT.date()
    left.save(update_fields=["until"])
    assert find_members(read_query("丁四娟"), Q(branch=scene.branch), most=10) == []
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            named = f"SELECT id FROM org_member WHERE ARRAY[{queries._PAIRS}] @> ARRAY['四娟']"
            cursor.execute(f"EXPLAIN {named}")
            plan = "".join(line for (line,) in cursor.fetchall())
        assert "search_member_name" in plan


def test_the_commands_show_and_rebuild(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    """How many are in, how many wait; making it anew takes in those that wait."""
    scene.file(scene.content(topic="学习会议精神"))
    assert cli.run(["search", "show"]) == 0
    assert "已编入 0 条，待编入 1 条" in capsys.readouterr().out
    assert cli.run(["search", "rebuild"]) == 0
    assert "共 1 条" in capsys.readouterr().out
    assert len(found("会议精神")) == 1


def test_versions_know_nothing_of_the_index(scene: Scene) -> None:
    """The chain of a branch is the same with it and without."""
    record = scene.file(scene.content(topic="学习会议精神")).record
    indexed()
    assert SearchEntry.objects.get(subject=record.pk).source == record.current_id
    assert RecordVersion.objects.filter(record=record).count() == 1
    assert Record.objects.get(pk=record.pk).state == "filed"
