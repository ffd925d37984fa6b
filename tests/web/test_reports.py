"""The pages of the month's report: read, add words, issue, receive, take along."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import docx
import pypdf
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.cast import AT as LONG_AGO
from tests.cast import client_of
from tests.handbook.scene import Scene, make_scene
from tests.network.test_feedback import send
from tests.network.test_reports import lesson, office_of_commission
from tests.web.text_story import a_text

from zhibu.handbook.models import Record
from zhibu.ledger.models import Entry
from zhibu.network.reports.models import Report, ReportVersion
from zhibu.network.reports.services import issue_report
from zhibu.network.tasks.models import Task
from zhibu.org.models import Organization
from zhibu.org.services import found_organization, grant_role, open_account
from zhibu.people.models import Person
from zhibu.people.roles import Role

if TYPE_CHECKING:
    from tests.cast import Cast

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 4, 3, 9, tzinfo=ZONE)
pytestmark = pytest.mark.usefixtures("data_dir")


@pytest.fixture
def scene(db: None, freeze: Callable[..., None]) -> Scene:
    freeze(NOW)
    return make_scene()


@pytest.fixture
def cast(scene: Scene) -> Cast:
    return scene.cast


@pytest.fixture
def upper(cast: Cast) -> Person:
    return office_of_commission(cast)


def at(name: str, organization: Organization, *more: int) -> str:
    month = more or (2026, 3)
    return reverse(name, args=[organization.pk, *(() if name == "report-list" else month)])


def sent(answer: Any) -> str:
    return str(answer.content.decode())


def issued(cast: Cast, **more: Any) -> ReportVersion:
    values: dict[str, Any] = {"year": 2026, "month": 3, "revision": 0, "version": 0}
    return issue_report(organization=cast.committee, by=cast.office, at=NOW, **{**values, **more})


def test_the_office_reads_issues_and_the_level_above_receives(cast: Cast, upper: Person) -> None:
    """Without JavaScript: forms and redirects alone."""
    office, above = client_of(cast.office), client_of(upper)
    page = sent(office.get(at("report", cast.committee)))
    assert "一、总体进展" in page
    assert "上报市直机关工委" in page
    form = {"revision": "0", "version": "0"}
    answer = office.post(at("report-issue", cast.committee), form)
    assert (answer.status_code, answer["Location"]) == (303, at("report", cast.committee))
    page = sent(office.get(at("report", cast.committee)))
    assert "2026年3月的报告已上报" in page
    assert "等待上级签收" in page
    assert ">签收</button>" not in page  # not one's own
    page = sent(above.get(at("report", cast.committee)))
    assert ">签收</button>" in page
    version = ReportVersion.objects.get()
    answer = above.post(at("report-receive", cast.committee), {"version": str(version.pk)})
    assert answer.status_code == 303
    assert "上级已签收" in sent(office.get(at("report-list", cast.committee)))
    assert "已报送" not in sent(office.get(at("report-list", cast.committee)))


def test_the_figures_are_those_of_the_overview(cast: Cast, scene: Scene) -> None:
    """The sum of the annex is the month's cell of the overview."""
    lesson(scene, 3, datetime(2026, 3, 12, 9, tzinfo=ZONE))
    client = client_of(cast.office)
    page = client.get(at("report", cast.committee)).context["page"]
    overview = client.get(reverse("overview", args=[cast.committee.pk])).context["page"]
    cell = overview.months[2].cell
    row = page.report.sum
    assert (row.total, row.done, row.late, row.overdue) == (
        cell.total, cell.done, cell.late, cell.overdue,
    )  # fmt: skip
    assert row.pending == cell.due_soon + cell.later
    assert row.total > 0


def test_words_are_added_and_reach_above_when_issued(cast: Cast, upper: Person) -> None:
    """Until they are issued, nobody but those who write reads them."""
    office, leader = client_of(cast.office), client_of(cast.leader)
    address = at("report-write", cast.committee)
    form = {"revision": "0", "standing_out": "<b>窗口</b>", "problems": "", "proposals": "增加培训"}
    assert office.post(address, form).status_code == 303
    assert "增加培训" in sent(office.get(at("report", cast.committee)))
    assert "&lt;b&gt;窗口" in sent(office.get(at("report", cast.committee)))
    assert "增加培训" not in sent(leader.get(at("report", cast.committee)))
    office.post(at("report-issue", cast.committee), {"revision": "1", "version": "0"})
    assert "增加培训" in sent(leader.get(at("report", cast.committee)))
    # Added to afterwards: said, and not shown above before it is issued again.
    office.post(address, {"revision": "1", "proposals": "增加教材"})
    assert "尚未重新上报" in sent(office.get(at("report", cast.committee)))
    assert "增加教材" not in sent(leader.get(at("report", cast.committee) + "?version=0"))


