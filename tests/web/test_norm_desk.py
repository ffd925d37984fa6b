"""规范管理: a pack is checked, shown and published on a page; which one binds whom is chosen on another."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.cast import Cast, client_of
from tests.web.plan_story import AT, load_norms, text

from zhibu.ledger.models import Entry
from zhibu.norms.facts import norm_for
from zhibu.norms.models import NormChoice, NormVersion
from zhibu.org.services import grant_role, open_account
from zhibu.people.roles import Role

LOAD = "/norms/load/"
OURS = """
[pack]
id = "bureau"
version = "2026"
title = "市直机关党支部工作规范"
extends = "branch@2018"
in_force_from = 2026-01-01
summary = "在党支部工作规范的基础上，由市直机关工委提出的要求。"
sources = ["市直机关工委的通知"]

[[requirement]]
code = "Z1"
class = "B"
title = "书记讲评"
activity = "committee_meeting"
cadence = { unit = "quarter" }
scope = { per = "branch" }
attendees = "committee"
article = { text = "市直机关工委的通知", source = "工委", certainty = "V" }
text = "书记每季度讲评一次支部工作。"
must = ["topic"]
minutes = 20
guide = "结合当季安排表的完成情况讲评。"
model = "第一季度按安排表完成，第二季度抓紧补上党课。"
"""


@pytest.fixture(autouse=True)
def norms(cast: Cast) -> None:
    load_norms(cast)


def upload(content: bytes, name: str = "bureau.toml") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="application/toml")


def test_a_pack_is_checked_shown_and_published(cast: Cast) -> None:
    """First what it says and changes, then, confirmed, it is there for all to read."""
    keeper = client_of(cast.keeper)
    shown = keeper.post(LOAD, {"file": upload(OURS.encode())})
    page = text(shown)
    assert shown.status_code == 200
    assert "市直机关党支部工作规范（2026）" in page
    assert "书记讲评" in page
    assert not NormVersion.objects.filter(pack="bureau").exists()
    done = keeper.post(LOAD, {"text": OURS, "do": "publish"})
    assert done.status_code == 303
    assert done["Location"] == reverse("norm", args=["bureau", "2026"])
    version = NormVersion.objects.get(pack="bureau")
    assert Entry.objects.get(verb="load_norm", subject_id=version.pk).person_id == cast.keeper.pk
    assert client_of(cast.member).get(done["Location"]).status_code == 200


def test_the_file_of_a_version_can_be_taken(cast: Cast) -> None:
    """As it was published, to begin another one from."""
    version = NormVersion.objects.get(pack="organ")
    answer = client_of(cast.member).get(reverse("norm-source", args=["organ", version.version]))
    assert answer.content.decode() == version.source
    assert "attachment" in answer["Content-Disposition"]
    assert client_of(cast.member).get("/norms/organ/1/pack.toml").status_code == 404


def test_every_fault_is_told_and_what_was_written_stays(cast: Cast) -> None:
    """With line and reason; the text can be mended on the spot."""
    broken = OURS.replace('class = "B"', 'class = "Q"').replace('"quarter"', '"week"')
    answer = client_of(cast.keeper).post(LOAD, {"text": broken})
    page = text(answer)
    assert answer.status_code == 422
    assert "共有2处问题" in page
    assert "第13行" in page
    assert "书记讲评" in page
    assert not NormVersion.objects.filter(pack="bureau").exists()


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "请选择文件，或者粘贴内容。"),
        ({"file": upload("市直机关".encode("gb18030"))}, "不是 UTF-8 编码"),
        ({"file": upload(b"#" * 1_100_000)}, "超过1MB"),
        ({"file": upload(b"")}, "文件是空的"),
        ({"text": "[" * 3_000}, "处问题"),
        ({"text": "a = " + "[" * 3_000}, "处问题"),
        ({"text": "甲\x00乙"}, "不能保存的字符"),
    ],
)
def test_what_is_no_pack_gets_a_sentence(cast: Cast, sent: dict[str, object], said: str) -> None:
    answer = client_of(cast.keeper).post(LOAD, sent)
    assert answer.status_code == 422
    assert said in text(answer)


def test_a_published_version_does_not_change(cast: Cast) -> None:
    """Another text under the same version is refused, and stays in the field."""
    keeper = client_of(cast.keeper)
    keeper.post(LOAD, {"text": OURS, "do": "publish"})
    again = keeper.post(LOAD, {"text": OURS.replace("书记讲评", "书记点评"), "do": "publish"})
    assert again.status_code == 422
    assert "已经发布，内容不能再改" in text(again)
    assert "书记点评" in text(again)


def test_only_the_highest_level_publishes(cast: Cast) -> None:
    """A keeper further down chooses among what there is; a pack of theirs would bind strangers."""
    lower = open_account(
        username="lower", name="委规范", password="x" * 12, must_set_password=False, by=None, at=AT
    )
    grant_role(
        person=lower, role=Role.NORM_KEEPER, organization=cast.committee, with_below=True,
        since=AT, by=None, at=AT,
    )  # fmt: skip
    assert client_of(lower).get(LOAD).status_code == 404
    assert client_of(lower).post(LOAD, {"text": OURS, "do": "publish"}).status_code == 404
    assert client_of(lower).get(reverse("norm-choose", args=[cast.committee.pk])).status_code == 200
    assert (
        client_of(lower).get(reverse("norm-choose", args=[cast.commission.pk])).status_code == 404
    )
    assert "发布规范" not in text(client_of(lower).get("/norms/"))
    assert "发布规范" in text(client_of(cast.keeper).get("/norms/"))


def test_a_choice_is_shown_before_it_binds(cast: Cast) -> None:
    """Whom it binds, what changes, what stays; once confirmed, the branch's norm is another."""
    keeper = client_of(cast.keeper)
    keeper.post(LOAD, {"text": OURS, "do": "publish"})
    at = reverse("norm-choose", args=[cast.committee.pk])
    sent = {"pack": "bureau", "since": "2026-03-01"}
    shown = keeper.post(at, sent)
    page = text(shown)
    assert "2个党支部" in page
    assert "书记讲评" in page
    assert "与现行规范核对" in page
    assert norm_for(cast.branch, 2026)[0].pack == "branch"
    assert not NormChoice.objects.filter(organization=cast.committee).exists()
    fingerprint = shown.context["page"].fingerprint
    assert keeper.post(at, {**sent, "shown": fingerprint}).status_code == 303
    assert norm_for(cast.branch, 2026)[0].pack == "bureau"
    assert norm_for(cast.far_branch, 2026)[0].pack == "branch"
    again = keeper.post(at, {**sent, "shown": fingerprint})
    assert again.status_code in {200, 303}
    assert NormChoice.objects.filter(organization=cast.committee).count() == 1


