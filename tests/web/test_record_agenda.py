"""The record form: tasks beside decisions, earlier tasks, texts and themes; also with two writers."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.urls import reverse
from tests.cast import Cast, client_of
from tests.web.record_story import AT, Writer, a_line, fields_of, make_table
from tests.web.text_story import NINE, a_text

from zhibu.handbook.facts import read_draft
from zhibu.handbook.models import Record
from zhibu.network.dissemination.models import Carriage
from zhibu.network.tasks.models import Task
from zhibu.network.themes.services import begin_theme, give_line_themes
from zhibu.people.keys import new_key
from zhibu.plans.models import Plan
from zhibu.rules.contents import Carried, FollowUp, FollowUpState

pytestmark = pytest.mark.usefixtures("data_dir")
SCRIPT = "<script>alert('坏')</script>𠮷"


@pytest.fixture
def plan(cast: Cast) -> Plan:
    return make_table(cast)


def meeting(cast: Cast, **changes: Any) -> Writer:
    return Writer(cast.secretary).start(cast, activities=("members_meeting",)).complete(**changes)


def decide(writer: Writer, **changes: Any) -> None:
    """Type a first decision that becomes a task."""
    writer.send("add-decision")
    assert writer.record is not None
    writer.open(Record.objects.get(pk=writer.key))
    writer.data |= {
        "decision-1-text": "调整值班安排", "decision-1-due": "2026-03-31",
        "decision-1-proof": "新值班表已公示", **changes,
    }  # fmt: skip


def file(writer: Writer) -> Record:
    """Press 归档 on the step before."""
    page = writer.client.get(reverse("record-file", args=[writer.key]))
    fields = {
        "submission": str(new_key()),
        "revision": str(Record.objects.get(pk=writer.key).revision),
    }
    assert page.status_code == 200
    answer = writer.client.post(reverse("record-file", args=[writer.key]), fields)
    assert answer.status_code == 303, answer.content.decode()[:500]
    record = Record.objects.get(pk=writer.key)
    assert record.state == "filed"
    return record


def a_task(cast: Cast, plan: Plan, **changes: Any) -> Task:
    """Decided in a meeting of this month, by the form."""
    writer = meeting(cast)
    owner = str(cast.members[1].pk)
    decide(writer, **{"decision-1-owner": owner, **changes})
    assert writer.send("file").status_code == 303
    return Task.objects.get(record=file(writer))


def test_a_decision_becomes_a_task_by_the_form(cast: Cast, plan: Plan) -> None:
    """Without JavaScript: owner, date and proof beside the decision; the name is the roster's."""
    task = a_task(cast, plan)
    assert (task.owner, task.due_on, task.proof) == (
        cast.members[1], date(2026, 3, 31), "新值班表已公示",
    )  # fmt: skip
    page = client_of(cast.member).get(reverse("record", args=[task.record_id])).content.decode()
    assert "形成任务：乙二芳办理，2026年3月31日（周二）前完成，完成证明：新值班表已公示" in page


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"decision-1-due": ""}, "请填写办理期限"),
        ({"decision-1-due": "2026-03-01"}, "早于会议日期"),
        ({"decision-1-due": "2026-02-30"}, "无法识别"),
        ({"decision-1-due": "1899-01-01"}, "年份不对"),
        ({"decision-1-owner": "11111111-1111-1111-1111-111111111111"}, "不属于本支部党员"),
        ({"decision-1-proof": "长" * 501}, "最多 500 字"),
    ],
)
def test_what_is_wrong_with_a_task_stands_beside_it(
    cast: Cast, plan: Plan, typed: dict[str, str], words: str
) -> None:
    """Each with its sentence, nothing typed is lost, and it is not filed."""
    writer = meeting(cast)
    decide(writer, **typed)
    answer = writer.send("file")
    page = answer.content.decode()
    if answer.status_code == 303:
        page = writer.client.get(answer["Location"]).content.decode()
    assert words in page
    assert not Task.objects.exists()


def test_it_stands_on_the_agenda_of_the_next_meeting(cast: Cast, plan: Plan) -> None:
    """Offered with its owner and date; marked as done with words; then on no agenda any more."""
    task = a_task(cast, plan)
    writer = meeting(cast, day="2026-03-12")
    assert "上次议定事项" in writer.html
    writer.open(Record.objects.get(pk=writer.key))
    assert writer.data["follow"] == [str(task.pk)]
    assert writer.data[f"follow-{task.pk}"] == [""]
    writer.data[f"follow-{task.pk}"] = "closed"
    writer.data[f"follow-note-{task.pk}"] = "新值班表四月起执行"
    assert writer.send("save").status_code == 303
    said = read_draft(Record.objects.get(pk=writer.key)).follow_ups
    assert said == (
        FollowUp(str(task.pk), "调整值班安排", FollowUpState.CLOSED, "新值班表四月起执行"),
    )
    record = file(writer)
    task.refresh_from_db()
    assert (task.state, task.ended_by_record) == ("closed", record)
    page = writer.client.get(reverse("record", args=[record.pk])).content.decode()
    assert "调整值班安排：已办结（新值班表四月起执行）" in page
    again = meeting(cast, day="2026-03-12")
    assert "follow" not in again.data