def test_two_writers_see_each_other(cast: Cast) -> None:
    """Who comes later sees what was kept, with the own text still there."""
    office = client_of(cast.office)
    address = at("report-write", cast.committee)
    office.post(address, {"revision": "0", "problems": "先写的"})
    answer = office.post(address, {"revision": "0", "problems": "后写的"})
    assert answer.status_code == 409
    assert "先写的" in sent(answer)
    assert "后写的" in sent(answer)
    assert Report.objects.get().words == {"problems": "先写的"}
    assert office.post(address, {"revision": "1", "problems": "合并后"}).status_code == 303


def test_an_old_page_issues_nothing_and_says_so(cast: Cast) -> None:
    """No message of success though nothing was stored (mistake 5)."""
    office = client_of(cast.office)
    address = at("report-issue", cast.committee)
    office.post(address, {"revision": "0", "version": "0"})
    answer = office.post(address, {"revision": "0", "version": "0"})
    assert answer.status_code == 409
    assert "没有上报" in sent(answer)
    assert ReportVersion.objects.count() == 1
    answer = office.post(address, {})
    assert answer.status_code == 422
    assert ReportVersion.objects.count() == 1


def test_earlier_versions_stay_readable(cast: Cast) -> None:
    """Each by its number; one that is not there is not there."""
    issued(cast)
    issued(cast, version=1)
    client = client_of(cast.office)
    address = at("report", cast.committee)
    assert "此后又上报过新的版本" in sent(client.get(f"{address}?version=1"))
    assert client.get(f"{address}?version=3").status_code == 404
    assert "重新算出" in sent(client.get(f"{address}?version=0"))


@pytest.mark.parametrize("asked", ["x", "-1", "１", "99999", "1.5", "²"])
def test_hostile_versions(cast: Cast, asked: str) -> None:
    """No number, no page."""
    issued(cast)
    client = client_of(cast.office)
    for name in ("report", "report-pdf", "report-docx"):
        assert client.get(at(name, cast.committee), {"version": asked}).status_code == 404


@pytest.mark.parametrize(
    ("year", "month"), [(2026, 0), (2026, 13), (2026, 5), (1899, 1), (2100, 1), (2014, 12)]
)
def test_months_that_are_none(cast: Cast, year: int, month: int) -> None:
    """Before there was anything, after today, or no month at all."""
    client = client_of(cast.office)
    for name in ("report", "report-below", "report-write", "report-pdf"):
        assert client.get(at(name, cast.committee, year, month)).status_code == 404
    for name in ("report-issue", "report-receive"):
        assert client.post(at(name, cast.committee, year, month), {}).status_code == 404


def test_who_may_not_sees_nothing(cast: Cast, upper: Person) -> None:
    """A stranger, a neighbour's office, a branch's secretary: 404; a leader reads and cannot write."""
    issued(cast)
    address = at("report", cast.committee)
    for person in (cast.stranger, cast.far_office, cast.secretary, cast.member, cast.nobody):
        assert client_of(person).get(address).status_code == 404
        assert client_of(person).get(at("report-list", cast.committee)).status_code == 404
    leader = client_of(cast.leader)
    assert leader.get(address).status_code == 200
    assert leader.get(at("report-write", cast.committee)).status_code == 404
    assert leader.post(at("report-issue", cast.committee), {}).status_code == 404
    version = {"version": str(ReportVersion.objects.get().pk)}
    for person in (cast.office, cast.far_office, cast.leader):  # only from above
        answer = client_of(person).post(at("report-receive", cast.committee), version)
        assert answer.status_code == 404
    # A version of somebody else's report is not received here.
    far = at("report-receive", cast.far_committee)
    assert client_of(upper).post(far, version).status_code == 422
    assert ReportVersion.objects.get().received_at is None


def test_a_branch_has_no_report(cast: Cast) -> None:
    """It fills in nothing, so there is nothing to open."""
    client = client_of(cast.office)
    for organization in (cast.branch, cast.group):
        assert client.get(at("report", organization)).status_code == 404
        assert client.get(at("report-list", organization)).status_code == 404


def test_it_is_taken_along_as_word_and_pdf(cast: Cast, scene: Scene) -> None:
    """What was issued, with title, 主送 and annex; and a line in the ledger."""
    lesson(scene, 3, datetime(2026, 3, 12, 9, tzinfo=ZONE))
    issued(cast)
    client = client_of(cast.leader)
    answer = client.get(at("report-docx", cast.committee))
    words = [line.text for line in docx.Document(io.BytesIO(answer.content)).paragraphs]
    assert words[:3] == ["市局直属机关党委", "关于2026年3月党建工作情况的报告", "市直机关工委："]
    assert "一、总体进展" in words
    pages = pypdf.PdfReader(io.BytesIO(client.get(at("report-pdf", cast.committee)).content)).pages
    text = "".join(page.extract_text() for page in pages)
    assert "总体进展" in text
    assert "2026年4月3日" in text.replace(" ", "")
    assert Entry.objects.filter(verb="export_report", person=cast.leader).count() == 2


def test_a_file_of_what_was_not_issued_says_so(cast: Cast) -> None:
    """Nobody takes a draft for the report."""
    from urllib.parse import unquote

    answer = client_of(cast.office).get(at("report-docx", cast.committee))
    assert "（未上报）" in unquote(answer["Content-Disposition"])


