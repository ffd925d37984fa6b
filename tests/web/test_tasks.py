"""The pages of tasks: lists, one task, one's own, and what was given from above."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from tests.cast import Cast, client_of
from tests.web.record_story import AT, Writer, make_table

from zhibu.ledger.models import Entry
from zhibu.network.notices.models import Notice
from zhibu.network.tasks.models import Assignment, Task, TaskStep
from zhibu.network.tasks.services import assign_task, spread_assignment
from zhibu.org.models import Organization
from zhibu.people.models import Person
from zhibu.plans.models import Plan

pytestmark = pytest.mark.usefixtures("data_dir")
SCRIPT = "<script>alert('坏')</script>𠮷"


@pytest.fixture
def plan(cast: Cast) -> Plan:
    return make_table(cast)


@pytest.fixture
def assignment(cast: Cast, plan: Plan) -> Assignment:
    return give(cast)


def give(cast: Cast, **changes: Any) -> Assignment:
    given: dict[str, Any] = {
        "organization": cast.committee, "title": "排查安全隐患", "text": "逐处排查。", "proof": "清单",
        "due_on": date(2026, 3, 20), "meeting": "党委会议", "met_on": None, "kinds": ["branch"],
        "chosen": (), "by": cast.office, "at": AT,
    }  # fmt: skip
    made = assign_task(**{**given, **changes})
    spread_assignment(key=made.pk, at=AT)
    return made


def task_of(assignment: Assignment, organization: Organization) -> Task:
    return Task.objects.get(assignment=assignment, organization=organization)


def show(person: Person, name: str, *args: Any, query: str = "") -> str:
    answer = client_of(person).get(reverse(name, args=args) + query)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def send(person: Person, name: str, task: Any, **typed: str) -> Any:
    return client_of(person).post(reverse(name, args=[task.pk]), typed)


def test_an_organisation_sees_its_tasks(cast: Cast, assignment: Assignment) -> None:
    """Title, origin, date, state; those of the neighbour are not among them."""
    page = show(cast.secretary, "task-list", cast.branch.pk)
    assert "排查安全隐患" in page
    assert "市局直属机关党委交办（党委会议）" in page
    assert "在办" in page
    for stranger in (cast.neighbour, cast.stranger, cast.nobody):
        client = client_of(stranger)
        assert client.get(reverse("task-list", args=[cast.branch.pk])).status_code == 404
        task = task_of(assignment, cast.branch)
        for name in ("task", "task-edit", "task-close", "task-drop", "task-reopen", "task-report"):
            assert client.get(reverse(name, args=[task.pk])).status_code == 404, name
            answer = client.post(reverse(name, args=[task.pk]), {"words": "x"})
            assert answer.status_code == (405 if name == "task" else 404), name


def test_the_way_of_a_task(cast: Cast, assignment: Assignment) -> None:
    """An owner is named, told, reports; the secretary closes, undoes it, closes again: all is traced."""
    task = task_of(assignment, cast.branch)
    owner = cast.members[1]
    answer = send(
        cast.secretary, "task-edit", task, owner=str(owner.pk), due_on="2026-03-20", words="分管"
    )
    assert answer.status_code == 303
    notice = Notice.objects.get(person=cast.deputy, title__startswith="请办理：")
    assert notice.address == reverse("task", args=[task.pk])
    assert "排查安全隐患" in show(cast.deputy, "task-mine")
    assert send(cast.deputy, "task-report", task, words="已查十处").status_code == 303
    assert send(cast.secretary, "task-close", task, words="清单已报").status_code == 303
    assert send(cast.secretary, "task-reopen", task, words="漏了一处").status_code == 303
    assert send(cast.deputy, "task-close", task, words="已补齐").status_code == 303
    page = show(cast.secretary, "task", task.pk)
    for words in ("办理人由支部集体改为乙二芳。分管", "已查十处", "清单已报", "漏了一处", "已补齐"):
        assert words in page
    assert "已办结" in page
    assert "现在没有由您办理的任务" in show(cast.deputy, "task-mine")
    assert "排查安全隐患" not in show(cast.secretary, "task-list", cast.branch.pk)
    assert "排查安全隐患" in show(
        cast.secretary, "task-list", cast.branch.pk, query="?state=closed"
    )
    assert Entry.objects.filter(subject_id=task.pk).count() == 5


def test_nothing_is_said_to_be_done_that_was_not(cast: Cast, assignment: Assignment) -> None:
    """Mistake 5: without words, too late, or not one's own to drop: said in the form, 422."""
    task = task_of(assignment, cast.branch)
    for name in ("task-close", "task-report", "task-reopen", "task-drop"):
        person = cast.secretary
        if name == "task-report":
            Task.objects.filter(pk=task.pk).update(owner=cast.members[0])
        answer = send(person, name, task, words=" ")
        assert answer.status_code == 422, name
        assert "请写明" in answer.content.decode()
    answer = send(cast.secretary, "task-drop", task, words="不想做")
    assert answer.status_code == 422
    assert "由上级交办，不能自行停办" in answer.content.decode()
    assert send(cast.deputy, "task-close", task, words="做完").status_code == 303
    late = send(cast.secretary, "task-close", task, words="也做完")
    assert late.status_code == 422
    assert "办结，请刷新页面查看" in late.content.decode()
    assert TaskStep.objects.filter(task=task).count() == 1