def test_what_was_shown_and_changed_meanwhile_is_shown_again(cast: Cast) -> None:
    keeper = client_of(cast.keeper)
    at = reverse("norm-choose", args=[cast.committee.pk])
    sent = {"pack": "beijing-trial", "since": "2017-10-01"}
    shown = keeper.post(at, sent).context["page"].fingerprint
    NormChoice.objects.create(organization=cast.branch, pack="branch", since=date(2017, 1, 1))
    answer = keeper.post(at, {**sent, "shown": shown})
    assert "情况刚刚有变化" in text(answer)
    assert not NormChoice.objects.filter(organization=cast.committee).exists()


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"pack": "", "since": "2026-03-01"}, "请"),
        ({"pack": "no-such", "since": "2026-03-01"}, "no-such"),
        ({"pack": "branch", "since": "2017-01-01"}, "没有有效的版本"),
        ({"pack": "branch", "since": ""}, "请填写日期"),
    ],
)
def test_an_impossible_choice_is_told(cast: Cast, sent: dict[str, str], said: str) -> None:
    answer = client_of(cast.keeper).post(reverse("norm-choose", args=[cast.committee.pk]), sent)
    assert answer.status_code == 422
    assert said in text(answer)
    assert not NormChoice.objects.filter(organization=cast.committee).exists()


def test_others_neither_choose_nor_publish(cast: Cast) -> None:
    for who, person in cast.people().items():
        if person == cast.keeper:
            continue
        client = client_of(person)
        assert client.get(LOAD).status_code == 404, who
        assert client.get(reverse("norm-choose", args=[cast.branch.pk])).status_code == 404, who


def test_few_queries(cast: Cast) -> None:
    """However many organisations chose for themselves."""
    keeper = client_of(cast.keeper)
    for organization in (cast.branch, cast.other_branch, cast.far_committee):
        NormChoice.objects.create(organization=organization, pack="branch", since=date(2020, 1, 1))
    for ask in (
        lambda: keeper.get(reverse("norm-choose", args=[cast.commission.pk])),
        lambda: keeper.post(LOAD, {"text": OURS}),
    ):
        with CaptureQueriesContext(connection) as asked:
            assert ask().status_code == 200
        assert len(asked) <= 12, len(asked)
