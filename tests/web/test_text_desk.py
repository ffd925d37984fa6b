"""传达, sent: writing, checking, sending out, changing and taking back; without JavaScript."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.cast import Cast, client_of
from tests.web.text_story import NINE, PDF, a_draft, a_text, key_in, read, work

from zhibu.ledger.models import Entry
from zhibu.network.dissemination.facts import draft_of
from zhibu.network.dissemination.models import Text, TextFile, TextVersion
from zhibu.network.dissemination.services import save_text
from zhibu.rules.reach import Mode

pytestmark = pytest.mark.usefixtures("data_dir")
MOST = 12
HTMX = {"HX-Request": "true"}


def form(**more: Any) -> dict[str, Any]:
    """What a browser sends."""
    return {
        "title": "关于学习的通知", "body": "请学习。\r\n认真落实。", "readers": "members",
        "mode": "at_once", "reach_by": "2026-03-20", "do": "preview", **more,
    }  # fmt: skip


def send(client: Client, cast: Cast, **more: Any) -> Any:
    return client.post(reverse("text-new", args=[cast.committee.pk]), form(**more))


def test_write_check_and_send_out(cast: Cast) -> None:
    """The preview says whom it goes to and about how many; only then it goes."""
    client = client_of(cast.office)
    answer = send(client, cast, attachments=SimpleUploadedFile("方案.pdf", PDF))
    assert answer.status_code == 303
    text = Text.objects.get()
    assert text.is_draft
    assert text.body == "请学习。\n认真落实。"
    assert answer["Location"] == reverse("text-issue", args=[text.pk])
    said = client.get(answer["Location"]).content.decode()
    assert "发给市局直属机关党委及下级的全体党员，约12人；直接传达到本人。" in said
    assert "方案.pdf" in said
    assert "3月20日" in said
    sent = client.post(answer["Location"], {"revision": text.revision})
    assert sent["Location"] == reverse("text-reach", args=[text.pk, cast.committee.pk])
    text.refresh_from_db()
    assert text.state == Text.State.ISSUED
    assert "正在统计应传达人数" in client.get(sent["Location"]).content.decode()
    work()
    assert "应传达12人，还有12人没有传达到" in client.get(sent["Location"]).content.decode()
    assert Entry.objects.filter(verb="issue_text").count() == 1


def test_sent_out_twice_it_goes_once(cast: Cast) -> None:
    """The second press finds it sent."""
    client = client_of(cast.office)
    text = a_draft(cast.committee, cast.office)
    address = reverse("text-issue", args=[text.pk])
    for _ in range(2):
        assert client.post(address, {"revision": text.revision}).status_code == 303
    assert TextVersion.objects.count() == 1


def test_an_empty_draft_is_kept_and_not_sent(cast: Cast) -> None:
    """Mistake 5: the preview says what is missing, sending is refused in words."""
    client = client_of(cast.office)
    answer = send(client, cast, title="", body="")
    text = Text.objects.get()
    preview = client.get(answer["Location"])
    assert "notice warning" in preview.content.decode()
    refused = client.post(answer["Location"], {"revision": text.revision})
    assert refused.status_code == 422
    text.refresh_from_db()
    assert text.is_draft


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, "约12人；直接传达到本人"),
        ({"readers": "secretaries"}, "书记，约1人"),
        ({"readers": "committee"}, "约3人"),
        ({"names": "第二党支部"}, "发给第二党支部及下级的全体党员，约3人"),
        ({"fields_": ["village"]}, "目前没有符合的人"),
        ({"mode": "by_level"}, "逐级转发"),
    ],
)
def test_the_form_says_whom_it_goes_to_before_anything_is_saved(
    cast: Cast, more: dict[str, Any], expected: str
) -> None:
    """As htmx asks, and by the button without JavaScript; nothing is written."""
    client = client_of(cast.office)
    address = reverse("text-new", args=[cast.committee.pk])
    values = form(do="count", **more)
    part = client.post(address, values, headers=HTMX).content.decode()
    assert expected in part
    assert "<form" not in part
    assert expected in client.post(address, values).content.decode()
    assert not Text.objects.exists()


def test_the_boxes_and_the_names_choose_the_audience(cast: Cast) -> None:
    """A child by its box, one further down by its name; both come back when the draft is opened."""
    client = client_of(cast.office)
    send(client, cast, organizations=[str(cast.branch.pk)], names="第二党支部", do="save")
    text = Text.objects.get()
    assert set(draft_of(text).organizations) == {cast.branch.pk, cast.other_branch.pk}
    opened = client.get(reverse("text-edit", args=[text.pk])).content.decode()
    assert (
        f'value="{cast.branch.pk}" id="id_organizations_0" checked'
        in opened.replace('class="" ', "")
        or opened.count("checked") >= 3
    )
    assert "约12人" in opened


def test_nobody_outside_can_be_named(cast: Cast) -> None:
    """Neither by a forged box nor by a name."""
    client = client_of(cast.office)
    for more in ({"organizations": [str(cast.far_branch.pk)]}, {"names": "邻局党支部"}):
        answer = send(client, cast, **more)
        assert answer.status_code == 422
        assert "关于学习的通知" in answer.content.decode()
    assert not Text.objects.exists()


def test_two_who_write_one_draft_do_not_overwrite_each_other(cast: Cast) -> None:
    """The second is shown the other's words, keeps the own ones, and decides."""
    client = client_of(cast.office)
    text = a_draft(cast.committee, cast.office)
    address = reverse("text-edit", args=[text.pk])
    values = form(revision=text.revision, title="我的标题", do="save")
    draft = draft_of(text)
    save_text(
        text=text, revision=text.revision, draft=draft.__class__(title="别人的标题", body="别人的正文", organizations=draft.organizations),
        by=cast.office, at=NINE,
    )  # fmt: skip
    answer = client.post(address, values)
    assert answer.status_code == 409
    said = answer.content.decode()
    assert "别人的正文" in said
    assert "我的标题" in said
    text.refresh_from_db()
    assert text.title == "别人的标题"
    values["revision"] = str(text.revision)
    assert f'name="revision" value="{text.revision}"' in said
    assert client.post(address, values).status_code == 303
    text.refresh_from_db()
    assert text.title == "我的标题"