def test_home_shows_ones_own_and_what_is_due(
    cast: Cast, assignment: Assignment, django_assert_max_num_queries: Any
) -> None:
    """The owner their own; who keeps tasks all that are soon due; a member without any nothing."""
    task = task_of(assignment, cast.branch)
    Task.objects.filter(pk=task.pk).update(due_on=date(2026, 5, 1), owner=cast.members[1])
    deputy = client_of(cast.deputy)
    with django_assert_max_num_queries(12):
        home = deputy.get(reverse("branch-home", args=[cast.branch.pk]))
    assert "排查安全隐患" in home.content.decode()
    assert "排查安全隐患" not in show(cast.secretary, "branch-home", cast.branch.pk)
    Task.objects.filter(pk=task.pk).update(due_on=date(2026, 3, 11))
    page = show(cast.secretary, "branch-home", cast.branch.pk)
    assert "逾期未办结" in page
    assert "排查安全隐患" not in show(cast.member, "branch-home", cast.branch.pk)
    assert "排查安全隐患" not in show(cast.office, "branch-home", cast.branch.pk)


@pytest.mark.parametrize(("days", "above"), [(1, False), (7, False), (8, True)])
def test_overdue_shows_to_its_own_people_first(
    cast: Cast, plan: Plan, days: int, above: bool
) -> None:
    """M11: the branch sees it the day after, the level above only after the week."""
    made = give(cast)
    due = date(2026, 3, 12) - timedelta(days=days)
    Task.objects.filter(assignment=made).update(due_on=due)
    task = task_of(made, cast.branch)
    assert "逾期未办结" in show(cast.secretary, "task-list", cast.branch.pk)
    assert "逾期未办结" in show(cast.secretary, "task", task.pk)
    assert ("逾期未办结" in show(cast.office, "task", task.pk)) is above
    assert ("下级逾期较久的任务" in show(cast.office, "task-list", cast.committee.pk)) is above
    spread = show(cast.office, "assignment", made.pk, query="?state=overdue")
    assert ("没有这种情况的组织" not in spread) is above


def test_the_office_gives_and_follows(cast: Cast, plan: Plan) -> None:
    """By the form: all branches below; the worker gives it out; state by state; remind once a day."""
    client = client_of(cast.office)
    typed = {
        "title": "排查安全隐患", "due_on": "2026-03-30", "kinds": ["branch"], "meeting": "党委会议",
        "met_on": "2026-03-11",
    }  # fmt: skip
    answer = client.post(reverse("assignment-new", args=[cast.committee.pk]), typed)
    assert answer.status_code == 303, answer.content.decode()[-2000:]
    made = Assignment.objects.get()
    assert "正在交办" in client.get(answer["Location"]).content.decode()
    assert "正在交办" in show(cast.office, "assignment-list", cast.committee.pk)
    spread_assignment(key=made.pk, at=AT)
    page = client.get(answer["Location"]).content.decode()
    assert "2个组织中0个已办结，2个在办" in page
    assert page.index("第一党支部") < page.index("第二党支部")
    assert "邻局" not in page
    assert "排查安全隐患" in show(cast.office, "assignment-list", cast.committee.pk)
    first = client.post(reverse("assignment-remind", args=[made.pk]), follow=True)
    assert "已提醒" in first.content.decode()
    again = client.post(reverse("assignment-remind", args=[made.pk]), follow=True)
    assert "今天已经提醒过" in again.content.decode()
    answer = client.post(reverse("assignment-withdraw", args=[made.pk]), {"words": "改为下半年"})
    assert answer.status_code == 303
    assert "已撤回：改为下半年" in client.get(answer["Location"]).content.decode()
    assert not Task.objects.filter(state="open").exists()


