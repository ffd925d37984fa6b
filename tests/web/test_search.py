"""检索: whoever may open something finds it, and nobody finds anything else (mistake 7 of peers)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.cast import client_of
from tests.handbook.scene import AT, Scene, make_scene
from tests.web.text_story import PDF
from tests.web.world import World, make_world, may

from zhibu.handbook.models import Record
from zhibu.handbook.services import redact_part, start_correction, void_record
from zhibu.handbook.services.drafts import save_draft
from zhibu.ledger.models import Entry
from zhibu.network.dissemination.models import Text
from zhibu.network.dissemination.services import (
    TextDraft,
    add_file,
    amend_text,
    draft_text,
    issue_text,
    recall_text,
)
from zhibu.network.search import queries
from zhibu.network.search.marks import marks_of
from zhibu.network.search.models import SearchEntry, number_of
from zhibu.network.search.services import index_changes
from zhibu.org.models import Member, Membership, Organization
from zhibu.people.models import Person
from zhibu.people.roles import Verb
from zhibu.rules.contents import RecordContent
from zhibu.rules.norm import Activity
from zhibu.rules.searching import terms_of

pytestmark = pytest.mark.usefixtures("data_dir")
LINK = re.compile(r'<ul class="finds">.*?</ul>', re.DOTALL)
HREF = re.compile(r'<li><a href="([^"]+)"')
MORE = re.compile(r'<a class="button" href="([^"]+)">更早的</a>')


@pytest.fixture
def scene(db: Any, freeze: Callable[..., None]) -> Scene:
    freeze(AT)
    return make_scene()


@pytest.fixture
def world(db: Any, freeze: Callable[..., None]) -> World:
    freeze(AT)
    return make_world()


def page(person: Person, **asked: str) -> str:
    answer = client_of(person).get(reverse("search"), asked)
    assert answer.status_code == 200, asked
    return answer.content.decode()


def found(person: Person, words: str, **more: str) -> list[str]:
    """The addresses of all finds, page after page."""
    got, text = [], page(person, q=words, **more)
    client = client_of(person)
    for _ in range(50):
        for part in LINK.findall(text):
            got += HREF.findall(part)
        older = MORE.search(text)
        if older is None:
            return got
        text = client.get(older[1].replace("&amp;", "&")).content.decode()
    raise AssertionError("no end")


def file(scene: Scene, content: RecordContent | None = None, **changes: Any) -> Record:
    record = scene.file(content or scene.content(**changes)).record
    index_changes(now=AT)
    return record


def issue(scene: Scene, *, title: str, body: str) -> Text:
    """A text of the committee for everybody below it."""
    cast = scene.cast
    draft = TextDraft(title, body, (cast.committee.pk,))
    text = draft_text(organization=cast.committee, draft=draft, by=cast.office, at=AT)
    return issue_text(text=text, revision=text.revision, by=cast.office, at=AT)


# What the pages of a person say, and the words by which what is in them is found.
WORDS = ("年度工作计划", "谈心谈话甲乙", "第一支部", "测试条例", "会议室", "上年度", "党员")


def test_everybody_finds_what_they_may_open_and_nothing_else(world: World) -> None:
    """Over the whole cast: each find opens for them, and each record that opens is found.

    Drafts are found by nobody, talks by those who may read them, people by those who see the roster.
    """
    index_changes(now=AT)
    records = [one for one in world.things["record"] if not one.is_draft]
    members = world.things["member"]
    checked = 0
    for who, person in world.scene.cast.people().items():
        client = client_of(person)
        got = {address for words in WORDS for address in found(person, words)}
        for address in got:
            assert client.get(address).status_code == 200, (who, address)
            checked += 1
        wanted = {
            reverse("record", args=one.args)
            for one in records
            if may(person, "record", Verb.SEE_BRANCH, one, writes=False)
        }
        assert {each for each in got if each.startswith("/r/")} == wanted, who
        for one in members:
            member = Member.objects.get(pk=one.args[0])
            is_seen = may(person, "member", Verb.SEE_ROSTER, one, writes=False)
            names = found(person, member.name, kind="people")
            assert (reverse("member", args=one.args) in names) is is_seen, (who, member.name)
    assert checked > 60


def test_a_text_is_found_by_whom_it_is_for_and_by_who_looks_after_it(world: World) -> None:
    """For each person and each text that was sent: it is found where its page opens. Drafts never."""
    index_changes(now=AT)
    texts = list(Text.objects.all())
    assert texts
    opened = 0
    for who, person in world.scene.cast.people().items():
        client = client_of(person)
        for text in texts:
            address = reverse("text", args=(text.pk,))
            opens = client.get(address).status_code == 200
            opened += opens
            is_found = address in found(person, text.title, kind="text")
            assert is_found is (opens and not text.is_draft), (who, text.title)
            assert (address in found(person, text.title)) is is_found
    assert opened > 5


def test_a_text_that_changed_or_was_recalled_is_found_as_it_stands(scene: Scene) -> None:
    """By its new words, no longer by the old ones; a recalled one says so."""
    cast = scene.cast
    text = issue(scene, title="关于开展调研的通知", body="请各支部围绕基层减负开展调查研究。")
    index_changes(now=AT)
    address = reverse("text", args=(text.pk,))
    assert found(cast.office, "基层减负") == [address]
    later = AT + timedelta(hours=1)
    amend_text(
        text=text, revision=text.revision, title=text.title, note="改题目", is_new_version=False,
        body="请各支部围绕服务群众开展调查研究。", by=cast.office, at=later,
    )  # fmt: skip
    index_changes(now=later)
    assert found(cast.office, "基层减负") == []
    assert found(cast.office, "服务群众") == [address]
    recall_text(text=text, reason="发错了", by=cast.office, at=later)
    assert "已撤回" in page(cast.office, q="服务群众")


def test_a_text_is_found_by_the_names_of_its_files(scene: Scene) -> None:
    """By whoever may read it, with the name shown; not once the file was taken off, nor recalled."""
    cast = scene.cast
    draft = draft_text(
        organization=cast.committee, by=cast.office, at=AT,
        draft=TextDraft(title="关于减负的通知", body="见附件。", organizations=(cast.branch.pk,)),
    )  # fmt: skip
    file = add_file(
        text=draft, name="调研提纲（二季度）.pdf", stream=BytesIO(PDF), by=cast.office, at=AT
    )
    index_changes(now=AT)
    assert found(cast.office, "调研提纲") == []
    text = issue_text(text=draft, revision=draft.revision, by=cast.office, at=AT)
    index_changes(now=AT)
    Member.objects.filter(pk=cast.members[4].pk).update(person=cast.member)
    address = reverse("text", args=(text.pk,))
    for who in (cast.office, cast.member, cast.secretary):
        assert found(who, "调研提纲") == [address]
    assert found(cast.neighbour, "调研提纲") == []
    assert "附件：<mark>调研提纲</mark>（二季度）" in page(cast.member, q="调研提纲")
    recall_text(text=text, reason="发错了", by=cast.office, at=AT)
    assert found(cast.office, "调研提纲") == [address]
    assert found(cast.member, "调研提纲") == []
    Text.objects.update(
        state="issued", recalled_at=None, recalled_by=None, recall_reason=""
    )  # as if it had not been
    later, now = AT + timedelta(hours=1), Text.objects.get(pk=text.pk)
    amend_text(
        text=now, revision=now.revision, title=now.title, body="附件已取消。", note="取消附件",
        is_new_version=True, keep=(), by=cast.office, at=later,
    )  # fmt: skip
    assert found(cast.office, "调研提纲") == []
    index_changes(now=later)
    assert not file.text.files.filter(is_current=True).exists()
    assert found(cast.office, "调研提纲") == []
    assert found(cast.office, "附件已取消") == [address]


def test_texts_for_others_do_not_stand_in_the_way(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many were sent elsewhere since, by the same words: one's own is found at once."""
    monkeypatch.setattr(queries, "PORTION", 2)
    monkeypatch.setattr(queries, "ROUNDS", 1)
    monkeypatch.setattr(queries, "WALK", 2)
    cast = scene.cast
    Member.objects.filter(pk=cast.members[4].pk).update(person=cast.member)
    own = issue(scene, title="关于值班的通知", body="略")
    for n in range(4):
        draft = TextDraft(
            title=f"第{n}个值班通知", body="略", organizations=(cast.far_committee.pk,)
        )
        text = draft_text(organization=cast.far_committee, draft=draft, by=cast.office, at=AT)
        issue_text(text=text, revision=1, by=cast.office, at=AT + timedelta(days=1))
    index_changes(now=AT + timedelta(days=1))
    address = reverse("text", args=(own.pk,))
    for who in (cast.member, cast.secretary, cast.office):
        assert found(who, "值班", kind="text") == [address]
        assert address in found(who, "值班")