def test_dropping_needs_a_reason_and_nothing_said_is_nothing(cast: Cast, plan: Plan) -> None:
    """不再办理 without words stops filing; 未议及 leaves the task as it is."""
    task = a_task(cast, plan)
    writer = meeting(cast, day="2026-03-12")
    writer.open(Record.objects.get(pk=writer.key))
    answer = writer.send("", htmx=True, **{f"follow-{task.pk}": "dropped"})
    page = answer.content.decode()
    assert f'id="says-follow-{task.pk}"' in page
    assert "记为不再办理，请写明理由" in page
    writer.send("save", **{f"follow-{task.pk}": "", f"follow-note-{task.pk}": ""})
    assert read_draft(Record.objects.get(pk=writer.key)).follow_ups == ()
    file(writer)
    task.refresh_from_db()
    assert task.state == "open"


def test_what_is_not_this_branchs_is_not_taken(cast: Cast, plan: Plan) -> None:
    """Mistakes 7 and 14: a forged key of a text, theme or task of elsewhere stores and tells nothing."""
    task = a_task(cast, plan)
    Task.objects.filter(pk=task.pk).update(
        organization=cast.far_branch, title="外单位的秘密任务", state="open"
    )
    theme = begin_theme(
        organization=cast.far_committee, title="外单位专题", text="每季度一次。",
        since=date(2026, 1, 1), by=cast.far_office, at=AT,
    )  # fmt: skip
    writer = meeting(cast)
    writer.data |= {
        "follow": [str(task.pk), "junk", ""], f"follow-{task.pk}": "closed",
        f"follow-note-{task.pk}": "办完了", "themes": [str(theme.pk), "x"],
        "texts": [str(new_key()), "'; --"],
    }  # fmt: skip
    answer = writer.send("save")
    assert answer.status_code == 303
    content = read_draft(Record.objects.get(pk=writer.key))
    assert (content.follow_ups, content.themes, content.texts) == ((), (), ())
    page = writer.client.get(reverse("record-edit", args=[writer.key])).content.decode()
    assert "外单位" not in page


def test_themes_come_with_the_lines_that_carry_them(cast: Cast, plan: Plan) -> None:
    """A line that carries a theme ticks it at the start; unticked it stays unticked."""
    line = a_line(plan, "members_meeting")
    theme = begin_theme(
        organization=cast.committee, title="学习贯彻专题", text="每季度一次。",
        since=date(2026, 1, 1), by=cast.office, at=AT,
    )  # fmt: skip
    give_line_themes(line=line, themes=[theme.pk], by=cast.secretary, at=AT, day=date(2026, 3, 10))
    writer = Writer(cast.secretary).start(cast, line).complete()
    assert writer.data["themes"] == [str(theme.pk)]
    writer.open(Record.objects.get(pk=writer.key))
    writer.data["themes"] = []
    writer.send("save")
    assert read_draft(Record.objects.get(pk=writer.key)).themes == ()
    writer.open(Record.objects.get(pk=writer.key))
    assert "themes" not in writer.data
    writer.data["themes"] = [str(theme.pk)]
    writer.send("save")
    record = file(writer)
    page = writer.client.get(reverse("record", args=[record.pk])).content.decode()
    assert "学习贯彻专题" in page


def test_two_writers_see_the_new_parts_escaped(cast: Cast, plan: Plan) -> None:
    """Mistake 6: in the conflict view too, and either side can be kept."""
    task = a_task(cast, plan)
    Task.objects.filter(pk=task.pk).update(title=SCRIPT)
    first = meeting(cast, day="2026-03-12")
    first.open(Record.objects.get(pk=first.key))
    second = Writer(cast.deputy).open(Record.objects.get(pk=first.key))
    first.send("save", **{f"follow-{task.pk}": "closed", f"follow-note-{task.pk}": SCRIPT})
    answer = second.send(
        "save", **{f"follow-{task.pk}": "open", f"follow-note-{task.pk}": f"我的{SCRIPT}"}
    )
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "上次议定事项" in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    fields = fields_of(answer.content, form="")
    sent = {name: values[-1] for name, values in fields.items()}
    chosen = {**sent, "pick-follow_ups": "mine", "do": "resolve"}
    assert second.client.post(reverse("record-save", args=[first.key]), chosen).status_code == 303
    (said,) = read_draft(Record.objects.get(pk=first.key)).follow_ups
    assert (said.state, said.note) == (FollowUpState.OPEN, f"我的{SCRIPT}")


