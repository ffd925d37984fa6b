"""What the tests of records share: a branch with norm and table, and a browser without JavaScript."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from html.parser import HTMLParser
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.test import Client
from django.urls import reverse
from tests.cast import Cast, client_of

from zhibu.handbook.models import Record
from zhibu.norms.services import choose_pack, load_catalogue
from zhibu.people.models import Person
from zhibu.plans.models import Plan, PlanLine
from zhibu.plans.services import adopt_plan, draft_plan

AT = datetime(2026, 1, 5, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
MINUTES = (
    "会议由书记主持。组织委员汇报一季度工作，七名党员发言，围绕窗口服务提出三条意见，"
    "其中一人建议调整值班安排；经讨论形成一致意见，由宣传委员牵头，三月底前落实并反馈。"
)


def make_table(cast: Cast) -> Plan:
    """The norm of the branch, and its adopted table of 2026."""
    load_catalogue(by=None, at=AT)
    choose_pack(organization=cast.committee, pack="branch", since=date(2020, 1, 1), by=None, at=AT)
    plan = draft_plan(branch=cast.branch, year=2026, by=cast.secretary, at=AT)
    return adopt_plan(plan=plan, revision=plan.revision, by=cast.secretary, at=AT)


def a_line(plan: Plan, activity: str, **more: Any) -> PlanLine:
    """The first line of an activity."""
    line = plan.lines.filter(activity=activity, **more).order_by("planned_on").first()
    assert line is not None, activity
    return line


@dataclass
class Fields(HTMLParser):
    """The fields of a form as a browser without JavaScript would send them."""

    form: str = ""
    values: list[tuple[str, str]] = field(default_factory=list)
    _inside: bool = False
    _area: str | None = None
    _select: str | None = None
    _chosen: str | None = None

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = dict(attrs)
        if tag == "form":
            self._inside = not self.form or a.get("id") == self.form
        if not self._inside or "disabled" in a:
            return
        name = a.get("name") or ""
        if tag == "input" and name and a.get("type") not in {"file", "submit"}:
            if a.get("type") in {"checkbox", "radio"} and "checked" not in a:
                return
            self.values.append((name, a.get("value") or ""))
        elif tag == "textarea" and name:
            self._area, self._text = name, ""
        elif tag == "select" and name:
            self._select, self._chosen = name, None
        elif tag == "option" and self._select and (self._chosen is None or "selected" in a):
            self._chosen = a.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        if tag == "textarea" and self._area is not None:
            self.values.append((self._area, self._text))
            self._area = None
        if tag == "select" and self._select:
            self.values.append((self._select, self._chosen or ""))
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._text += data


def fields_of(html: bytes, form: str = "record-form") -> dict[str, list[str]]:
    """All fields of the form with this id, by name."""
    parser = Fields(form=form)
    parser.feed(html.decode())
    found: dict[str, list[str]] = {}
    for name, value in parser.values:
        found.setdefault(name, []).append(value)
    return found


@dataclass
class Writer:
    """Somebody who writes records without JavaScript."""

    person: Person
    client: Client = field(init=False)
    data: dict[str, Any] = field(default_factory=dict)
    record: Record | None = None

    def __post_init__(self) -> None:
        self.client = client_of(self.person)

    @property
    def key(self) -> UUID:
        assert self.record is not None
        return self.record.pk

    def start(self, cast: Cast, *lines: PlanLine, activities: tuple[str, ...] = ()) -> Writer:
        """Press 开始记录 and open the form."""
        answer = self.client.post(
            reverse("record-new", args=[cast.branch.pk]),
            {"lines": [str(line.pk) for line in lines], "activities": list(activities)},
        )
        assert answer.status_code == 303, answer.content.decode()[:2000]
        self.record = Record.objects.get(pk=answer["Location"].split("/")[2])
        return self.open(self.record)

    def open(self, record: Record) -> Writer:
        """Open the form of a draft; the fields are those that it shows."""
        self.record = record
        page = self.client.get(reverse("record-edit", args=[record.pk]))
        assert page.status_code == 200, page.status_code
        self.html = page.content.decode()
        self.data = fields_of(page.content)
        return self

    def send(self, do: str = "save", *, htmx: bool = False, **changes: Any) -> Any:
        """Press a button of the form; `changes` are typed before, with - written as _ _."""
        self.data.update({name.replace("__", "-"): value for name, value in changes.items()})
        headers = {"HX-Request": "true"} if htmx else {}
        return self.client.post(
            reverse("record-save", args=[self.key]), {**self.data, "do": do}, headers=headers
        )

    def complete(self, **changes: Any) -> Writer:
        """Write what a members' meeting needs."""
        said = {
            "topic": "一季度工作", "day": "2026-03-10", "began": "14:30", "ended": "16:00",
            "place": "三楼会议室", "presider": "甲一明", "recorder": "乙二芳", "minutes": MINUTES,
            **changes,
        }  # fmt: skip
        answer = self.send("save", **said)
        assert answer.status_code == 303, answer.content.decode()[-3000:]
        self.open(Record.objects.get(pk=self.key))
        return self

    def file(self, **more: Any) -> Any:
        """Go to the step before filing and press 归档."""
        page = self.client.get(reverse("record-file", args=[self.key]))
        assert page.status_code == 200
        self.filing = fields_of(page.content, "")
        self.filing_html = page.content.decode()
        submission = self.filing["submission"][0]
        self.filed = {"submission": submission, "revision": self.filing["revision"][0], **more}
        return self.client.post(reverse("record-file", args=[self.key]), self.filed)


def a_filed_record(cast: Cast, plan: Plan, **changes: Any) -> Record:
    """A members' meeting on 10 March, filed by the secretary."""
    writer = Writer(cast.secretary).start(cast, a_line(plan, "members_meeting")).complete(**changes)
    answer = writer.file()
    record = Record.objects.get(pk=writer.key)
    assert record.current is not None, answer.status_code
    return record