def test_what_was_dropped_is_not_called_done(cast: Cast, plan: Plan) -> None:
    """One branch has done it, the other has ended: the list and the page say both."""
    made = assign_task(
        organization=cast.committee, title="排查安全隐患", text="", proof="",
        due_on=date(2026, 3, 30), meeting="", met_on=None, kinds=["branch"], chosen=[],
        by=cast.office, at=AT,
    )  # fmt: skip
    spread_assignment(key=made.pk, at=AT)
    mine = Task.objects.filter(assignment=made, organization=cast.branch)
    other = Task.objects.filter(assignment=made).exclude(organization=cast.branch)
    ended = {"ended_on": AT.date(), "words": "组织撤销"}
    other.update(state="dropped", ending="organization", **ended)
    mine.update(state="closed", ending="page", **ended)
    assert "2个组织中1个已办结，1个不再办理。" in show(cast.office, "assignment", made.pk)
    assert "全部办结" not in show(cast.office, "assignment-list", cast.committee.pk)
    mine.update(state="dropped", ending="withdrawal")
    assert "不再办理</span>" in show(cast.office, "assignment-list", cast.committee.pk)


def test_a_leaf_gives_nothing(cast: Cast, plan: Plan) -> None:
    """A branch has nobody below it to give a task to, whoever asks."""
    for name in ("assignment-list", "assignment-new"):
        address = reverse(name, args=[cast.branch.pk])
        assert client_of(cast.office).get(address).status_code == 404
        assert client_of(cast.secretary).get(address).status_code == 404


@pytest.mark.parametrize(
    "typed",
    [
        {"title": ""},
        {"title": SCRIPT, "due_on": "昨天", "kinds": ["branch"]},
        {"title": "题" * 501, "due_on": "2026-03-30", "kinds": ["branch"]},
        {"title": "题", "due_on": "1899-01-01", "kinds": ["branch"]},
        {"title": "题", "due_on": "2100-01-01", "kinds": ["branch"]},
        {"title": "题", "due_on": "2026-03-30", "kinds": ["group"]},
        {"title": "题", "due_on": "2026-03-30"},
        {"title": "题", "due_on": "2026-03-30", "chosen": ["1", "junk"]},
        {"title": "题", "due_on": "2026-03-30", "kinds": ["branch"], "met_on": "2026-03-13"},
    ],
)
def test_a_hostile_assignment_is_said(cast: Cast, plan: Plan, typed: dict[str, Any]) -> None:
    """422 with a sentence, nothing stored, nothing run as script."""
    client = client_of(cast.office)
    answer = client.post(reverse("assignment-new", args=[cast.committee.pk]), typed)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'class="missing"' in page or 'class="notice error"' in page
    assert "<script>alert" not in page
    assert not Assignment.objects.exists()


def test_script_and_long_names_are_only_text(cast: Cast, assignment: Assignment) -> None:
    """Mistake 6 on every page of tasks; a name of 2,000 signs breaks nothing."""
    task = task_of(assignment, cast.branch)
    Task.objects.filter(pk=task.pk).update(title=SCRIPT + "长" * 1900, owner=cast.members[0])
    Assignment.objects.filter(pk=assignment.pk).update(title=SCRIPT, meeting=SCRIPT, text=SCRIPT)
    send(cast.secretary, "task-report", task, words=SCRIPT)
    for person, name, args in (
        (cast.secretary, "task-list", (cast.branch.pk,)), (cast.secretary, "task", (task.pk,)),
        (cast.secretary, "task-mine", ()), (cast.secretary, "task-close", (task.pk,)),
        (cast.secretary, "branch-home", (cast.branch.pk,)),
        (cast.office, "assignment", (assignment.pk,)),
        (cast.office, "assignment-list", (cast.committee.pk,)),
        (cast.office, "assignment-withdraw", (assignment.pk,)),
    ):  # fmt: skip
        page = show(person, name, *args)
        assert "<script>alert" not in page, name
    for junk in ("?state=x", "?page=999", "?page=²", "?state=all&page=0"):
        show(cast.secretary, "task-list", cast.branch.pk, query=junk)
        show(cast.office, "assignment", assignment.pk, query=junk)