def test_a_groups_leader_leaves_the_branchs_tasks_alone(cast: Cast, plan: Plan) -> None:
    """They are not offered, and a forged form closes nothing; what the draft says of them stays."""
    task = a_task(cast, plan)
    writer = Writer(cast.group_leader).start(cast)
    assert "follow" not in writer.data
    writer.data |= {"follow": [str(task.pk)], f"follow-{task.pk}": "closed"}
    writer.send("save")
    assert read_draft(Record.objects.get(pk=writer.key)).follow_ups == ()


def test_a_talk_takes_no_texts_and_no_tasks(cast: Cast, plan: Plan) -> None:
    """What only few may read carries nothing that all may read."""
    a_task(cast, plan)
    writer = Writer(cast.secretary).start(cast, activities=("talk",))
    assert "follow" not in writer.data
    writer.send("add-decision")
    writer.open(Record.objects.get(pk=writer.key))
    assert "decision-1-due" not in writer.data


def test_the_form_with_many_tasks_costs_no_more(
    cast: Cast, plan: Plan, django_assert_max_num_queries: Any
) -> None:
    """Sixty earlier tasks and a group's meeting: still twelve queries, still one page."""
    task = a_task(cast, plan)
    for number in range(2, 62):
        Task.objects.create(
            organization=cast.branch, title=f"任务{number}", due_on=date(2026, 4, 1),
            record=task.record, decision=number, began_on=date(2026, 3, 10), made_at=AT,
        )  # fmt: skip
    writer = Writer(cast.secretary).start(cast, activities=("group_meeting",))
    writer.send("refresh", activities=["group_meeting", "members_meeting"])
    with django_assert_max_num_queries(12):
        answer = writer.client.get(reverse("record-edit", args=[writer.key]))
    assert answer.content.decode().count('name="follow"') == 61
    assert len(answer.content) < 200_000


def test_a_hostile_form_is_answered(cast: Cast, plan: Plan) -> None:
    """Junk in every new field: said or left aside, never a fault."""
    task = a_task(cast, plan)
    writer = meeting(cast)
    decide(
        writer, **{"decision-1-due": "昨天", "decision-1-owner": SCRIPT, "decision-1-proof": SCRIPT}
    )
    writer.data |= {
        "follow": [str(task.pk)] * 3, f"follow-{task.pk}": "gone",
        f"follow-note-{task.pk}": "\x00长" * 300, "texts": ["x"] * 500, "themes": [SCRIPT],
    }  # fmt: skip
    assert writer.send("save").status_code in {303, 422}
    page = writer.client.get(reverse("record-edit", args=[writer.key]))
    assert page.status_code == 200
    assert "<script>alert" not in page.content.decode()


def test_an_old_draft_opens(cast: Cast, plan: Plan) -> None:
    """One from before there were tasks, and one that names what is gone."""
    writer = meeting(cast)
    record = Record.objects.get(pk=writer.key)
    draft = dict(record.draft or {})
    for name in ("texts", "themes", "follow_ups"):
        draft.pop(name, None)
    Record.objects.filter(pk=record.pk).update(draft=draft)
    assert writer.client.get(reverse("record-edit", args=[record.pk])).status_code == 200
    gone = Carried(str(new_key()), "已撤回的通知")
    draft["texts"] = [{"key": gone.key, "title": gone.title}]
    draft["follow_ups"] = [{"key": str(new_key()), "title": "没有的任务", "state": "closed"}]
    Record.objects.filter(pk=record.pk).update(draft=draft)
    page = writer.client.get(reverse("record-edit", args=[record.pk])).content.decode()
    assert "已撤回的通知" in page
    assert "已不在应办之列" in page
    assert "没有的任务" not in page


def test_says_before_filing_that_a_text_was_issued_after_the_meeting(
    cast: Cast, plan: Plan
) -> None:
    """Ticked on the day of the meeting, issued after it ended: said, and it may be filed so."""
    late = a_text(cast.committee, cast.office, title="会后下发的通知", at=NINE)
    early = a_text(cast.committee, cast.office, title="会前下发的通知", at=NINE.replace(hour=8))
    writer = meeting(cast, day="2026-03-11", began="08:10", ended="08:50")
    writer.send("save", texts=[str(late.pk), str(early.pk)])
    page = writer.client.get(reverse("record-file", args=[writer.key]))
    said = [remark.text for remark in page.context["page"].warnings]
    (why,) = [text for text in said if text.startswith("《会后下发的通知》：会议时间")]
    assert "08:50早于文件下发时间2026年3月11日（周三）09:00" in why
    assert not any("会前下发的通知" in text for text in said)
    assert page.context["page"].may_file
    file(writer)
    assert list(Carriage.objects.values_list("text_id", flat=True)) == [early.pk]