def test_a_word_of_somebody_elses_leaves_no_trace(scene: Scene) -> None:
    """The answer is the same as for a word that nobody ever wrote: no count, no time, no page."""
    file(scene, topic="机关作风专题研讨", minutes="机关作风建设逐项对照检查，形成整改清单。" * 3)
    for person in (scene.cast.neighbour, scene.cast.stranger, scene.cast.nobody):
        hidden, nothing = page(person, q="机关作风"), page(person, q="子虚乌有")
        token = re.compile(r'"X-CSRFToken": "\w+"|name="csrfmiddlewaretoken" value="\w+"')
        hidden, nothing = token.sub("", hidden), token.sub("", nothing)
        from urllib.parse import quote

        for was, now in (("机关作风", "〇"), ("子虚乌有", "〇")):
            hidden, nothing = (
                t.replace(was, now).replace(quote(was), now) for t in (hidden, nothing)
            )
        assert hidden == nothing


def test_the_place_found_is_shown(scene: Scene) -> None:
    """The part of the record, the words around, the hit marked; title and branch beside it."""
    file(scene, topic="三月党员大会", minutes="甲" * 80 + "围绕机关作风建设交流研讨" + "乙" * 80)
    text = page(scene.cast.secretary, q="作风建设")
    assert "会议记录：…" in text
    assert "围绕机关<mark>作风建设</mark>交流研讨" in text
    assert "三月党员大会" in text
    assert "第一党支部 · 2026年3月12日" in text
    assert "<mark>党员</mark>大会" in page(scene.cast.secretary, q="党员")