def test_lists_have_pages_and_few_queries(
    cast: Cast, assignment: Assignment, django_assert_max_num_queries: Any
) -> None:
    """Mistake 12: a hundred tasks, a hundred branches, thirty assignments: pages, twelve queries."""
    above = cast.committee
    branches = [
        Organization(
            kind="branch", name=f"支部{at}", short_name=f"支部{at}", parent=above,
            path=f"{above.path}y{at:03d}", founded_on=date(2015, 1, 1),
        )
        for at in range(100)
    ]  # fmt: skip
    Organization.objects.bulk_create(branches)
    old = date(2026, 1, 10)
    Task.objects.bulk_create(
        Task(
            organization=one,
            title="任务",
            due_on=old,
            assignment=assignment,
            began_on=old,
            made_at=AT,
        )
        for one in branches
    )
    Task.objects.bulk_create(
        Task(
            organization=cast.branch, title=f"任务{made}", due_on=old, began_on=old, made_at=AT,
            owner=cast.members[0], assignment=give(cast, chosen=[cast.other_branch.pk]),
        )
        for made in range(60)
    )  # fmt: skip
    for person, name, args in (
        (cast.secretary, "task-list", (cast.branch.pk,)), (cast.secretary, "task-mine", ()),
        (cast.office, "task-list", (cast.committee.pk,)),
        (cast.office, "assignment", (assignment.pk,)),
        (cast.office, "assignment-list", (cast.committee.pk,)),
        (cast.office, "assignment-new", (cast.committee.pk,)),
        (cast.secretary, "branch-home", (cast.branch.pk,)),
    ):  # fmt: skip
        client = client_of(person)
        with django_assert_max_num_queries(12):
            answer = client.get(reverse(name, args=args))
        assert len(answer.content) < 200_000, name
    assert "共2页" in show(cast.secretary, "task-list", cast.branch.pk)
    assert "共3页" in show(cast.office, "assignment", assignment.pk)


def test_the_advice_counts_all_pages(
    cast: Cast, plan: Plan, django_assert_max_num_queries: Any
) -> None:
    """Sixty overdue tasks are sixty on each page, and the first to be done is the first of all."""
    early, late, later = date(2026, 1, 10), date(2026, 2, 2), date(2026, 5, 5)
    made = [give(cast, chosen=[cast.other_branch.pk]) for _ in range(70)]
    for at, assignment in enumerate(made):
        Task.objects.create(
            organization=cast.branch, title="最早的一项" if at == 0 else f"任务{at}",
            due_on=early if at == 0 else late if at < 60 else later,
            began_on=early, made_at=AT, assignment=assignment,
        )  # fmt: skip
    client, address = client_of(cast.secretary), reverse("task-list", args=[cast.branch.pk])
    for page in ("1", "2", "99"):
        with django_assert_max_num_queries(12):
            answer = client.get(address, {"page": page})
        assert "有60项已过期限，请先办理：最早的一项。" in answer.content.decode()
    Task.objects.filter(organization=cast.branch).update(due_on=later)
    Task.objects.filter(title="最早的一项").update(due_on=date(2026, 4, 1))
    for query in ("", "?page=2"):
        shown = show(cast.secretary, "task-list", cast.branch.pk, query=query)
        assert "最近一项的期限是4月1日：最早的一项。" in shown
    Task.objects.filter(organization=cast.branch).update(due_on=date(2026, 3, 6))
    above = show(cast.office, "task-list", cast.branch.pk)
    assert "已过期限" not in above, "six days late is for its own people to see to"
    assert "有70项已过期限" in show(cast.secretary, "task-list", cast.branch.pk)


def test_a_member_reads_and_does_not_act(cast: Cast, assignment: Assignment) -> None:
    """A member of the branch sees its tasks, with no button and no way to close one."""
    task = task_of(assignment, cast.branch)
    page = show(cast.member, "task", task.pk)
    assert "办结</a>" not in page
    assert send(cast.member, "task-close", task, words="做完").status_code == 404
    writer = Writer(cast.secretary)
    assert (
        reverse("task-list", args=[cast.branch.pk])
        in writer.client.get("/", follow=True).content.decode()
    )