def test_files_come_and_go_with_a_draft(cast: Cast) -> None:
    """A file that is none is named beside the field, and what was typed is saved."""
    client = client_of(cast.office)
    answer = send(
        client, cast, attachments=SimpleUploadedFile("假的.pdf", b"MZ no pdf"), title="新的标题"
    )
    assert answer.status_code == 422
    text = Text.objects.get()
    assert text.title == "新的标题"
    assert 'role="alert"' in answer.content.decode()
    address = reverse("text-edit", args=[text.pk])
    files = [SimpleUploadedFile(f"{n}.pdf", PDF + n.encode()) for n in ("一", "二")]
    client.post(address, form(revision=text.revision, attachments=files, do="save"))
    assert TextFile.objects.count() == 2
    text.refresh_from_db()
    gone = TextFile.objects.order_by("name")[0]
    client.post(address, form(revision=text.revision, do=f"detach:{gone.pk}"))
    assert list(TextFile.objects.values_list("pk", flat=True)) != [gone.pk]
    assert TextFile.objects.count() == 1


def test_a_draft_is_given_up_and_what_was_sent_is_not(cast: Cast) -> None:
    """Asked first; a sent text only opens."""
    client = client_of(cast.office)
    text = a_draft(cast.committee, cast.office, file="方案.pdf")
    address = reverse("text-discard", args=[text.pk])
    assert "不能恢复" in client.get(address).content.decode()
    assert client.post(address).status_code == 303
    assert not Text.objects.exists()
    sent = a_text(cast.committee, cast.office)
    for name in ("text-discard", "text-edit", "text-issue"):
        assert client.post(reverse(name, args=[sent.pk]), form()).status_code == 303
    assert Text.objects.get() == sent


