"""Something of every kind in three branches, and who may do what with it.

What is expected follows from `RIGHTS` and from how far the person reaches at the path of the object;
the few addresses with a narrower rule are named in `_narrower`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from django.apps import apps
from django.db.models import Q
from django.urls import get_resolver
from tests.handbook.scene import AT, Scene, make_scene

from zhibu.handbook.models import Record
from zhibu.handbook.services import add_attachment, file_record, start_record
from zhibu.ledger.models import Entry
from zhibu.ledger.services import seal_branch
from zhibu.network.dissemination.services import (
    TextDraft,
    draft_text,
    issue_text,
    record_visit,
)
from zhibu.network.feedback.models import Case, Feedback
from zhibu.network.notices.models import Channel
from zhibu.network.tasks.models import Task
from zhibu.network.tasks.services import assign_task, spread_assignment
from zhibu.network.themes.services import begin_theme
from zhibu.org.activists import enrol_activist
from zhibu.org.imports import judge_import, start_import
from zhibu.org.models import (
    CorrectionRequest,
    Grant,
    Member,
    MemberSpell,
    Organization,
    OwnField,
    Post,
    RosterImport,
)
from zhibu.org.reach import Reach, reach_of
from zhibu.org.services import appoint, begin_spell, found_organization
from zhibu.people.models import Person
from zhibu.people.roles import Role, Verb
from zhibu.plans.models import Plan
from zhibu.plans.services import adopt_plan, draft_plan
from zhibu.rules.contents import Attendance, Decision, RecordContent
from zhibu.rules.feedback import About, CaseState
from zhibu.rules.norm import Activity
from zhibu.web.urls import RIGHTS

ROSTER = "姓名,性别,出生年月,入党时间,转正时间,党员类别\n子一明,女,1985-03,2010-07-01,2011-07-01,正式党员\n"
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"

ONLY_POST = frozenset({
    "sign-out", "record-save", "seal", "seal-countersign", "grant-revoke", "account-invite",
    "account-unlock", "account-switch", "import-decide", "import-confirm", "import-discard",
    "import-undo", "robot-try", "assignment-remind", "report-issue", "report-receive",
    "feedback-accept", "feedback-summarize", "feedback-join", "feedback-split", "feedback-move",
    "feedback-up", "feedback-answer", "feedback-refuse", "feedback-close", "text-remind",
})  # fmt: skip
ANYWHERE = frozenset(
    {"accounts", "account-open", "ledger", "ledger-export", "norm-load"}
)  # the verb, held somewhere
OF_LINE = {"line", "line-edit", "line-remove", "line-waive", "line-restore", "line-themes"}
AMENDS = frozenset({
    "plan-holidays", "plan-redraft", "plan-add", "plan-offers", "plan-upload", "line-edit",
    "line-remove", "line-themes",
})  # fmt: skip
OF_YEAR = {"plan-draft", "plan-adopt", "plan-changes", "plan-xlsx", "plan", *AMENDS} - OF_LINE
OF_ORGANIZATION = {
    "overview", "overview-xlsx", "overview-overdue", "organization", "organization-edit",
    "organization-found", "organization-dissolve", "organization-use", "organization-term",
    "organization-rename", "organization-move", "organization-merge", "organization-split",
    "appoint", "grants", "norm-choose", "invitations", "imports", "import-start", "choices", "choices-add",
    "responsibility-list",
    "theme-list", "theme-begin", "task-list", "robots", "robot-add", "feedback-desk", "feedback-waiting",
    "text-list", "text-new",
}  # fmt: skip
OF_TEXT_DRAFT = {"text-edit", "text-issue", "text-discard"}
OF_TEXT = {"text-amend", "text-recall"}
OF_TEXT_LEVEL = {"text-forward", "text-reach", "text-remind", "text-unreached"}
OF_VISIT = {"text-visit", "text-visit-withdraw"}
OF_TASK = {"task", "task-edit", "task-close", "task-drop", "task-reopen"}
OF_ASSIGNMENT = {"assignment", "assignment-withdraw", "assignment-remind"}
OF_GIVER = {"assignment-list", "assignment-new"}  # has others below it
OF_REPORT = {"report", "report-below", "report-write", "report-issue", "report-docx", "report-pdf"}
OF_ROBOT = {"robot", "robot-try", "robot-remove"}
OF_CASE = {
    "feedback-case", "feedback-accept", "feedback-summarize", "feedback-join", "feedback-split",
    "feedback-move", "feedback-up", "feedback-answer", "feedback-refuse", "feedback-close",
}  # fmt: skip
OF_ACCOUNT = {"account-show", "account-invite", "account-unlock", "account-switch"}
OF_BRANCH = {
    "branch-home", "roster", "transfers", "member-admit", "activist-enrol", "record-list", "record-new", "seal",
}  # fmt: skip
OF_IMPORT = {
    "import", "import-decide", "import-confirm", "import-discard", "import-undo", "import-marked",
}  # fmt: skip
NOT_OF_GROUPS = frozenset({
    "organization-move", "organization-merge", "organization-use", "organization-split", "imports",
    "import-start", "import-template", "theme-begin", "responsibility-list",
    "text-list", "text-new", "norm-choose",
})  # fmt: skip
FROM_ABOVE = frozenset({
    "organization-rename", "organization-move", "organization-merge", "organization-use",
})  # fmt: skip
OF_THEME = {"theme", "theme-pdf", "theme-docx"}
KEPT_THEME = {"theme-change", "theme-end"}
# Who begins themes may look at them too.
ALSO_KEPT = frozenset({"theme-list", "theme"})
OF_MEMBER = {"member", "member-edit", "member-transfer", "spell-begin"}
OF_DRAFT = {"record", "record-edit", "record-save", "record-file", "record-discard"}
OF_FILED = {*OF_DRAFT, "record-correct", "record-void", "record-redact"}
BOOKS = frozenset({"book-pdf", "book-docx", "book-zip"})


@dataclass(frozen=True)
class Thing:
    """An object in an address: its arguments, the path of its organisation, what is narrower."""

    args: tuple[Any, ...]
    path: str
    is_record: bool = False
    is_draft: bool = False  # a record that was never filed
    is_talk: bool = False
    group: UUID | None = None  # of the record
    is_adopted: bool = False  # the table that the address changes
    is_group: bool = False


@dataclass
class World:
    """The scene, and something of every kind in three branches."""

    scene: Scene
    things: dict[str, list[Thing]] = field(default_factory=dict)

    def put(self, names: set[str], *things: Thing) -> None:
        for name in names:
            self.things.setdefault(name, []).extend(things)

    def furnish(self) -> None:
        cast = self.scene.cast
        for organization in (
            cast.commission, cast.committee, cast.branch, cast.group, cast.other_group,
            cast.other_branch, cast.far_committee, cast.far_branch,
        ):  # fmt: skip
            is_group = organization.kind == Organization.Kind.GROUP
            thing = Thing((organization.pk,), organization.path, is_group=is_group)
            self.put(OF_ORGANIZATION, thing)
            if organization.kind in (Organization.Kind.COMMISSION, Organization.Kind.COMMITTEE):
                self.put(OF_GIVER, thing)
                self.put({"report-list"}, thing)
                month = replace(thing, args=(organization.pk, 2026, 2))
                self.put({*OF_REPORT, "report-receive"}, month)
            self.put({"overview-course"}, replace(thing, args=(organization.pk, 2026)))
            tables = replace(thing, args=(organization.pk, "members"))
            self.put({"import-template", "import-export"}, tables)
            robot = Channel.objects.create(
                organization=organization, tool=Channel.Tool.WECOM, host="example.org",
                target="https://example.org/send?key=abcdef123456", verified_at=AT, made_at=AT,
            )  # fmt: skip
            self.put(OF_ROBOT, Thing((robot.pk,), organization.path))
        lower = found_organization(  # whose report somebody of the cast receives
            name="机关党总支", short_name="党总支", kind=Organization.Kind.GENERAL_BRANCH,
            parent=cast.committee, founded_on=date(2015, 1, 1), by=None, at=AT,
        )  # fmt: skip
        self.put({*OF_REPORT, "report-receive"}, Thing((lower.pk, 2026, 2), lower.path))
        self.furnish_themes()
        self.furnish_assignments()
        for grant in Grant.objects.select_related("organization").order_by("organization__path"):
            self.put({"grant-revoke"}, Thing((grant.pk,), grant.organization.path))
            self.put(OF_ACCOUNT, Thing((grant.person_id,), grant.organization.path))
        for organization in (
            cast.commission, cast.committee, cast.branch, cast.other_branch, cast.far_branch,
        ):  # fmt: skip
            self.furnish_case(organization, cast.deputy)
        writers = (
            (cast.branch, cast.secretary), (cast.other_branch, cast.neighbour),
            (cast.far_branch, cast.stranger),
        )  # fmt: skip
        for branch, writer in writers:
            self.furnish_branch(branch, writer)
        self.furnish_texts()
        ones = list(cast.members)
        for group in (cast.group, cast.other_group):
            content = self.content(ones, activities=(Activity.GROUP_MEETING,), group=str(group.pk))
            self.furnish_record(cast.branch, cast.secretary, content, group=group.pk)
            self.furnish_record(cast.branch, cast.secretary, content, group=group.pk, is_filed=True)

    def furnish_themes(self) -> None:
        """One of the committee, one of a branch, one of the far committee, as each sees it."""
        cast = self.scene.cast
        for owner, by, seen in (
            (cast.committee, cast.office, (cast.committee, cast.branch, cast.other_branch)),
            (cast.branch, cast.secretary, (cast.branch,)),
            (cast.far_committee, cast.far_office, (cast.far_committee, cast.far_branch)),
        ):
            theme = begin_theme(
                organization=owner, title=f"{owner.short_name}专题", text="每季度至少学习一次。",
                since=date(2026, 1, 1), by=by, at=AT,
            )  # fmt: skip
            self.put(KEPT_THEME, Thing((theme.pk,), owner.path))
            for organization in seen:
                self.put(OF_THEME, Thing((organization.pk, theme.pk), organization.path))

    def furnish_assignments(self) -> None:
        """One of each committee with the tasks of its branches."""
        cast = self.scene.cast
        for giver, by, branches in (
            (cast.committee, cast.office, (cast.branch, cast.other_branch)),
            (cast.far_committee, cast.far_office, (cast.far_branch,)),
        ):
            assignment = assign_task(
                organization=giver, title="排查安全隐患", text="", proof="", meeting="党委会议",
                due_on=date(2026, 4, 10), met_on=None, kinds=["branch"], chosen=(), by=by, at=AT,
            )  # fmt: skip
            spread_assignment(key=assignment.pk, at=AT)
            self.put(OF_ASSIGNMENT, Thing((assignment.pk,), giver.path))
            for branch in branches:
                task = Task.objects.get(assignment=assignment, organization=branch)
                self.put(OF_TASK, Thing((task.pk,), branch.path))

    def furnish_texts(self) -> None:
        """One of each committee, followed down to its branches, with a visit; and their drafts."""
        cast = self.scene.cast
        for organization, by, branches in (
            (cast.committee, cast.office, (cast.branch, cast.other_branch)),
            (cast.far_committee, cast.far_office, (cast.far_branch,)),
        ):
            for place in (organization, *branches):
                draft = draft_text(organization=place, draft=self.text_of(place), by=by, at=AT)
                self.put(OF_TEXT_DRAFT, Thing((draft.pk,), place.path))
            text = draft_text(
                organization=organization, draft=self.text_of(organization), by=by, at=AT
            )
            text = issue_text(text=text, revision=text.revision, by=by, at=AT)
            self.put(OF_TEXT, Thing((text.pk,), organization.path))
            for place in (organization, *branches):
                self.put(OF_TEXT_LEVEL, Thing((text.pk, place.pk), place.path))
            for branch in branches:
                old, other, *_ = Member.objects.filter(memberships__branch=branch).order_by("id")
                begin_spell(
                    member=old, branch=branch, kind=MemberSpell.Kind.INFIRM,
                    since=date(2026, 1, 1), by=by, at=AT,
                )  # fmt: skip
                self.put({"text-visit"}, Thing((text.pk, old.pk), branch.path))
                made = record_visit(
                    text=text, member=old, visitor=other, visited_on=AT.date(), by=by, at=AT
                )
                self.put({"text-visit-withdraw"}, Thing((made.pk,), branch.path))

    @staticmethod
    def text_of(organization: Organization) -> TextDraft:
        """A text for everybody at and below an organisation."""
        return TextDraft("关于学习的通知", "请认真学习。", (organization.pk,))

    def furnish_case(self, organization: Organization, person: Person) -> None:
        """Something that was said with a name, a while ago."""
        day = date(2026, 1, 8)
        case = Case.objects.create(
            organization=organization, about=About.TABLE, page="plan", state=CaseState.RECEIVED,
            opened_on=day, waiting_since=day, asked=1,
        )  # fmt: skip
        Feedback.objects.create(
            case=case, addressed_to=organization, text="安排表在手机上看不全", sent_on=day,
            digest=f"digest of {case.pk}", person=person, organization=self.scene.branch,
        )  # fmt: skip
        self.put({*OF_CASE, "feedback-take"}, Thing((case.pk,), organization.path))

    def furnish_branch(self, branch: Organization, writer: Person) -> None:
        path = branch.path
        thing = Thing((branch.pk,), path)
        self.put(OF_BRANCH, thing)
        self.put({"book", *BOOKS}, replace(thing, args=(branch.pk, 2026)))
        self.put({"overview-cell"}, replace(thing, args=(branch.pk, 2026, 3)))
        members = list(Member.objects.filter(memberships__branch=branch).order_by("id"))
        for member in (members[0], members[-1]):
            self.put(OF_MEMBER, Thing((member.pk,), path))
        at, since = AT, date(2026, 1, 1)
        if branch != self.scene.branch:
            appoint(
                member=members[0], organization=branch, office=Post.Office.SECRETARY, since=since,
                by=writer, at=at,
            )  # fmt: skip
        post = Post.objects.filter(organization=branch).first()
        assert post is not None
        self.put({"relieve"}, Thing((post.pk,), path))
        begin_spell(
            member=members[-1], branch=branch, kind=MemberSpell.Kind.values[0], since=since,
            by=writer, at=at,
        )  # fmt: skip
        spell = MemberSpell.objects.get(member=members[-1])
        self.put({"spell-end"}, Thing((spell.pk,), path))
        activist = enrol_activist(branch=branch, name="钱九明", since=since, by=writer, at=at)
        self.put({"activist-change"}, Thing((activist.pk,), path))
        own = OwnField.objects.create(
            organization=branch, about=OwnField.About.MEMBER, label="特长", since=since
        )
        self.put({"choices-end"}, Thing((own.pk,), path))
        asked = CorrectionRequest.objects.create(
            member=members[0], text="入党时间应为2005年7月1日", asked_at=at
        )
        self.put({"correction-answer"}, Thing((asked.pk,), path))
        held = start_import(
            organization=branch, kind=RosterImport.Kind.MEMBERS, content=ROSTER.encode(),
            file_name="名册.csv", effective_on=since, by=writer, at=at,
        )  # fmt: skip
        judge_import(held=held, at=at)
        self.put(OF_IMPORT, Thing((held.pk,), path))
        self.furnish_plan(branch, writer)
        self.furnish_records(branch, writer, members)

    def furnish_plan(self, branch: Organization, writer: Person) -> None:
        plan = Plan.objects.filter(branch=branch, year=2026).first()
        if plan is None:  # the neighbour's stays a draft, the far one's is adopted
            plan = draft_plan(branch=branch, year=2026, by=writer, at=AT)
            if branch == self.scene.cast.far_branch:
                plan = adopt_plan(plan=plan, revision=plan.revision, by=writer, at=AT)
        is_adopted = plan.state == Plan.State.ADOPTED
        line = plan.lines.first()
        assert line is not None
        self.put(OF_YEAR, Thing((branch.pk, 2026), branch.path, is_adopted=is_adopted))
        self.put(OF_LINE, Thing((line.pk,), branch.path, is_adopted=is_adopted))

    def content(self, ones: list[Member], **changes: Any) -> RecordContent:
        """Something that can be filed in the branch of these members."""
        full = [one for one in ones if one.full_on is not None]
        values: dict[str, Any] = {
            "presider": str(full[0].pk),
            "recorder": str(full[1].pk),
            "attendance": tuple(Attendance(member=str(one.pk), name=one.name) for one in full),
            "decisions": (Decision("通过年度工作计划", for_=len(full)),),
        }
        return self.scene.content(**{**values, **changes})

    def furnish_records(self, branch: Organization, writer: Person, members: list[Member]) -> None:
        meeting = self.content(members)
        talk = self.content(
            members, activities=(Activity.TALK,), topic="谈心谈话甲乙", decisions=()
        )
        for content in (meeting, talk):
            for is_filed in (True, False):
                self.furnish_record(branch, writer, content, is_filed=is_filed)
        seal = seal_branch(branch=branch, by=writer, at=AT)
        self.put({"seal-countersign"}, Thing((seal.pk,), branch.path))

    def furnish_record(
        self,
        branch: Organization,
        writer: Person,
        content: RecordContent,
        *,
        is_filed: bool = False,
        group: UUID | None = None,
    ) -> Record:
        """A record with a file, as a draft or filed."""
        record = start_record(branch=branch, by=writer, at=AT, draft=content)
        note = add_attachment(
            record=record, name="通知.pdf", stream=io.BytesIO(PDF), by=writer, at=AT
        )
        record.refresh_from_db()
        if is_filed:
            file_record(
                record=record, revision=record.revision, submission=uuid4(), by=writer, at=AT
            )  # fmt: skip
        thing = Thing(
            (record.pk,), branch.path, is_record=True, is_draft=not is_filed, group=group,
            is_talk=Activity.TALK in content.activities,
        )  # fmt: skip
        self.put(OF_FILED if is_filed else OF_DRAFT, thing)
        self.put({"attachment"}, replace(thing, args=(note.pk,)))
        return record

    def asked(self) -> Iterator[tuple[str, Verb, Thing]]:
        """Every address that wants a verb, with every object."""
        for name, verb in RIGHTS.items():
            if isinstance(verb, Verb):
                for thing in [Thing((), "")] if name in ANYWHERE else self.things.get(name, []):
                    yield name, verb, thing

    def people_who_may(self, name: str, verb: Verb, thing: Thing) -> list[Person]:
        """Everybody in the cast who may write there."""
        people = self.scene.cast.people().values()
        return [one for one in people if may(one, name, verb, thing, writes=True)]


def make_world() -> World:
    """The scene, furnished."""
    held.cache_clear()
    made = World(make_scene())
    made.furnish()
    return made


@cache
def held(person: Person) -> Reach:
    """How far somebody reaches, asked for once."""
    return reach_of(person, AT)


def may(person: Person, name: str, verb: Verb, thing: Thing, *, writes: bool) -> bool:
    """What the table of roles says."""
    reach = held(person)
    if name in ANYWHERE:
        return reach.has(verb)
    if name in ALSO_KEPT and reach.may(Verb.KEEP_THEME, thing.path):
        return True
    if name in OF_VISIT:  # a group's leader writes down meetings of the group, and no visits
        reach = _without_leaders(reach)
    return reach.may(verb, thing.path) and _narrower(reach, name, verb, thing, writes=writes)


def _narrower(reach: Reach, name: str, verb: Verb, thing: Thing, *, writes: bool) -> bool:
    """Where the right on the branch alone is not enough."""
    if name in NOT_OF_GROUPS and thing.is_group:
        return False
    if name in FROM_ABOVE:  # by the level above, of the highest by itself
        return reach.may(Verb.EDIT_ORGANIZATION, thing.path[:-4] or thing.path)
    if name in {"organization-dissolve", "organization-split", "report-receive"}:  # by it alone
        above = Verb.WRITE_REPORT if name == "report-receive" else Verb.EDIT_ORGANIZATION
        return bool(thing.path[:-4]) and reach.may(above, thing.path[:-4])
    if name in {*OF_CASE, "feedback-desk", "feedback-take"}:
        return _handles(reach, name, thing.path)
    if name == "import-export":  # every field, the personal ones too
        return reach.may(Verb.SEE_PERSONAL, thing.path)
    if name in AMENDS and thing.is_adopted and writes:
        return reach.may(Verb.ADOPT_PLAN, thing.path)
    if name in BOOKS:
        return _reads_talks(reach, thing.path)
    return not thing.is_record or _of_record(reach, verb, thing)


def _handles(reach: Reach, name: str, path: str) -> bool:
    """A level above does not look into a case; only from there may it be taken over."""
    holds = reach.with_verb(Verb.ANSWER_FEEDBACK)
    if name != "feedback-take":
        return any(hold.seat == path for hold in holds)
    return any(h.with_below and h.seat != path and path.startswith(h.seat) for h in holds)


def _of_record(reach: Reach, verb: Verb, thing: Thing) -> bool:
    """A draft is for those who could write it; a group's leader writes the own group's meetings."""
    writes_all = _without_leaders(reach).may(Verb.DRAFT_RECORD, thing.path)
    is_theirs = writes_all or thing.group in reach.groups(thing.path)
    if thing.is_draft and not is_theirs:
        return False
    is_writer = reach.may(Verb.DRAFT_RECORD, thing.path)
    if verb is not Verb.SEE_BRANCH and is_writer and not is_theirs:
        return False
    return not thing.is_talk or _reads_talks(reach, thing.path)


def _reads_talks(reach: Reach, path: str) -> bool:
    """Those who write all records of the branch, and those who look from above."""
    return _without_leaders(reach).may(Verb.DRAFT_RECORD, path) or any(
        hold.with_below and path != hold.path and path.startswith(hold.path)
        for hold in reach.with_verb(Verb.SEE_BRANCH)
    )


def _without_leaders(reach: Reach) -> Reach:
    return Reach(tuple(hold for hold in reach.holds if hold.role is not Role.GROUP_LEADER))


def state() -> dict[str, list[Any]]:
    """Every row of every table, but the sessions and that somebody signed in."""
    found = {}
    for model in apps.get_models():
        if model._meta.app_label != "sessions":
            columns = [f.attname for f in model._meta.concrete_fields if f.name != "last_login"]
            rows = model._default_manager.order_by("pk")
            if model is Entry:  # reading leaves a line, and is meant to
                rows = rows.exclude(Q(verb="sign_in") | Q(verb__regex="^(see|export)_"))
            found[model._meta.label] = list(rows.values_list(*columns))
    return found


def names() -> set[str]:
    """The name of every address of the project that is a page of ours."""
    found: set[str] = set()

    def walk(patterns: list[Any]) -> None:
        for each in patterns:
            if hasattr(each, "url_patterns"):
                walk(each.url_patterns)
            else:
                found.add(each.name)

    walk(get_resolver().url_patterns)
    return found