@pytest.mark.parametrize(
    "typed",
    [
        "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "𠮷" * 200, "%00", "\x00党员",
        "党员' OR '1'='1", '党员" AND terms MATCH "x', "t00000000 OR t1", "*", "党员*", "NEAR(党员 大会)",
        "()", "　", "\u202e党员", "ﷺﷺ", "a" * 5000, "\ud83d\ude00😀😀", "党" * 101,
    ],
)  # fmt: skip
def test_hostile_input_is_text(scene: Scene, typed: str) -> None:
    """Shown as it was typed, escaped; no error."""
    file(scene, topic="<script>alert(1)</script>学习", minutes='"><img src=x onerror=alert(1)>' * 3)
    for kind in ("", "record", "people", "rule", "text", "<b>"):
        text = page(scene.cast.secretary, q=typed.encode("utf-8", "replace").decode(), kind=kind)
        assert "<script>alert" not in text
        assert "<img src=x" not in text


@pytest.mark.parametrize(
    "below", ["0", "-1", "x", "9" * 30, "9223372036854775807", "1", "１２", ""]
)
def test_a_made_up_place_to_go_on_from_is_harmless(scene: Scene, below: str) -> None:
    """The first page, or nothing."""
    file(scene, topic="机关作风")
    page(scene.cast.secretary, q="机关作风", below=below)