def test_the_level_above_sees_who_has_reported(cast: Cast, upper: Person) -> None:
    """In the order of the tree; and the own report sums up."""
    issued(cast)
    client = client_of(upper)
    page = client.get(at("report-below", cast.commission)).context["page"]
    assert [(row.name, row.state) for row in page.rows] == [
        ("市局直属机关党委", "issued"),
        ("邻局直属机关党委", "draft"),
    ]
    assert all(row.address for row in page.rows)
    assert "1个已报送本月工作报告" in sent(client.get(at("report", cast.commission)))
    # The highest level has nobody to report to.
    assert ">印发</button>" in sent(client.get(at("report", cast.commission)))


def test_the_history_has_pages(cast: Cast) -> None:
    """Years of reports are paged; the newest months stand on top."""
    for number in range(60):
        year, month = divmod(2015 * 12 + 6 + number, 12)
        issued(cast, year=year, month=month + 1)
    client = client_of(cast.office)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(at("report-list", cast.committee))
    assert len(queries) <= 12
    assert len(answer.content) < 60_000
    page = answer.context["page"]
    assert [row.label for row in page.now] == ["2026年4月", "2026年3月", "2026年2月"]
    assert len(page.issued) == 24
    assert not {row.address for row in page.now} & {row.address for row in page.issued}
    assert client.get(at("report-list", cast.committee), {"page": "3"}).status_code == 200


def test_queries_do_not_grow(cast: Cast, scene: Scene, upper: Person) -> None:
    """A month is 12 queries at most, as it is worked out as well as issued, whatever there is of it."""
    client = client_of(cast.office)

    def count(address: str) -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    march, live = at("report", cast.committee), f"{at('report', cast.committee)}?version=0"
    before, below = count(march), count(at("report-below", cast.committee))
    give_it_all(scene)
    for number in range(20):
        for kind in ("branch", "committee"):
            made = found_organization(
                name=f"新{kind}{number}", short_name=f"新{number}", kind=kind,
                parent=cast.committee, founded_on=date(2020, 1, 1), by=None, at=LONG_AGO,
            )  # fmt: skip
        issue_report(
            organization=made, year=2026, month=3, revision=0, version=0, by=cast.office, at=NOW
        )
    page = client.get(march).context["page"].report
    said = "".join(each.text for section in page.sections for each in section.paragraphs)
    for words in (
        "传达文件1件",
        "任务超过期限",
        "反映使用中的问题1件",
        "所属20个党委（党总支）均已报送",
        "逾期未完成",
    ):
        assert words in said
    assert count(march) == before <= 12
    assert count(at("report", cast.committee, 2026, 1)) == before  # the month before, of last year
    assert count(at("report-below", cast.committee)) <= below + 1 <= 12
    issued(cast)
    assert count(march) <= 12
    issued(cast, version=1)
    assert count(march) <= 12
    assert count(live) <= 12


def give_it_all(scene: Scene) -> None:
    """Something of all that a month can show."""
    cast = scene.cast
    lesson(scene, 2, datetime(2026, 3, 2, 9, tzinfo=ZONE))
    a_text(cast.committee, cast.office, title="通知")
    send(cast, cast.member)
    Task.objects.create(
        organization=cast.branch, title="整改", due_on=date(2026, 3, 5), made_at=NOW,
        began_on=date(2026, 3, 1), record_id=Record.objects.values_list("pk", flat=True)[0],
    )  # fmt: skip


def test_no_way_leads_to_before_there_was_anything(cast: Cast) -> None:
    """Founded in March: the list and the neighbouring months begin there."""
    Organization.objects.filter(pk=cast.committee.pk).update(founded_on=date(2026, 3, 9))
    client = client_of(cast.office)
    page = client.get(at("report-list", cast.committee)).context["page"]
    assert [row.label for row in page.now] == ["2026年4月", "2026年3月"]
    assert client.get(at("report", cast.committee)).context["page"].before is None
    assert client.get(at("report", cast.committee, 2026, 2)).status_code == 404
    Organization.objects.filter(pk=cast.committee.pk).update(founded_on=date(2026, 4, 1))
    page = client.get(at("report-list", cast.committee)).context["page"]
    assert page.advice == "本月结束后，在这里核对上报第一份报告。"


def test_a_general_branch_reports_only_where_somebody_has_the_office(cast: Cast) -> None:
    """A general branch without an office is not asked for a report."""
    made = found_organization(
        name="技术中心党总支", short_name="技术中心党总支", kind="general_branch",
        parent=cast.committee, founded_on=date(2020, 1, 1), by=None, at=LONG_AGO,
    )  # fmt: skip
    client = client_of(cast.office)
    assert not client.get(at("report-below", cast.committee)).context["page"].rows
    person = open_account(username="zongzhi", name="总支", password=None, by=None, at=LONG_AGO)
    grant_role(
        person=person, role=Role.OFFICE, organization=made, with_below=True, since=LONG_AGO,
        by=None, at=LONG_AGO,
    )  # fmt: skip
    assert len(client.get(at("report-below", cast.committee)).context["page"].rows) == 1