def test_a_change_is_compared_before_it_is_made(cast: Cast) -> None:
    """The button shows what would change and changes nothing; then each kind of change."""
    client = client_of(cast.office)
    text = a_text(cast.committee, cast.office, file="方案.pdf")
    read(text, cast.members[3])
    address = reverse("text-amend", args=[text.pk])
    keep = str(TextFile.objects.get().pk)
    values = {
        "revision": text.revision, "title": text.title, "body": text.body.replace("学到", "学懂"),
        "note": "改一个字。", "extent": "correction", "keep": keep, "do": "compare",
    }  # fmt: skip
    said = client.post(address, values).content.decode()
    assert "<del>到</del><ins>懂</ins>" in said
    assert TextVersion.objects.count() == 1
    assert client.post(address, {**values, "do": "amend"}).status_code == 303
    text.refresh_from_db()
    assert (text.version, text.receipts.filter(version=1).count()) == (1, 1)
    again = {
        **values, "revision": text.revision, "body": "全部重写。", "extent": "version", "do": "amend",
        "note": "重写。", "attachments": SimpleUploadedFile("新.pdf", PDF + b"2"),
    }  # fmt: skip
    del again["keep"]
    assert client.post(address, again).status_code == 303
    text.refresh_from_db()
    assert text.version == 2
    assert [file.name for file in text.files.filter(is_current=True)] == ["新.pdf"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"note": ""}, {"extent": ""}, {"extent": "x"}, {"title": ""},
        {"keep": "x"}, {"revision": "0"}, {"revision": "x" * 500}, {"title": "长" * 201},
        {},
    ],
)  # fmt: skip
def test_a_change_that_cannot_be_is_told(cast: Cast, wrong: dict[str, str]) -> None:
    """What was typed stays, nothing is written; {} changes nothing at all."""
    client = client_of(cast.office)
    text = a_text(cast.committee, cast.office, file="方案.pdf")
    values = {
        "revision": str(text.revision), "title": text.title, "body": text.body + ("！" if wrong else ""),
        "keep": str(TextFile.objects.get().pk), "note": "改。", "extent": "version", "do": "amend", **wrong,
    }  # fmt: skip
    answer = client.post(reverse("text-amend", args=[text.pk]), values)
    assert answer.status_code in {409, 422}
    assert "alert" in answer.content.decode()
    assert TextVersion.objects.count() == 1


def test_recall_wants_a_reason(cast: Cast) -> None:
    """Without one it goes on."""
    client = client_of(cast.office)
    text = a_text(cast.committee, cast.office)
    address = reverse("text-recall", args=[text.pk])
    assert client.post(address, {"reason": "  "}).status_code == 422
    assert client.post(address, {"reason": "发错了。"}).status_code == 303
    text.refresh_from_db()
    assert text.state == Text.State.RECALLED
    assert client.get(address).status_code == 303
    listed = client.get(reverse("text-list", args=[cast.committee.pk])).content.decode()
    assert "已撤回" in listed


def test_a_level_sends_on_with_words_of_its_own(cast: Cast) -> None:
    """Once; then it is told that it is done."""
    client = client_of(cast.secretary)
    text = a_text(cast.committee, cast.office, mode=Mode.BY_LEVEL)
    listed = client.get(reverse("text-list", args=[cast.branch.pk])).content.decode()
    assert "有1件等待本级转发" in listed
    assert "待转发" in listed
    shown = client.get(reverse("text", args=[text.pk])).content.decode()
    address = reverse("text-forward", args=[text.pk, cast.branch.pk])
    assert address in shown
    assert client.get(address).status_code == 200
    assert client.post(address, {"words": "周五学习。"}).status_code == 303
    assert text.forwards.get().words == "周五学习。"
    assert client.post(address, {"words": "再来"}).status_code == 303
    assert text.forwards.count() == 1
    assert address not in client.get(reverse("text", args=[text.pk])).content.decode()


HOSTILE = [
    {"title": "长" * 201}, {"title": "a\x00b"}, {"title": "𠮷" * 200, "body": "𠮷" * 5000},
    {"readers": "everybody"}, {"readers": ""}, {"mode": "x"}, {"reach_by": "1899-12-31"},
    {"reach_by": "2101-01-01"}, {"reach_by": "2026-99-99"}, {"reach_by": "2020-01-01"},
    {"kinds": ["group"]}, {"kinds": ["x"]}, {"fields_": ["x"]}, {"organizations": ["x"]},
    {"organizations": ["../../etc"]}, {"names": "没有这个\n也没有" * 300}, {"theme": "x"},
    {"do": "detach:x"}, {"do": "x" * 500}, {"revision": "-1"}, {"revision": "9" * 40},
]  # fmt: skip