@pytest.mark.parametrize("typed", ["党", "党 员", "，。", "。党。"])
def test_one_character_is_kindly_declined(scene: Scene, typed: str) -> None:
    """With what to do instead; nothing is looked for."""
    text = page(scene.cast.secretary, q=typed)
    assert "请至少输入连在一起的两个字" in text
    assert 'class="finds"' not in text


def test_without_words_it_says_what_to_do(scene: Scene) -> None:
    """And nothing found says what to do next."""
    assert "输入要找的词" in page(scene.cast.secretary)
    assert "没有找到“量子纠缠”" in page(scene.cast.secretary, q="量子纠缠")


def test_pairs_that_stand_apart_are_no_find(scene: Scene) -> None:
    """机关党 has 机关 and 关党: both are there, the word is not."""
    file(scene, topic="机关工作", minutes="海关党组来函，已按要求传阅并研究办理意见。" * 2)
    assert found(scene.cast.secretary, "机关党", kind="record") == []
    assert len(found(scene.cast.secretary, "海关党组", kind="record")) == 1


def test_a_part_that_was_blacked_out_shows_nowhere(scene: Scene) -> None:
    """Not as a find, not around another one; at once."""
    record = file(
        scene, topic="学习会议精神", minutes="涉及张某病情的内容，已逐项说明并记录在案。" * 2
    )
    assert found(scene.cast.secretary, "张某病情") == [reverse("record", args=(record.pk,))]
    redact_part(
        record=record, part="minutes", basis="个人信息保护法第四十七条", reason="本人申请",
        by=scene.cast.office, at=AT,
    )  # fmt: skip
    assert found(scene.cast.secretary, "张某病情") == []
    assert "病情" not in page(scene.cast.secretary, q="会议精神")


def test_a_stale_index_shows_nothing_that_is_gone(scene: Scene) -> None:
    """Before the worker came: a voided record no longer says what it said, and is marked."""
    record = file(scene, topic="学习会议精神", minutes="逐段领学，交流体会，形成共识。" * 3)
    void_record(record=record, reason="重复", by=scene.cast.secretary, at=AT)
    assert found(scene.cast.secretary, "逐段领学") == []
    text = page(scene.cast.secretary, q="会议精神")
    assert "已作废" in text
    index_changes(now=AT)
    assert "已作废" in page(scene.cast.secretary, q="会议精神")


def test_a_record_that_is_becoming_a_talk_is_hidden_as_its_page_is(scene: Scene) -> None:
    """A correction that is being written may make a talk of it: then its page is closed to members."""
    record = file(scene, topic="学习会议精神")
    assert len(found(scene.cast.member, "会议精神")) == 1
    start_correction(record=record, by=scene.cast.secretary, at=AT)
    record.refresh_from_db()
    save_draft(
        record=record, draft=scene.content(activities=(Activity.TALK,)), revision=record.revision,
        by=scene.cast.secretary, at=AT,
    )  # fmt: skip
    assert found(scene.cast.member, "会议精神") == []
    assert len(found(scene.cast.secretary, "会议精神")) == 1


def test_a_branch_that_moved_is_found_from_above_where_it_hangs_today(scene: Scene) -> None:
    """Whoever no longer sees it does not find it, before any worker came."""
    file(scene, topic="学习会议精神")
    cast = scene.cast
    assert len(found(cast.office, "会议精神")) == 1
    path = cast.far_committee.path + "000z"
    Organization.objects.filter(pk=cast.branch.pk).update(path=path, parent=cast.far_committee)
    assert found(cast.office, "会议精神") == []
    index_changes(now=AT)
    assert len(found(cast.far_office, "会议精神")) == 1


