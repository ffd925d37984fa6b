"""What an organisation chooses on pages: reminders, words, fields of its own; those below follow."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.urls import reverse
from tests.cast import Cast, client_of
from tests.web.record_story import make_table

from zhibu.ledger.models import Entry
from zhibu.org.choices import own_elements
from zhibu.org.models import Organization, OwnField
from zhibu.plans.facts import standing_of
from zhibu.rules.contents import RecordContent
from zhibu.rules.elements import judge_elements
from zhibu.rules.norm import Element
from zhibu.rules.verdicts import Severity

pytestmark = pytest.mark.django_db


def choose(cast: Cast, person: Any, organization: Organization, **given: str) -> Any:
    sent = {"soon_days": "7", "B": "", "T": "", "X": "", **given}
    return client_of(person).post(reverse("choices", args=(organization.pk,)), sent)


def add(person: Any, organization: Organization, **given: str) -> Any:
    sent = {"about": "record", "label": "学习原文篇目", "since": "2026-01-01", **given}
    return client_of(person).post(reverse("choices-add", args=(organization.pk,)), sent)


def test_a_choice_goes_down_to_those_who_chose_nothing_else(cast: Cast) -> None:
    """The committee's choice holds for its branches but for the one that has chosen itself."""
    assert choose(cast, cast.neighbour, cast.other_branch, soon_days="3").status_code == 302
    assert (
        choose(cast, cast.office, cast.committee, soon_days="15", B="规定动作").status_code == 302
    )
    for organization, days in (
        (cast.committee, 15), (cast.branch, 15), (cast.other_branch, 3), (cast.far_branch, 7)
    ):  # fmt: skip
        organization.refresh_from_db()
        assert organization.soon_days == days
    assert cast.branch.class_labels == {"B": "规定动作"}
    assert Entry.objects.filter(verb="choose").count() == 2


def test_a_line_is_due_soon_as_early_as_was_chosen(cast: Cast) -> None:
    """On page and in the overview by the same measure."""
    plan = make_table(cast)
    line = plan.lines.filter(due_on=date(2026, 3, 31)).select_related("branch").first()
    assert line is not None
    assert standing_of(line, date(2026, 3, 12)).state != "due_soon"
    choose(cast, cast.office, cast.committee, soon_days="20", B="规定动作")
    line = plan.lines.select_related("branch").get(pk=line.pk)
    assert standing_of(line, date(2026, 3, 12)).state == "due_soon"
    overview = client_of(cast.office).get(reverse("overview", args=(cast.committee.pk,)))
    assert overview.context["page"].total.cell.due_soon > 0
    assert "20天内到期" in overview.content.decode()
    assert "B（规定动作）" in overview.content.decode()
    table = client_of(cast.secretary).get(reverse("plan", args=(cast.branch.pk, 2026)))
    assert "规定动作" in table.content.decode()


@pytest.mark.parametrize(
    "given",
    [{"soon_days": "0"}, {"soon_days": "61"}, {"soon_days": "几"}, {"B": "太长的名称太长了吧"}],
)
def test_what_cannot_be_chosen_is_told(cast: Cast, given: dict[str, str]) -> None:
    """Beside the field, and nothing changes."""
    assert choose(cast, cast.office, cast.committee, **given).status_code == 422
    cast.committee.refresh_from_db()
    assert (cast.committee.soon_days, cast.committee.class_labels) == (7, {})


def test_a_field_of_ones_own_is_asked_for_judged_and_kept(cast: Cast) -> None:
    """A required field of the committee is in the branch's form and missing until it is filled."""
    make_table(cast)
    assert add(cast.office, cast.committee, is_required="on").status_code == 302
    field = OwnField.objects.get()
    (element,) = own_elements(cast.branch, date(2026, 3, 12))
    assert (element.key, element.severity) == (field.key, Severity.ERROR)
    client = client_of(cast.secretary)
    started = client.post(
        reverse("record-new", args=(cast.branch.pk,)),
        {"activities": ["members_meeting"], "day": "2026-03-10"},
    )
    form = client.get(started["Location"]).content.decode()
    assert "学习原文篇目" in form
    assert f"element-{field.key}" in form


def test_own_elements_are_judged_by_no_article() -> None:
    """Missing where required, a note where not; the norm's article is not theirs."""
    own = (Element("own_a", "篇目"), Element("own_b", "备注", Severity.NOTE))
    verdicts = {v.subject: v for v in judge_elements(RecordContent(), (), own)}
    assert verdicts["elements.own_a"].severity is Severity.ERROR
    assert verdicts["elements.own_b"].severity is Severity.NOTE
    assert verdicts["elements.own_a"].article is None
    filled = RecordContent(elements={"own_a": "条例全文", "own_b": "全体到会"})
    assert not list(judge_elements(filled, (), own))


def test_a_field_of_the_roster(cast: Cast) -> None:
    """Chosen from a list, shown to those who keep the roster, kept when the field has ended."""
    add(
        cast.office,
        cast.committee,
        about="member",
        label="政治面貌补充",
        options="民兵\n\n志愿者\n民兵",
    )
    field = OwnField.objects.get()
    assert field.options == ["民兵", "志愿者"]
    member = cast.members[0]
    address = reverse("member-edit", args=(member.pk,))
    given = {"name": member.name, "joined_on": "2005-07-01", "full_on": "2006-07-01"}
    wrong = client_of(cast.secretary).post(address, {**given, field.key: "飞行员"})
    assert wrong.status_code == 422
    assert (
        client_of(cast.secretary).post(address, {**given, field.key: "志愿者"}).status_code == 302
    )
    shown = reverse("member", args=(member.pk,))
    assert "志愿者" in client_of(cast.secretary).get(shown).content.decode()
    assert "志愿者" not in client_of(cast.deputy).get(shown).content.decode()
    end = reverse("choices-end", args=(field.pk,))
    assert client_of(cast.secretary).post(end, {"until": "2026-03-12"}).status_code == 404
    assert client_of(cast.office).post(end, {"until": "2025-03-12"}).status_code == 422
    assert client_of(cast.office).post(end, {"until": "2026-03-11"}).status_code == 302
    assert client_of(cast.secretary).post(address, given).status_code == 302
    assert "志愿者" in client_of(cast.secretary).get(shown).content.decode()


def test_the_same_name_twice_is_refused(cast: Cast) -> None:
    """Also when the level above has it."""
    add(cast.office, cast.committee)
    again = add(cast.secretary, cast.branch)
    assert again.status_code == 422
    assert "已经有名为" in again.content.decode()
    assert "学习原文篇目" in again.content.decode()


def test_only_those_who_may_edit(cast: Cast) -> None:
    """Nobody else finds the pages."""
    for person in (cast.member, cast.deputy, cast.stranger, cast.far_office, cast.leader):
        for name in ("choices", "choices-add"):
            address = reverse(name, args=(cast.branch.pk,))
            assert client_of(person).get(address).status_code == 404
            assert client_of(person).post(address, {}).status_code == 404