@pytest.mark.parametrize("wrong", HOSTILE, ids=[str(each)[:30] for each in HOSTILE])
def test_what_cannot_be_is_told_and_never_an_error(cast: Cast, wrong: dict[str, Any]) -> None:
    """Saved as a draft or asked again with what was typed; sent out only when it is right."""
    client = client_of(cast.office)
    answer = send(client, cast, **wrong)
    assert answer.status_code in {303, 422}
    for text in Text.objects.all():
        preview = client.get(reverse("text-issue", args=[text.pk]))
        assert preview.status_code == 200
        sent = client.post(reverse("text-issue", args=[text.pk]), {"revision": text.revision})
        assert sent.status_code in {303, 422}


def test_the_list_of_an_organisation_has_pages_and_few_questions(cast: Cast) -> None:
    """Fifty a page; as many questions with 60 as with 6, on both lists, and in the form."""
    counts = []
    for number in (6, 54):
        for at in range(number):
            a_text(
                cast.committee, cast.office, title=f"{number}-{at}", at=NINE + timedelta(minutes=at)
            )
        for who, organization in ((cast.office, cast.committee), (cast.secretary, cast.branch)):
            client = client_of(who)
            for address in (
                reverse("text-list", args=[organization.pk]) + "?part=own",
                reverse("text-list", args=[organization.pk]) + "?part=arrived",
                reverse("text-new", args=[organization.pk]),
            ):
                client.get(address)
                with CaptureQueriesContext(connection) as queries:
                    answer = client.get(address)
                assert answer.status_code == 200
                assert len(answer.content) < 200_000
                assert len(queries) <= MOST, (address, [q["sql"][:90] for q in queries])
                counts.append(len(queries))
    assert all(many <= few + 1 for few, many in zip(counts[:6], counts[6:], strict=True))
    listed = client_of(cast.office).get(reverse("text-list", args=[cast.committee.pk]))
    assert "第1页，共2页（60条）" in listed.content.decode()


def test_every_draft_can_be_reached(cast: Cast) -> None:
    """Twenty drafts a page, beside the pages of the list itself, in twelve queries."""
    for at in range(45):
        a_draft(cast.committee, cast.office, title=f"草稿{at:02d}")
    client = client_of(cast.office)
    address = reverse("text-list", args=[cast.committee.pk])
    listed: list[str] = []
    for number in (1, 2, 3):
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            page = client.get(address, {"part": "own", "drafts": number}).content.decode()
        assert len(queries) <= MOST
        assert f"第{number}页，共3页（45份）" in page
        listed += re.findall(r">(草稿\d\d)</a>", page)
    assert sorted(listed) == [f"草稿{at:02d}" for at in range(45)]
    assert "?part=own&amp;drafts=2" in client.get(address, {"part": "own"}).content.decode()
    odd = client.get(address, {"drafts": "<b>"})
    assert odd.status_code == 200
    assert "第1页，共3页（45份）" in odd.content.decode()
    assert "草稿" not in client_of(cast.leader).get(address).content.decode()


def test_a_branch_writes_to_its_own_members(cast: Cast) -> None:
    """No choice of organisations or levels there; the sentence says so."""
    client = client_of(cast.secretary)
    opened = client.get(reverse("text-new", args=[cast.branch.pk])).content.decode()
    assert "逐级" not in opened
    answer = client.post(
        reverse("text-new", args=[cast.branch.pk]),
        {"title": "通知", "body": "请阅。", "readers": "members", "do": "preview"},
    )
    text = Text.objects.get(pk=key_in(answer["Location"]))
    assert draft_of(text).organizations == (cast.branch.pk,)
    assert "约9人" in client.get(answer["Location"]).content.decode()
    assert text.reach_by is None or text.reach_by > date(2026, 1, 1)