def test_who_left_is_found_where_they_are_now(scene: Scene) -> None:
    """People are looked for in the roster itself, not in a copy of it."""
    cast, member = scene.cast, scene.cast.members[3]
    assert len(found(cast.secretary, member.name, kind="people")) == 1
    assert found(cast.neighbour, member.name, kind="people") == []
    Membership.objects.filter(member=member).update(branch=cast.other_branch, group=None)
    assert found(cast.secretary, member.name, kind="people") == []
    assert len(found(cast.neighbour, member.name, kind="people")) == 1
    assert len(found(cast.neighbour, member.name[1:], kind="people")) == 1


def test_names_that_were_shown_leave_a_line(scene: Scene) -> None:
    """As reading the roster does; a search without names leaves none."""
    cast = scene.cast
    page(cast.secretary, q="会议精神")
    assert not Entry.objects.filter(verb="see_people").exists()
    page(cast.secretary, q=cast.members[3].name)
    line = Entry.objects.get(verb="see_people")
    assert line.person == cast.secretary
    assert line.detail == {"words": cast.members[3].name, "found": 1}
    page(cast.member, q=cast.members[3].name)
    assert Entry.objects.filter(verb="see_people").count() == 1


def test_requirements_are_found_by_everybody(scene: Scene) -> None:
    """By title, text and article; with the norm that says it."""
    for person in (scene.cast.nobody, scene.cast.member):
        text = page(person, q="测试条例", kind="rule")
        assert "试用规范（1）" in text
        assert reverse("norm-requirement", args=("small", "1", "D1")) in text
    assert "没有找到" in page(scene.cast.member, q="测试条例第九条", kind="rule")


def _many(scene: Scene, number: int) -> list[UUID]:
    """So many records filed in bulk, the newest first."""
    record = file(scene, topic="学习会议精神")
    keys = []
    version = record.current
    assert version is not None
    for n in range(number):
        day = AT.date() - timedelta(days=n + 10)
        head = Record.objects.create(branch=scene.branch, drafted_at=AT)
        version.pk, version.record, version.submission = uuid4(), head, uuid4()
        version.sequence, version.happened_on = n + 10, day
        version.previous, version.link = f"{n:064x}", f"{n + 1:064x}"
        version.save(force_insert=True)
        Record.objects.filter(pk=head.pk).update(state="filed", current=version)
        SearchEntry.objects.create(
            number=number_of(day, head.pk),
            kind="record",
            subject=head.pk,
            source=version.pk,
            organization=scene.branch,
            terms=terms_of(["学习会议精神"]) | marks_of("record", scene.branch.path, day.year),
        )
        keys.append(head.pk)
    return [record.pk, *keys]


def test_pages_go_on_without_counting(scene: Scene) -> None:
    """Twenty at a time, the newest first, none twice, none missed."""
    keys = _many(scene, 45)
    addresses = [reverse("record", args=(key,)) for key in keys]
    assert found(scene.cast.secretary, "会议精神", kind="record") == addresses
    assert found(scene.cast.office, "会议精神", kind="record") == addresses
    text = page(scene.cast.secretary, q="会议精神", kind="record")
    assert text.count('<li><a href="/r/') == 20


@pytest.mark.parametrize("kind", ["", "record", "people", "rule", "text"])
def test_twelve_queries_whatever_there_is(scene: Scene, kind: str) -> None:
    """Session, person, grants, all kinds, and the line of the ledger."""
    _many(scene, 40)
    for person in (scene.cast.secretary, scene.cast.office, scene.cast.member):
        client = client_of(person)
        for words in ("会议精神", scene.cast.members[3].name, "党员"):
            client.get(reverse("search"), {"q": words, "kind": kind})
            with CaptureQueriesContext(connection) as seen:
                answer = client.get(reverse("search"), {"q": words, "kind": kind})
            assert len(seen) <= 12, [one["sql"][:90] for one in seen.captured_queries]
            assert len(answer.content) < 60_000


def test_nothing_is_kept_by_the_browser_or_a_proxy(scene: Scene) -> None:
    """What was found may be seen by this person only."""
    answer = client_of(scene.cast.secretary).get(reverse("search"), {"q": "党员"})
    assert answer["Cache-Control"] == "private, no-store"
